"""The session of one kind that a program holds for as long as it runs: had when it is first used, renewed when it is over."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Generic, TypeVar

from vsphere_session.cache.clients import WireClient
from vsphere_session.cache.ending import log_out_quietly

if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.cache.session import Session
    from vsphere_session.cache.surroundings import Surroundings

C = TypeVar("C", bound=WireClient)


class Held(Generic[C]):
    """One kind's session. Threads may share it: one of them renews it, and the others wait and get that one.

    new   makes an empty client
    turn  the lock of the session, which both kinds share
    """

    def __init__(self, session: Session, around: Surroundings, new: Callable[[], C], turn: RLock) -> None:
        self._session = session
        self._around = around
        self._new = new
        self._turn = turn
        self._client: C | None = None
        self._owned: list[C] = []
        self._doubted = ""

    def good(self) -> C:
        """A client with a session that is good now. Raises as `Session.login` does."""
        with self._turn:
            if self._client is None or self._doubted == self._client.session_id or self._is_over(self._client):
                self._client = self._renewed(self._client)
            self._doubted = ""
            return self._client

    def doubt(self, session_id: str) -> None:
        """Have the server asked before this session is used again; empty for whichever it is."""
        with self._turn:
            if self._client is not None and session_id in ("", self._client.session_id):
                self._doubted = self._client.session_id

    def close(self) -> None:
        """Close the connection. The session is in the cache and lives on; one that is in no cache is ended."""
        with self._turn:
            if self._client is not None:
                self._client.close()
            self._client, self._doubted = None, ""
            while self._owned:
                client = self._owned.pop()
                if not log_out_quietly(client):
                    self._around.tell(f"a {client.kind.upper()} session outside the cache could not be ended")

    def _is_over(self, client: C) -> bool:
        """Whether a caller may no longer go on without asking: it may have idled out, or is too old."""
        known = client.known
        return known is None or self._around.clock.now() >= self._session.policy.expires_at(known)

    def _renewed(self, old: C | None) -> C:
        session = self._session
        own = session.passthrough or session.reauth  # nobody else has such a session, or could put another in its place
        if old is not None and own and self._lives(old):
            return old
        if old is not None and self._doubted and not session.passthrough:
            self._around.tell(f"the server has refused the {old.kind.upper()} session; it is asked about it")
            session.distrust(old.session_id)
        session.again()
        new = self._new()
        if session.passthrough:
            self._owned.append(new)
        session.login(new)
        new.close()
        if old is not None:
            old.close()
        if old is not None and session.passthrough and old in self._owned:
            self._owned.remove(old)
            log_out_quietly(old)
        return new

    def _lives(self, client: C) -> bool:
        with client:
            if client.confirm() is None:
                return False
        if client.known is None or self._session.policy.too_old(client.known, self._around.clock.now()):
            return False
        client.known.confirmed_at = self._around.clock.now()
        return True
