"""What holds for every answer of a fleet's engine."""

from __future__ import annotations

from typing import Any

from vsphere_session.clock import Clock, Deadline
from vsphere_session.fleet.engine import EngineError
from vsphere_session.fleet.redis_place import parse_place
from vsphere_session.fleet.redis_refusals import meaning
from vsphere_session.fleet.redis_wire import (
    MAX_BULK_BYTES,
    MAX_DEPTH,
    MAX_ELEMENTS,
    GarbledError,
    LostError,
    RefusedError,
    Wire,
)

REFUSALS = (GarbledError, LostError)
_PLACE = parse_place("unix:///socket")


class Given:
    """A connection on which these bytes come, in parts of at most `part`, and then it is closed."""

    def __init__(self, data: bytes, part: int = 7) -> None:
        self._data = data
        self._part = part

    def settimeout(self, seconds: float | None, /) -> None:
        """All is there already."""

    def sendall(self, data: bytes, /) -> None:
        """Nobody listens."""

    def recv(self, size: int, /) -> bytes:
        """The next part."""
        part, self._data = self._data[: min(size, self._part)], self._data[min(size, self._part) :]
        return part

    def close(self) -> None:
        """Nothing to close."""


def parse_answer(data: bytes, part: int = 0) -> Any:
    """The first answer in it."""
    wire = Wire(Given(data, part or max(7, len(data) // 3)), "", "")
    deadline = Deadline(30.0, Clock())
    wire.log_in(deadline)
    wire.guarded.grant(deadline)
    try:
        return wire.answer()
    finally:
        wire.hang_up()


def check_answer(_data: bytes, answer: Any) -> None:
    """It is within the limits, the same when it is read again, and an error can be shown."""
    assert _elements(answer, 0) <= MAX_ELEMENTS
    if isinstance(answer, RefusedError):
        error = meaning(answer, _PLACE, "hunter2")
        assert not isinstance(error, EngineError) or (str(error).isprintable() and "hunter2" not in str(error))
    else:
        assert _same(parse_answer(_written(answer), 1 << 20), answer)


def _elements(value: Any, depth: int) -> int:
    if not isinstance(value, list):
        assert value is None or isinstance(value, (int, RefusedError)) or len(value) <= MAX_BULK_BYTES
        return 1
    assert depth < MAX_DEPTH
    return 1 + sum(_elements(element, depth + 1) for element in value)


def _written(value: Any) -> bytes:
    match value:
        case None:
            return b"$-1\r\n"
        case RefusedError():
            return b"-" + value.text.encode() + b"\r\n"
        case int():
            return b":%d\r\n" % value
        case bytes():
            return b"$%d\r\n%b\r\n" % (len(value), value)
    return b"*%d\r\n" % len(value) + b"".join(map(_written, value))


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, RefusedError) and isinstance(other, RefusedError):
        return one.text == other.text
    return bool(one == other)
