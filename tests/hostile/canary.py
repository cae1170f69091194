"""A password that nobody may ever see, and the check that nobody has."""

from __future__ import annotations

import json

from support.program import Helper, Reply

CANARY = "Zq7Kx9Wv3Jp5"
_PART = 4


def shows_secret(text: str, secret: str = CANARY) -> bool:
    """Whether `text` holds the secret or a part of it of four characters."""
    return any(secret[start : start + _PART] in text for start in range(len(secret) - _PART + 1))


def silent(reply: Reply, secret: str = CANARY) -> Reply:
    """`reply`, which shows no part of the secret on stdout or stderr."""
    assert not shows_secret(reply.stdout.decode("utf-8", "replace"), secret), reply
    assert not shows_secret(reply.stderr, secret), reply
    return reply


def refused(helper: Helper, stdin: bytes, verb: str = "get", **environment: str) -> str:
    """The message with which this request is refused as invalid, in every respect that the contract names."""
    reply = silent(helper.run(verb, stdin=stdin, timeout=60.0, **environment))
    assert reply.kind == "invalid-request", reply
    assert reply.status == 2, reply
    return reply.fields["message"]


def lines(helper: Helper, *requests: bytes) -> list[dict[str, str]]:
    """The replies of one conversation, which shows no secret and ends well."""
    reply = silent(helper.run(stdin=b"".join(line + b"\n" for line in requests)))
    assert (reply.status, reply.stderr) == (0, ""), reply
    return [json.loads(line) for line in reply.stdout.splitlines()]
