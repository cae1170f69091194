"""As another user, whose session an administrator makes: `SessionManager.ImpersonateUser`.

The administrator's session turns into the other user's, by a new id where the server gives one; then the old one is ended.
It takes the privilege Sessions.ImpersonateUser, and servers do it only for a user who has a session already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.errors import InvalidRequestError, LoginRefusedError, NotFoundError, SessionError
from vsphere_session.login.method import LoginMethod
from vsphere_session.vsphere.soap import SoapWire, call_of, in_locale
from vsphere_session.vsphere.xml import escape_xml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vsphere_session.login.ground import Ground
    from vsphere_session.login.method import Client, Made
    from vsphere_session.login.values import Values
    from vsphere_session.vsphere.identity import Identity


def method(ground: Ground, values: Values) -> LoginMethod:
    """As the settings say: `impersonate` is the other user."""
    return Impersonation(ground, values.needed("impersonate", "the user whose session it is to be"))


class Impersonation(LoginMethod):
    """Logs in by an administrator's password, as somebody else."""

    name = "impersonate"
    kinds = ("soap",)

    def __init__(self, ground: Ground, target: str) -> None:
        self.whom = target
        self._ground = ground
        self._password = ground.password() or ""
        self.ended: list[str] = []

    def tries(self, kind: str) -> tuple[str, str] | None:
        """The administrator's password."""
        return (kind, self._password) if self._password else None

    def obtain(self, _client: Client) -> None:
        """Nothing but to see that there is an administrator's login."""
        if not self._ground.account:
            raise InvalidRequestError(
                f"to act as {self.whom} takes the login of an administrator; give its username, and store the password once"
            )
        if not self._password:
            raise NotFoundError(
                f"there is no password of {self._ground.account}, who is to act as {self.whom}; give one, or store it once: vsphere-session store"
            )

    def log_in(self, client: Client) -> Identity | None:
        """As LoginMethod says."""

        def request(wire: SoapWire, content: Mapping[str, object], made: Made) -> Identity:
            wire.login(content, self._ground.account, self._password, made, self._ground.locale)
            own = wire.session_id
            name = f"<userName>{escape_xml(self.whom)}</userName>{in_locale(self._ground.locale)}"
            try:
                return wire.begin(call_of(content, "ImpersonateUser", name), made)
            except LoginRefusedError as refused:
                raise _refused(wire.transport.endpoint.place, self.whom, self._ground.account, refused) from None
            finally:
                if wire.session_id != own and _end(wire, own, content):
                    self.ended.append(own)

        return client.log_in_by(request)  # type: ignore[attr-defined,no-any-return]  # it has no other kind


def _refused(place: str, target: str, account: str, refused: LoginRefusedError) -> LoginRefusedError:
    if refused.of_credential:
        why = f"{target} is not known there, or has no session; spell the name as the server does, and let {target} log in first"
    else:
        why = "that takes the privilege Sessions.ImpersonateUser at the root of the inventory; add a role that has it"
    return LoginRefusedError(f"{place} does not let {account} act as {target}: {why}")


def _end(wire: SoapWire, session_id: str, content: Mapping[str, object]) -> bool:
    """End the administrator's own session, should it live on, and say whether that went well."""
    try:
        SoapWire(wire.transport, session_id, quoted=wire.quoted).logout(content)
    except SessionError:
        return False
    return True
