"""In place of `asyncio`: the names that `redis` has in its annotations and base classes. Nothing here runs in a loop."""

from __future__ import annotations


class IncompleteReadError(EOFError):
    """What only a stream of asyncio raises."""


class StreamReader:
    """No stream."""


class Lock:
    """No lock at all."""

    def __init__(self) -> None:
        raise NotImplementedError("there is no asyncio in the single file")
