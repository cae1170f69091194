"""Each limit on what an engine sends, from both sides."""

from __future__ import annotations

import pytest

from fuzzing.checks_of_engines import parse_answer
from vsphere_session.fleet.redis_wire import (
    MAX_ANSWER_BYTES,
    MAX_BULK_BYTES,
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_LINE_BYTES,
    GarbledError,
)


@pytest.mark.parametrize("part", [1 << 20, 4096])
def test_a_text_has_an_end(part: int) -> None:
    """What is longer is refused by what it says of itself, before it is read."""
    data = b"x" * MAX_BULK_BYTES
    assert parse_answer(b"$%d\r\n%b\r\n" % (len(data), data), part) == data
    with pytest.raises(GarbledError):
        parse_answer(b"$%d\r\n" % (MAX_BULK_BYTES + 1), part)


@pytest.mark.parametrize("part", [1 << 20, 4096])
def test_a_line_has_an_end(part: int) -> None:
    line = b"x" * (MAX_LINE_BYTES - 1)
    assert parse_answer(b"+" + line + b"\r\n", part) == line
    with pytest.raises(GarbledError):
        parse_answer(b"+" + line + b"x\r\n", part)


def test_all_of_an_answer_has_an_end() -> None:
    """However many texts it is in."""
    texts = MAX_ANSWER_BYTES // MAX_BULK_BYTES
    text = b"$%d\r\n%b\r\n" % (MAX_BULK_BYTES, b"x" * MAX_BULK_BYTES)
    assert len(parse_answer(b"*%d\r\n" % (texts - 1) + text * (texts - 1), 4096)) == texts - 1
    with pytest.raises(GarbledError):
        parse_answer(b"*%d\r\n" % (texts + 1) + text * (texts + 1), 4096)


def test_lists_in_one_another_have_an_end() -> None:
    deepest = parse_answer(b"*1\r\n" * MAX_DEPTH + b":1\r\n")
    for _ in range(MAX_DEPTH):
        (deepest,) = deepest
    assert deepest == 1
    with pytest.raises(GarbledError):
        parse_answer(b"*1\r\n" * (MAX_DEPTH + 1) + b":1\r\n")


def test_values_have_an_end() -> None:
    """The list that they are in is one of them."""
    values = MAX_ELEMENTS - 1
    assert parse_answer(b"*%d\r\n" % values + b":1\r\n" * values) == [1] * values
    with pytest.raises(GarbledError):
        parse_answer(b"*%d\r\n" % (values + 1) + b":1\r\n" * (values + 1))
