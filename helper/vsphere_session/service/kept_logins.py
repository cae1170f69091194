"""The logins that are kept, for a person who wants them forgotten: passwords, and what ways to log in have kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.cache.session import Session
from vsphere_session.endpoint import parse_endpoint
from vsphere_session.service.stored_secrets import forget_kept, kept_users

if TYPE_CHECKING:
    from vsphere_session.service.call import Call


def kept_logins(call: Call, place: str, username: str) -> list[tuple[str, str]]:
    """Place and user of each login that is kept, of one `place` and one user where they are not empty. Raises StorageError."""
    found = dict.fromkeys(kept_users(call.logins("", call.around.begun()), place))
    return [(of, user) for of, user in found if place in ("", of) and username in ("", user)]


def forget_login(call: Call, place: str, username: str) -> None:
    """Forget one of them, and that it was refused, if it was. Raises StorageError, UnsupportedError, BusyError."""
    around = call.around.begun()
    logins = call.logins("", around)
    Session(parse_endpoint(place).with_user(username), surroundings=around).refusals.forget()
    forget_kept(logins, place, username)
    logins.delete(place, username)
