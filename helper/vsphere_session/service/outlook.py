"""What `get` would do for a request, without doing it: for a person who asks. Nothing is sent, and no secret is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vsphere_session.clock import rfc3339
from vsphere_session.errors import SessionError
from vsphere_session.service.verbs import new_client

if TYPE_CHECKING:
    from vsphere_session.cache.clients import WireClient
    from vsphere_session.cache.session import Session
    from vsphere_session.service.resolved import Resolved


@dataclass(frozen=True)
class Outlook:
    """What would be done for one kind of session.

    key    the text whose digest is the cache file's name
    file   the cache file
    does   `hand out`, `ask`, `ask the fleet`, `log in` or `fail`
    why    in words
    """

    kind: str
    key: str
    file: str
    does: str
    why: str


def outlook(asked: Resolved) -> list[Outlook]:
    """For each kind that is asked for. Raises StorageError, InvalidRequestError."""
    session = asked.session(asked.user())
    return [_of(asked, session, new_client(kind)) for kind in asked.settings.kinds]


def _of(asked: Resolved, session: Session, client: WireClient) -> Outlook:
    key = session.endpoint().key(client.path, insecure=session.insecure)
    file = session.repository.current_file(client.path)
    try:
        good, why = session.look(client)
    except SessionError as error:
        return Outlook(client.kind, key, file, "fail", error.message)
    known = client.known
    if good and known is not None:
        until = rfc3339(session.policy.trusted_until(known))
        return Outlook(
            client.kind,
            key,
            file,
            "hand out",
            f"the server confirmed it at {rfc3339(known.confirmed_at)}, and is not asked before {until}",
        )
    does, how = _login(asked)
    if session.fleet is not None and not session.passthrough:
        why = f"{why or 'there is no cached session'}; if no runner has one that lives, {how}"
        return Outlook(client.kind, key, file, "ask the fleet", why)
    if client.valid():
        return Outlook(client.kind, key, file, "ask", f"{why}; if it is dead, {how}")
    return Outlook(client.kind, key, file, does, f"{why or 'there is no cached session'}; {how}")


def _login(asked: Resolved) -> tuple[str, str]:
    """What a login would be made with, without looking into it."""
    settings, user = asked.settings, asked.user()
    if settings.login is not None and settings.login.name != "password":
        return "log in", f"a login by {settings.login.name} follows"
    if settings.password() is not None:
        return "log in", f"a login by the password from {settings.password_from} follows"
    if settings.login is not None and settings.login.values.text("password_command"):
        return "log in", "a login by the password that password_command prints follows"
    if user and user in asked.logins.users(asked.place):
        return "log in", f"a login by the password of {user} from the secret store follows"
    return "fail", "there is nothing to log in with: store a login (vsphere-session login), or name one"
