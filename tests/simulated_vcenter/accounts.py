"""The accounts of the simulated vCenter: passwords, and the many spellings of one user's name."""

from __future__ import annotations

from collections.abc import Mapping

Reported = Mapping[str, str | tuple[str, str]]
"""By the name in a login: under which name both APIs report that account, or SOAP and REST each."""


class Accounts:
    r"""Who may log in, and under which name each API reports them.

    vCenter takes `name@domain`, `DOMAIN\name` and any case for the same account. SOAP reports
    `DOMAIN\\name` with the domain in upper case, REST the fully qualified `name@DOMAIN`; an account
    without a domain (`root` on ESXi) is reported as it is. `reported_names` overrides both, by one name or by
    SOAP's and REST's: where the suffix of `name@suffix` is not the domain's own, no rule leads from one to the other.
    """

    def __init__(self, passwords: Mapping[str, str], reported_names: Reported | None = None) -> None:
        self._passwords = dict(passwords)
        self._names = {_folded(name): name for name in passwords}
        self._reported = {
            _folded(name): (told, told) if isinstance(told, str) else told
            for name, told in (reported_names or {}).items()
        }

    def check(self, name: str, password: str) -> str | None:
        """Return the account's configured name if the password is right, else None."""
        account = self._names.get(_folded(name))
        if account is None or not password or self._passwords[account] != password:
            return None
        return account

    def known(self, name: str) -> str:
        """Return the account's configured name, or the name itself if nobody has it here (a program with a token)."""
        return self._names.get(_folded(name), name)

    def set_password(self, name: str, password: str) -> None:
        """Add an account or change its password; its sessions live on, as on a real vCenter."""
        account = self._names.setdefault(_folded(name), name)
        self._passwords[account] = password

    def soap_name(self, account: str) -> str:
        """Return the userName of this account's UserSession."""
        user, at, domain = account.rpartition("@")
        plain = f"{domain.upper()}\\{user}" if at else account
        return self._reported.get(_folded(account), (plain, plain))[0]

    def rest_name(self, account: str) -> str:
        """Return the user of this account's REST session."""
        user, at, domain = account.rpartition("@")
        plain = f"{user}@{domain.upper()}" if at else account
        return self._reported.get(_folded(account), (plain, plain))[1]


def _folded(name: str) -> str:
    domain, backslash, user = name.partition("\\")
    return (f"{user}@{domain}" if backslash else name).casefold()
