"""A document as bytes: what is written is read as the same, and what anybody else may have put there does no harm."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fleet.made import NOW, aside, committed, digest, entry, taken
from vsphere_session.fleet import document as documents
from vsphere_session.fleet.document import BrokenError, Document, NewerError
from vsphere_session.fleet.engine import MAX_DOCUMENT_BYTES


def full() -> Document:
    """One that has everything."""
    document = committed(committed(Document(), "one"), "two", NOW + 1)
    document, lease = taken(document, NOW + 2)
    document = documents.set_aside(document, NOW + 2, aside("new", fence=lease.fence), "runner-a")
    rest = documents.commit(document, NOW + 2, lease, "rest", entry("rest", lease.fence), retire_until=0)
    assert rest is not None
    return rest


def changed(*path: str | int, value: object) -> bytes:
    """That one with another value at some place."""
    whole: Any = json.loads(documents.written(full()))
    at = whole
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return json.dumps(whole).encode()


def test_what_is_written_is_read_as_the_same() -> None:
    document = full()
    data = documents.written(document)
    assert documents.read(data) == document
    assert documents.written(documents.read(data)) == data


def test_no_bytes_are_the_empty_document() -> None:
    assert documents.read(b"") == Document()
    assert documents.read(documents.written(Document())) == Document()


def test_the_order_in_which_sessions_came_makes_no_other_bytes() -> None:
    both = {"rest": entry("b"), "soap": entry("a")}
    assert documents.written(Document(entries=both)) == documents.written(
        Document(entries=dict(reversed(both.items())))
    )


def test_whole_seconds_are_written_as_they_are_read() -> None:
    data = documents.written(Document(entries={"soap": entry("a", confirmed=5)}))
    assert documents.written(documents.read(data)) == data


@pytest.mark.parametrize(
    "data", [b'{"v":2}', b'{"v":99,"n":"x","lease":7}', changed("v", value=2), b'{"v":1%s}' % (b"0" * 99)]
)
def test_a_document_of_a_newer_program_is_told_from_none(data: bytes) -> None:
    with pytest.raises(NewerError):
        documents.read(data)


def test_fields_that_a_newer_minor_version_has_are_not_looked_at() -> None:
    data = changed("also", value=[1])
    assert documents.read(data) == full()
    assert documents.read(changed("lease", "also", value={})) == full()


@pytest.mark.parametrize(
    "data",
    [
        b" ",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b'{"v":true}',
        b'{"v":"1"}',
        b'{"v":1.0,"n":1}',
        b'{"v":0,"n":1}',
        b'{"v":1,"v":1,"n":1}',
        b'{"v":1,"n":1}x',
        b'{"v":1,"n":NaN}',
        b'{"v":' + b"1" * 5000 + b"}",
        b"[" * 60000,
        b'{"v":1,"n":1,"x":"' + b"x" * MAX_DOCUMENT_BYTES + b'"}',
        changed("n", value=2**63),
        changed("n", value=-1),
        changed("n", value=1.5),
        changed("n", value=True),
        changed("n", value=1),  # below the lease's fence
        changed("lease", value=[]),
        changed("lease", "token", value="A" * 32),
        changed("lease", "token", value="a" * 31),
        changed("lease", "owner", value="a\nb"),
        changed("lease", "owner", value="x" * 201),
        changed("lease", "until", value=1e300),
        changed("lease", "until", value=10**400),
        changed("lease", "until", value=-1),
        changed("lease", "until", value="5"),
        changed("lease", "until", value=True),
        changed("soap", value="x"),
        changed("soap", "digest", value="../../etc"),
        changed("soap", "digest", value="a" * 65),
        changed("soap", "digest", value="a" * 32 + "\n"),
        changed("soap", "sealed", value="YQ"),
        changed("soap", "sealed", value="YR=="),
        changed("soap", "sealed", value="YQ==\n"),
        changed("soap", "sealed", value="é"),
        changed("soap", "sealed", value=None),
        changed("aside", value={}),
        changed("aside", value=[1]),
        changed("aside", 0, "kind", value="smb"),
        changed("aside", 0, "kind", value=["soap"]),
        changed("aside", 0, "why", value=""),
        changed("log", 0, "what", value="\x1b[2J"),
        changed("log", 0, "who", value="\ud800"),
        changed("log", value=[{"at": 1, "who": "", "what": "", "digest": ""}] * 21),
    ],
)
def test_what_is_no_document_is_refused_as_a_whole(data: bytes) -> None:
    with pytest.raises(BrokenError):
        documents.read(data)


def test_of_a_document_that_would_be_too_long_the_oldest_lines_of_the_log_are_left_out() -> None:
    document = full()
    large = Document(entries={"soap": documents.Entry(digest("x"), bytes(48_000), NOW, NOW, 1)}, log=document.log)
    room = MAX_DOCUMENT_BYTES - len(documents.written(Document(entries=large.entries)))
    line = documents.Line(NOW, "w" * (room // 3), "x")
    data = documents.written(Document(entries=large.entries, log=(line,) * 5))
    assert len(data) <= MAX_DOCUMENT_BYTES
    assert len(json.loads(data)["log"]) == 2


def test_nothing_that_is_sealed_is_in_a_repr() -> None:
    assert "sealed" not in repr(full())
