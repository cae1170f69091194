"""One bare value: for password commands, and for callers that take a program's whole output as the value."""

from __future__ import annotations

import json

import pytest

from callers.desk import Desk

PROGRAM = "vsphere-session"


@pytest.mark.parametrize("kind", ["rest", "soap"])
def test_nothing_but_the_value_and_a_newline(desk: Desk, kind: str) -> None:
    """On stdout; and nothing on stderr. A second call gives the same value without a login."""
    request = json.dumps({"api": kind}).encode()
    for _ in range(2):
        done = desk.run(PROGRAM, "get", "--field", f"{kind}_session_id", stdin=request)
        (session,) = desk.vcenter.sessions
        assert (done.status, done.stdout, done.stderr) == (0, f"{session.id}\n".encode(), "")


@pytest.mark.parametrize("stdin", [b"", b"null", b"{}"])
def test_the_request_may_be_empty(desk: Desk, stdin: bytes) -> None:
    """Password commands send nothing on stdin; the endpoint comes from the configuration."""
    done = desk.run(PROGRAM, "--field=username", "get", stdin=stdin)
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.count(b"\n") == 1
    assert desk.vcenter.session_count == 2, "one session of each kind"


def test_a_file_can_be_the_value(desk: Desk) -> None:
    """Any field of the answer will do."""
    done = desk.run(PROGRAM, "get", "--field", "rest_session_file", stdin=b'{"output": "files"}')
    assert done.stdout.decode().removesuffix("\n") in {str(path) for path in desk.home.glob(".govmomi/rest_sessions/*")}
    assert desk.vcenter.session_count == 2


@pytest.mark.parametrize(
    ("stdin", "status"),
    [
        (b"{", 2),
        (b'{"pasword": "x"}', 2),
        (b'{"url": "127.0.0.1:1", "username": "me", "password": "x"}', 5),
        (b'{"url": "\\u0000"}', 2),
    ],
)
def test_an_error_leaves_stdout_empty(desk: Desk, stdin: bytes, status: int) -> None:
    """Whoever takes all of stdout for the value must not get an error for one; it is one line on stderr."""
    done = desk.run(PROGRAM, "get", "--field", "rest_session_id", stdin=stdin)
    assert (done.status, done.stdout, done.stderr.count("\n")) == (status, b"", 1)
    assert desk.vcenter.session_count == 0


def test_a_field_that_the_answer_does_not_have_is_not_found(desk: Desk) -> None:
    """The line on stderr names those that there are."""
    done = desk.run(PROGRAM, "get", "--field", "token", stdin=b"{}")
    assert (done.status, done.stdout) == (3, b"")
    assert '"token"' in done.stderr
    assert "rest_session_id" in done.stderr
    assert desk.vcenter.session_count == 2, "what was logged in for it is in the cache"


def test_a_field_that_the_answer_does_not_have_leaves_no_session_behind(desk: Desk) -> None:
    """With `passthrough` nobody would know the session that was made for it: it is ended."""
    done = desk.run(PROGRAM, "get", "--field", "token", stdin=b'{"passthrough": true}')
    assert (done.status, done.stdout) == (3, b"")
    assert desk.vcenter.session_count == 0


@pytest.mark.parametrize("arguments", [[], ["--protocol", "bazel", "get"]])
def test_a_field_is_of_one_native_answer(desk: Desk, arguments: list[str]) -> None:
    """A conversation has many, and other protocols have answers of their own: neither is begun with `--field`."""
    done = desk.run(PROGRAM, "--field", "username", *arguments, stdin=b'{"action": "get"}\n')
    assert (done.status, done.stdout, done.stderr.count("\n")) == (2, b"", 1)
    assert desk.vcenter.requests == []
