"""An engine whose answers are broken or meant to harm costs a bounded amount of time and memory, and an error."""

from __future__ import annotations

import pytest

from fleet.canned import canned
from fleet.kinds import KEEP
from fleet.test_refusals import engine_at
from vsphere_session.fleet.engine import DownError, UnknownError
from vsphere_session.fleet.redis_wire import (
    MAX_ANSWER_BYTES,
    MAX_BULK_BYTES,
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_LINE_BYTES,
)

NOW = b"*2\r\n$10\r\n1795774030\r\n$1\r\n0\r\n"


def entry(data: bytes, version: bytes = b"1-0", field: bytes = b"d") -> bytes:
    """What XREVRANGE answers."""
    inner = b"*2\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(field), field, len(data), data)
    return b"*1\r\n*2\r\n$%d\r\n%b\r\n%b" % (len(version), version, inner)


BROKEN = {
    "no type": b"?\r\n" * 2,
    "HTTP": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "a number that is none": b":x\r\n:y\r\n",
    "a length that is none": NOW + b"$x\r\n",
    "a negative length": NOW + b"$-5\r\nabc\r\n",
    "a gigabyte that is said": NOW + b"$1073741824\r\n",
    "a text that is too long": NOW + entry(b"x" * (MAX_BULK_BYTES + 1)),
    "a line that is too long": NOW + b"+" + b"x" * (MAX_LINE_BYTES + 1) + b"\r\n",
    "a line without an end": b"+" + b"x" * (MAX_ANSWER_BYTES + 1),
    "lists in lists": NOW + b"*1\r\n" * (MAX_DEPTH + 1) + b":1\r\n",
    "lists in lists without an end": b"*1\r\n" * 50_000,
    "a long list": NOW + b"*%d\r\n" % (MAX_ELEMENTS + 1) + b":1\r\n" * (MAX_ELEMENTS + 1),
    "a list of a billion": NOW + b"*1000000000\r\n" + b":1\r\n" * 1000,
    "no list": b":1\r\n:2\r\n",
    "no time": b"*2\r\n$1\r\nx\r\n$1\r\ny\r\n*0\r\n",
    "nothing where a list should be": NOW + b"*-1\r\n",
    "two documents": NOW + b"*2\r\n" + entry(b"a")[4:] + entry(b"b")[4:],
    "another's field": NOW + entry(b"a", field=b"x"),
    "a version that is none": NOW + entry(b"a", version=b"../1"),
    "a document that is a number": NOW + b"*1\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nd\r\n:1\r\n",
    "an error in a list": NOW + b"*1\r\n-ERR x\r\n",
    "it hangs up": b"",
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_a_broken_answer_is_an_engine_that_is_down(answer: bytes) -> None:
    """Of a put nobody knows, as it was sent."""
    with canned(answer) as server:
        engine = engine_at(server)
        with pytest.raises(DownError):
            engine.get("a")
        with pytest.raises(UnknownError):
            engine.put("a", b"", b"x", KEEP)
        with pytest.raises(DownError):
            engine.wait("a", b"", 1.0)
        assert sum(b"EVAL" in asked for asked in server.asked) == 1
        engine.close()


def test_an_answer_within_the_limits_is_taken() -> None:
    """However long, and in however many parts."""
    data = b"x" * MAX_BULK_BYTES
    with canned(NOW + entry(data)) as server:
        engine = engine_at(server)
        assert engine.get("a").data == data
        engine.close()


def test_what_nobody_asked_for_is_not_taken_for_the_next_answer() -> None:
    """The connection is given up, and the next question asked on a new one."""
    with canned(NOW + entry(b"mine") + NOW + entry(b"forged"), NOW + entry(b"mine")) as server:
        engine = engine_at(server)
        assert engine.get("a").data == b"mine"
        assert engine.get("a").data == b"mine"
        assert server.connections == 2
        engine.close()


def test_a_connection_that_was_closed_meanwhile_is_made_again() -> None:
    """Before anything is sent on it: a put is not in doubt for that."""
    answer = b"*3\r\n:1\r\n" + NOW + entry(b"")
    with canned(answer) as server:
        engine = engine_at(server)
        for _ in range(3):
            assert engine.put("a", b"", b"x", KEEP).version == b"1-0"
        assert server.connections == 1
        engine.close()
    with canned(answer, b"") as server:
        engine = engine_at(server)
        assert engine.put("a", b"", b"x", KEEP).version == b"1-0"
        with pytest.raises(UnknownError):
            engine.put("a", b"", b"x", KEEP)
        with pytest.raises(DownError):
            engine.get("a")
        engine.close()
