"""An engine whose every step a test may watch, stop or break; each runner has a door of its own to it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from simulated_vcenter import Clock
from vsphere_session.fleet.document import BrokenError, NewerError, read
from vsphere_session.fleet.engine import ConflictError, DeniedError, DownError, Facts, Seen, UnknownError

Step = Callable[[str, int], None]


class Store:
    """What all doors lead to. `clock` is the engine's own."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.documents: dict[str, tuple[bytes, bytes]] = {}
        self.calls: list[str] = []
        self._versions = 0
        self._ticks = 0
        self.changed = threading.Condition()

    def advance(self, seconds: float) -> None:
        """Let so many seconds go by; whoever waits has waited for as long."""
        with self.changed:
            self.clock.advance(seconds)
            self._ticks += 1
            self.changed.notify_all()

    def wait(self, over: Callable[[], bool]) -> bool:
        """Until that is so, or time goes by."""
        with self.changed:
            ticks = self._ticks
            self.changed.wait_for(lambda: over() or self._ticks != ticks, 60)
            return over()

    def forget(self) -> None:
        """Lose everything, as an engine does that keeps nothing on a disk and is started again."""
        with self.changed:
            self.documents.clear()
            self.changed.notify_all()

    def digests(self) -> set[str]:
        """Of all sessions that a document knows."""
        with self.changed:
            texts = [data for _, data in self.documents.values() if b'"marks"' not in data]
        found = []
        for data in texts:
            with contextlib.suppress(BrokenError, NewerError):
                found.append(read(data))
        handed_out = {entry.digest for document in found for entry in document.entries.values()}
        return handed_out | {aside.digest for document in found for aside in document.aside}

    def next_version(self) -> bytes:
        """One that never was."""
        self._versions += 1
        return str(self._versions).encode()


@dataclass
class Door:
    """One runner's way to the store.

    down     nobody answers
    denied   methods that this account may not call
    lost     how many answers to a `put` get lost after it was carried out
    before   called with each method's name and how often it has been called so far, before it is carried out
    """

    store: Store
    down: bool = False
    denied: Iterable[str] = ()
    lost: int = 0
    before: Step = lambda *_: None
    counts: dict[str, int] = field(default_factory=dict)

    def get(self, name: str) -> Seen:
        """As an engine does."""
        self._enter("get")
        with self.store.changed:
            return self._seen(name)

    def put(self, name: str, version: bytes, data: bytes, keep: float) -> Seen:
        """As an engine does."""
        assert keep > 0
        self._enter("put")
        with self.store.changed:
            seen = self._seen(name)
            if seen.version != version:
                raise ConflictError(seen)
            self.store.documents[name] = self.store.next_version(), data
            self.store.changed.notify_all()
            seen = self._seen(name)
        if self.lost > 0:
            self.lost -= 1
            raise UnknownError("the answer was lost")
        return seen

    def wait(self, name: str, version: bytes, seconds: float) -> bool:
        """As an engine does, by its own clock."""
        assert seconds > 0
        self._enter("wait")
        return self.store.wait(lambda: self.down or self._seen(name).version != version)

    def about(self) -> Facts:
        """Nothing that counts here."""
        return Facts(name="scripted")

    def close(self) -> None:
        """Nothing is open."""

    def _seen(self, name: str) -> Seen:
        version, data = self.store.documents.get(name, (b"", b""))
        return Seen(version, data, self.store.clock.now())

    def _enter(self, method: str) -> None:
        self.counts[method] = self.counts.get(method, 0) + 1
        self.before(method, self.counts[method])
        if self.down:
            raise DownError("nobody answers")
        if method in self.denied:
            raise DeniedError("NOPERM")
        self.store.calls.append(method)
