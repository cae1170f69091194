"""What holds for every request to the server of clone tickets."""

from __future__ import annotations

from vsphere_session.commands.serving.requests import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    Asked,
    BadRequestError,
    head_ends,
    read_head,
)


def parse_head(data: bytes) -> Asked:
    """A request whose head has come; one that has not ended is waited for."""
    end = head_ends(data)
    if end < 0:
        raise BadRequestError(408)
    return read_head(data[:end])


def check_head(data: bytes, asked: Asked) -> None:
    """A method, a path from the root, a token that was there, and a body with an end."""
    assert head_ends(data) <= MAX_HEAD_BYTES + 4
    assert asked.method.isalpha()
    assert asked.path.startswith("/")
    assert "?" not in asked.path
    assert asked.path.isprintable()
    assert asked.bearer.encode("latin-1") in data
    assert asked.bearer.replace("\t", "").isprintable()
    assert 0 <= asked.body <= MAX_BODY_BYTES
