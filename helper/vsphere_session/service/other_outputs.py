"""What `get` gives in place of a session, only to who asks for it by its name: a clone ticket, or the stored login."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credential_protocol.messages import Answer
from vsphere_session.cache.clients import SoapClient
from vsphere_session.errors import InvalidRequestError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.cache.clients import WireClient
    from vsphere_session.cache.session import Session
    from vsphere_session.service.resolved import Resolved

    GoodSessions = Callable[[Session], tuple[list[WireClient], bool]]


def answer(asked: Resolved, good_sessions: GoodSessions) -> Answer:
    """As `output` says; `good_sessions` gives a client with a good session, and whether it was logged in. Raises as `get` does, and InvalidRequestError for a login that is not to be given away."""
    return _login(asked) if asked.settings.output == "login" else _clone_ticket(asked, good_sessions)


def _clone_ticket(asked: Resolved, good_sessions: GoodSessions) -> Answer:
    """A ticket for one further session of the same user, from the cached session, which has to live until it is used."""
    ticket, logged_in, session, client = None, False, asked.session(asked.user()), SoapClient()
    for _ in range(2):  # the session may have died within its trust window
        (found,), logged_in = good_sessions(session)
        assert isinstance(found, SoapClient)  # noqa: S101  # nosec B101  # no other kind is asked for
        client = found
        session.connect(client)
        with client:
            ticket = client.clone_ticket()
        if ticket is not None:
            break
        session.repository.record.distrust(client.session_id)
    if ticket is None:
        raise NotFoundError(f"{session.url.place} does not know the session that it has just made; try again")
    fields = {"url": session.endpoint().url, "username": client.username, "clone_ticket": ticket}
    return Answer({name: text for name, text in fields.items() if text} | {"source": "login" if logged_in else "cache"})


def _login(asked: Resolved) -> Answer:
    """User name and password out of the secret store, for a tool that takes nothing else."""
    settings, user = asked.settings, asked.user()
    place = settings.endpoint.place
    if not settings.hands_out_login:
        raise InvalidRequestError(
            f'the password of {place} is not given away: add hand_out_login = true under [endpoint."{place}"] in the configuration if it is to '
            "be, or ask for a session"
        )
    password = asked.stored_password(user) if user else None
    if password is None:
        raise NotFoundError(f"there is no stored login for {place}; store it once: vsphere-session store")
    return Answer({"url": settings.endpoint.with_user(user).url, "username": user, "password": password})
