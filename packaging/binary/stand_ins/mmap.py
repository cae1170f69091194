"""In place of `mmap`, which rich's progress of reading a file can write into: nothing here reads one so."""

from __future__ import annotations


class mmap:  # noqa: N801  # the name that it has there
    """No memory at all."""

    def __init__(self, *_what: object) -> None:
        raise NotImplementedError("there is no mapped memory in the single file")
