"""A request that is there when its time is over: a busy machine may have kept the program from reading it, and not its caller."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator

import pytest

from vsphere_session.cli.streams import read_stdin
from vsphere_session.clock import Clock, Deadline
from vsphere_session.errors import InvalidRequestError

REQUEST = b'{"url": "vc.example.com"}' * 9000
"""More than one read has, and less than a pipe."""


@pytest.fixture
def stdin() -> Iterator[Callable[[bytes], int]]:
    """Put bytes on stdin, a pipe whose other end comes back."""
    before, ends = os.dup(0), list[int]()

    def put(data: bytes) -> int:
        reading, writing = os.pipe()
        os.dup2(reading, 0)
        os.close(reading)
        ends.append(writing)
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 1 << 20)
        os.write(writing, data)
        return writing

    yield put
    os.dup2(before, 0)
    os.close(before)
    for end in ends:
        try:
            os.close(end)
        except OSError:
            pass


def test_a_whole_request_is_read_though_the_time_is_over(stdin: Callable[[bytes], int]) -> None:
    os.close(stdin(REQUEST))
    assert read_stdin(Deadline(0.0, Clock()), "") == REQUEST


@pytest.mark.parametrize("there", [b"", b'{"url": '], ids=["nothing", "half"])
def test_one_that_has_not_ended_by_then_is_too_late(stdin: Callable[[bytes], int], there: bytes) -> None:
    stdin(there)
    with pytest.raises(InvalidRequestError, match="did not end within 0 s"):
        read_stdin(Deadline(0.0, Clock()), "")
