r"""Whose session it is. On the fast path.

govmomi does not look (docs/cache.md, rows a and b): a token login and a password login share a file, and where the URL
has no user name all of them do.

Where a server calls a user by a name that does not follow from the one that was asked for (`svc@ad.example.com` and
`EXAMPLE\svc`: the UPN suffix need not be the domain's), only a login can show that both are one. What logins have shown
is `proven` here: the names that the server has for the user of this cache key (see `Record.proven`).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from vsphere_session.cache.record import Known
    from vsphere_session.vsphere.identity import Identity

_CUSTOM, _PASSWORD = "custom:", "password:"
ADOPTED = "adopted"
"""What the record says of a session that somebody has stored; of one that govc has made it says nothing."""


def login_record(method: str, whom: str) -> str:
    """What the record says of a login by this method (see `login/`) for this user."""
    return f"{method}:{whom}"


def made_for(known: Known | None, username: str, login: str, proven: Collection[str] = ()) -> bool:
    """Whether the record lets a session be used by `username`, who would log in as `login` says (see `login_record`).

    username  the URL's, may be empty

    One that govc has made, or that somebody has stored, was made for the user of this key: it will do for who logs in by
    a password, and for who names that user. One that was made in another way will do for nobody else; but one by a
    Python caller's own callable for a user is as good as one by that user's password.
    """
    was = known.login if known is not None else ""
    if login.startswith(_CUSTOM):
        if known is None or was != login:
            return False
        return login != _CUSTOM or (bool(username) and is_called(username, known.username, proven))
    if not login.startswith(_PASSWORD):
        return was == login or (not _tells(was) and bool(username) and not is_anothers(known, username, proven))
    if was.startswith(_CUSTOM):
        return bool(username) and known is not None and is_called(username, known.username, proven)
    return (not _tells(was) or was.startswith(_PASSWORD)) and not is_anothers(known, username, proven)


def _tells(login: str) -> bool:
    """Whether the record tells by which method a session was made: not of one that this program has not made, nor where it is damaged."""
    return ":" in login or "#" in login


def is_anothers(known: Known | None, username: str, proven: Collection[str] = ()) -> bool:
    """Whether the record says that somebody else than `username` has this session: file and record were put there by hand."""
    if known is None or known.login.startswith(_CUSTOM):
        return False
    if known.login.startswith(_PASSWORD):
        return known.login != login_record("password", username)
    return bool(username and known.username) and not is_called(username, known.username, proven)


def is_owner(identity: Identity, known: Known | None, username: str, proven: Collection[str] = ()) -> bool:
    """Whether the identity that the server reports is the one that the session was made for."""
    if known is not None and known.username:
        return known.username == identity.username
    return not username or is_called(username, identity.username, proven)


def is_called(username: str, reported: str, proven: Collection[str]) -> bool:
    """Whether `reported` is what the server calls `username`: by its spelling, or since a login has shown it.

    Of a name that was shown only the way to write it may differ: another domain is another user.
    """
    return same_principal(username, reported) or any(_split(name) == _split(reported) for name in proven)


def same_principal(asked: str, reported: str) -> bool:
    r"""Whether the identity that the server reports can be the user name that was asked for.

    Servers spell it their own way: `administrator@vsphere.local` comes back as `VSPHERE.LOCAL\Administrator`,
    `user@dom.example.com` as `DOM\user`. A missing domain matches any; case never counts.
    """
    if asked.casefold() == reported.casefold():
        return True
    if not asked.isprintable():
        from vsphere_session.vsphere.identity import cleaned  # noqa: PLC0415  # few are called so

        asked = cleaned(asked)  # as the server's word has been
    asked_user, asked_domain = _split(asked)
    reported_user, reported_domain = _split(reported)
    if asked_user != reported_user:
        return False
    if not asked_domain or not reported_domain:
        return True
    return asked_domain == reported_domain or asked_domain.partition(".")[0] == reported_domain.partition(".")[0]


def _split(name: str) -> tuple[str, str]:
    domain, backslash, user = name.casefold().partition("\\")
    if backslash:
        return user, domain
    user, at, domain = name.casefold().rpartition("@")
    return (user, domain) if at else (name.casefold(), "")
