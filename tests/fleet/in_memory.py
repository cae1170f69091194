"""An engine in this process, with the faults that one may have, switched by a test."""

from __future__ import annotations

import enum
import itertools
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

from vsphere_session.clock import Clock
from vsphere_session.fleet.engine import (
    MAX_DOCUMENT_BYTES,
    ConflictError,
    DeniedError,
    DownError,
    Facts,
    Seen,
    TooBigError,
    UnknownError,
)

_LOOK_AGAIN = 0.01


class Fault(enum.Enum):
    """What goes wrong with a call."""

    DOWN = "the engine cannot be asked"
    UNKNOWN_BEFORE = "a put is lost on its way there: nothing is written"
    UNKNOWN_AFTER = "the answer to a put is lost on its way back: it is written"


@dataclass
class _Entry:
    version: bytes
    data: bytes
    until: float


class Memory:
    """The documents, for the engines of any number of runners, which may be threads.

    With a `clock` its `now` is the engine's time, and waiting is its `sleep`; without one waiters are woken.

    fault   the one of every call from here on, None for none; of `faults`, that of the next calls, which come first
    before  called before each call with its verb and name, so that a test can do something in between
    step    seconds in which the engine's clock counts
    offset  seconds by which its clock is off
    """

    def __init__(self, clock: Clock | None = None, *, step: float = 0.0) -> None:
        self._clock = clock or Clock()
        self._wakes = clock is None
        self._documents: dict[str, _Entry] = {}
        self._versions = itertools.count(1)  # goes on, whatever is forgotten
        self._changed = threading.Condition()
        self.fault: Fault | None = None
        self.faults: list[Fault | None] = []
        self.before: Callable[[str, str], None] = lambda _verb, _name: None
        self.step = step
        self.offset = 0.0

    def engine(self, *, may_write: bool = True, namespace: str = "") -> MemoryEngine:
        """One for a runner, whose names begin with `namespace`."""
        return MemoryEngine(self, may_write=may_write, namespace=namespace)

    def forget(self) -> None:
        """Everything, as after a restart without a disk."""
        with self._changed:
            self._documents.clear()
            self._changed.notify_all()

    def get(self, name: str) -> Seen:
        """What is there, and not over."""
        with self._changed:
            now = self.now()
            entry = self._documents.get(name)
            if entry is None or entry.until <= self._clock.monotonic():
                return Seen(b"", b"", now)
            return Seen(entry.version, entry.data, now)

    def put(self, name: str, version: bytes, data: bytes, keep: float) -> Seen:
        """Raises ConflictError."""
        with self._changed:
            seen = self.get(name)
            if seen.version != version:
                raise ConflictError(seen)
            new = b"%d" % next(self._versions)
            self._documents[name] = _Entry(new, data, self._clock.monotonic() + keep)
            self._changed.notify_all()
            return Seen(new, data, seen.now)

    def wait(self, name: str, version: bytes, seconds: float, check: Callable[[], None]) -> bool:
        """Whether it changes in time; `check` is called each time before it is looked."""
        until = self._clock.monotonic() + seconds
        while True:
            check()
            with self._changed:
                if self.get(name).version != version:
                    return True
                left = until - self._clock.monotonic()
                if left <= 0:
                    return False
                if self._wakes:
                    self._changed.wait(min(left, 1.0))
                    continue
            self._clock.sleep(min(left, _LOOK_AGAIN))

    def now(self) -> float:
        """The engine's time."""
        now = self._clock.now() + self.offset
        return math.floor(now / self.step) * self.step if self.step else now

    def next_fault(self) -> Fault | None:
        """That of a call which begins now."""
        return self.faults.pop(0) if self.faults else self.fault


class MemoryEngine:
    """As `Engine` has it."""

    def __init__(self, memory: Memory, *, may_write: bool, namespace: str) -> None:
        self._memory = memory
        self._may_write = may_write
        self._namespace = namespace

    def get(self, name: str) -> Seen:
        """As `Engine` has it."""
        self._begin("get", name)
        return self._memory.get(name)

    def put(self, name: str, version: bytes, data: bytes, keep: float) -> Seen:
        """As `Engine` has it."""
        if len(data) > MAX_DOCUMENT_BYTES:
            raise TooBigError("the document is too big")
        fault = self._begin("put", name)
        if not self._may_write:
            raise DeniedError("this account only reads")
        if fault is Fault.UNKNOWN_BEFORE:
            raise UnknownError("the answer was lost")
        try:
            seen = self._memory.put(name, version, data, keep)
        finally:
            if fault is Fault.UNKNOWN_AFTER:
                raise UnknownError("the answer was lost")
        return seen

    def wait(self, name: str, version: bytes, seconds: float) -> bool:
        """As `Engine` has it."""
        self._begin("wait", name)
        return self._memory.wait(name, version, seconds, self._check)

    def about(self) -> Facts:
        """As `Engine` has it."""
        self._begin("about", self._namespace)
        return Facts(name="memory", durable="no", eviction="noeviction", replicas=0, step=self._memory.step)

    def close(self) -> None:
        """There is nothing to give back."""

    def _begin(self, verb: str, name: str) -> Fault | None:
        self._memory.before(verb, name)
        fault = self._memory.next_fault()
        if fault is Fault.DOWN:
            raise DownError("the engine is down")
        if not name.startswith(self._namespace):
            raise DeniedError("the name is outside the namespace")
        return fault

    def _check(self) -> None:
        if self._memory.fault is Fault.DOWN:
            raise DownError("the engine is down")
