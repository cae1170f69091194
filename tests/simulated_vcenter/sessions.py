"""The table of sessions: who is logged in, since when, until when.

Pure bookkeeping: no sockets, no XML, the time comes from the clock it is given.
"""

from __future__ import annotations

import secrets
import threading
import uuid
from dataclasses import dataclass, replace
from typing import Literal

from simulated_vcenter.clock import Clock

Kind = Literal["soap", "rest", "unified"]


@dataclass(frozen=True, slots=True)
class Session:
    """One session, as it was at the moment of asking. Times are Unix seconds of the vCenter's clock."""

    kind: Kind
    id: str  # the secret: the cookie's value, or that of vmware-api-session-id
    key: str  # the name under which others may list and terminate it; opens nothing
    user: str  # the account's name as configured, whatever spelling the client used
    created: float
    last_active: float
    user_agent: str = ""
    ip_address: str = ""
    call_count: int = 0
    half_dead: bool = False
    locale: str = "en"
    extension: bool = False  # made by an extension's certificate
    ends: float | None = None  # with the token that made it, None if no token bounds it


class SessionLimitReached(Exception):  # noqa: N818  the field's own name for it
    """The user has as many sessions as the server allows; `limit` and `count` say how many."""

    def __init__(self, user: str, limit: int, count: int) -> None:
        super().__init__(f"User session count is limited to {limit}. Existing session count is {count} for user {user}")
        self.user, self.limit, self.count = user, limit, count


class SessionTable:
    """All live sessions.

    A session idle for longer than `idle_limit` seconds, or `age_limit` seconds old, is gone.
    `limit` counts per user and kind: SOAP and REST have a pool each, and share one when `unified`.
    `most` is how many there have been at once.
    Safe to use from several threads.
    """

    def __init__(self, clock: Clock, *, idle_limit: float, age_limit: float, limit: int | None, unified: bool) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._sessions: dict[str, Session] = {}
        self.most = 0
        self.idle_limit, self.age_limit, self.limit, self.unified = idle_limit, age_limit, limit, unified

    def open(
        self,
        user: str,
        kind: Kind,
        *,
        user_agent: str = "",
        ip_address: str = "",
        locale: str = "en",
        extension: bool = False,
        ends: float | None = None,
        idle: float = 0.0,
    ) -> Session:
        """Open a session of this user, as of `idle` seconds ago; raises SessionLimitReached."""
        kind = "unified" if self.unified else kind
        with self._lock:
            same = (session for session in self._sessions.values() if (session.user, session.kind) == (user, kind))
            count = 0 if self.limit is None else sum(not self._is_over(session) for session in same)
            if self.limit is not None and count >= self.limit:
                raise SessionLimitReached(user, self.limit, count)
            now = self._clock.now() - idle
            # 40 and 32 hex digits: what vCenter hands out, so that a client assuming one length is found out.
            secret = secrets.token_hex(16 if kind == "rest" else 20)
            session = Session(kind, secret, str(uuid.uuid4()), user, now, now, user_agent, ip_address)
            session = replace(session, locale=locale, extension=extension, ends=ends)
            self._sessions[secret] = session
            self.most = max(self.most, len(self._sessions))
            return session

    def find(self, secret: str, kind: Kind) -> Session | None:
        """Return the live session with this id, if it may be used for this kind of request."""
        with self._lock:
            session = self._sessions.get(secret)
            if session is None or self._is_over(session):
                return None
            return session if session.kind in {kind, "unified"} else None

    def touch(self, secret: str) -> Session | None:
        """Count one request of this session and start its idle time anew."""
        with self._lock:
            session = self._sessions.get(secret)
            if session is None or self._is_over(session):
                return None
            touched = replace(session, last_active=self._clock.now(), call_count=session.call_count + 1)
            self._sessions[secret] = touched
            return touched

    def close(self, secret: str) -> bool:
        """End the session with this id; False if there is none."""
        with self._lock:
            return self._sessions.pop(secret, None) is not None

    def close_by_key(self, key: str) -> bool:
        """End the session with this key; False if there is none."""
        with self._lock:
            secret = next((session.id for session in self.live() if session.key == key), "")
            return self.close(secret)

    def close_all(self) -> None:
        """End every session."""
        with self._lock:
            self._sessions.clear()

    def half_kill(self, on: bool) -> None:
        """Make all sessions of this moment half-dead, or well again."""
        with self._lock:
            self._sessions = {secret: replace(session, half_dead=on) for secret, session in self._sessions.items()}

    def live(self) -> list[Session]:
        """All sessions that have not expired, oldest first."""
        with self._lock:
            for secret in [session.id for session in self._sessions.values() if self._is_over(session)]:
                del self._sessions[secret]
            return list(self._sessions.values())

    def _is_over(self, session: Session) -> bool:
        now = self._clock.now()
        if session.ends is not None and now >= session.ends:
            return True
        return now - session.last_active > self.idle_limit or now - session.created >= self.age_limit
