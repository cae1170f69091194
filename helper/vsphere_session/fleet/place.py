"""One document of a fleet, as a runner works on it: read, changed if it is still the one that was read, waited for."""

from __future__ import annotations

import os
from random import random
from typing import TYPE_CHECKING, Generic, TypeVar

from vsphere_session.errors import BusyError, UnsupportedError
from vsphere_session.fleet.engine import ConflictError, EngineError, Seen, UnknownError
from vsphere_session.fleet.fields import BrokenError, NewerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.clock import Clock, Deadline
    from vsphere_session.fleet.contents import Lease
    from vsphere_session.fleet.engine import Engine

D = TypeVar("D")

KEEP = 26 * 3600.0
"""Seconds for which an engine keeps a document that nobody replaces: longer than any session lives."""
_SPREAD = 0.25
"""Seconds over which those who have waited for the same lease come back, so that they do not come at once."""


class Place(Generic[D]):
    """The document of one name. Errors of the engine go through, but for those that can be answered by looking again.

    One that is broken counts as empty. Whatever reads raises UnsupportedError for one of a newer version, which stays as it is.

    read, written  how bytes become a document, and back
    what           what it is called in such an error
    """

    def __init__(
        self,
        engine: Engine,
        name: str,
        read: Callable[[bytes], D],
        written: Callable[[D], bytes],
        *,
        what: str,
        clock: Clock,
        deadline: Deadline,
    ) -> None:
        self.name = name
        self._what = what
        self._engine = engine
        self._read = read
        self._written = written
        self._clock = clock
        self._deadline = deadline
        self._seen = Seen(b"", b"", 0.0)
        self._seen_at = 0.0
        self._document: D | None = None

    @property
    def document(self) -> D:
        """As it was when the engine answered last; it is asked the first time."""
        return self.look() if self._document is None else self._document

    @property
    def seen(self) -> bool:
        """Whether the engine has answered."""
        return self._document is not None

    @property
    def now(self) -> float:
        """The engine's time: what it said last, and what has gone by here since."""
        return self._seen.now + (self._clock.monotonic() - self._seen_at)

    def look(self) -> D:
        """Ask for the document that is there now."""
        return self._note(self._engine.get(self.name))

    def change(self, event: Callable[[D, float], D | None]) -> bool:
        """Replace the document by what `event` makes of it at the engine's time; False if that is None.

        Whoever comes between has `event` applied to what they have left. Where the answer to a write is lost, the engine is
        asked what became of it; raises UnknownError where that is not to be had either.
        """
        document = self.document
        while True:
            wanted = event(document, self.now)
            if wanted is None:
                return False
            if wanted == document:
                return True
            data = self._written(wanted)
            try:
                seen = self._engine.put(self.name, self._seen.version, data, KEEP)
                self._note(Seen(seen.version, data, seen.now), wanted)
                return True
            except ConflictError as conflict:
                document = self._note(conflict.seen)
            except UnknownError as unknown:
                try:
                    document = self.look()
                except EngineError:
                    raise unknown from None
                if self._seen.data == data:
                    return True

    def take(
        self, taking: Callable[[D, float, str], tuple[D, Lease] | None], held: Callable[[D], Lease | None]
    ) -> Lease | None:
        """A lease of the document, as `taking` gives one under a new token; None where it gives none.

        One whose answer was lost is found by what is `held`.
        """
        token, lease = new_token(), None

        def event(document: D, now: float) -> D | None:
            nonlocal lease
            there = held(document)
            taken = (document, there) if there is not None and there.token == token else taking(document, now, token)
            lease = taken[1] if taken is not None else None
            return taken[0] if taken is not None else None

        self.change(event)
        return lease

    def wait(self, seconds: float) -> D:
        """Wait until another document is there, so many seconds at most, and return what is there then.

        Raises BusyError where the call's time is over.
        """
        left = self._deadline.remaining()
        if left <= 0:
            raise BusyError(
                f"another runner of the fleet was logging in for all of {self._deadline.seconds:g} s; try again, or allow more with --timeout"
            )
        self._engine.wait(self.name, self._seen.version, min(seconds + random() * _SPREAD, left))  # noqa: S311  # nosec B311  # no secret
        return self.look()

    def _note(self, seen: Seen, document: D | None = None) -> D:
        self._document = found = self._understood(seen.data) if document is None else document
        self._seen, self._seen_at = seen, self._clock.monotonic()
        return found

    def _understood(self, data: bytes) -> D:
        try:
            return self._read(data)
        except NewerError:
            raise UnsupportedError(
                f"{self._what} is of a newer version of this program; update this runner, nothing was changed"
            ) from None
        except BrokenError:
            return self._read(b"")


def new_token() -> str:
    """What tells one lease from all others."""
    return os.urandom(16).hex()
