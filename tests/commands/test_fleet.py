"""`vsphere-session fleet`: a key for sessions that many machines share, on no screen that did not ask for it."""

from __future__ import annotations

import re
import subprocess
from base64 import b64decode
from pathlib import Path

import pytest

from commands.at_a_terminal import terminal
from support.program import Helper


def key(text: str) -> tuple[str, bytes]:
    """The ID and the key of a line."""
    identity, _, encoded = text.removesuffix("\n").partition(":")
    return identity, b64decode(encoded, validate=True)


def test_a_pipe_gets_a_new_key_of_this_month_each_time(helper: Helper) -> None:
    first, second = (helper.run("fleet", "key", "--new") for _ in range(2))
    assert (first.status, first.stderr) == (0, ""), first
    (identity, secret), (_, other) = key(first.stdout.decode()), key(second.stdout.decode())
    assert re.fullmatch(r"\d{4}-\d\d", identity)
    assert len(secret) == len(other) == 32
    assert secret != other


def test_it_has_the_name_that_it_is_given(helper: Helper) -> None:
    assert key(helper.run("fleet", "key", "--new", "--id", "ci.2").stdout.decode())[0] == "ci.2"
    refused = helper.run("fleet", "key", "--new", "--id", "ci:2")
    assert (refused.status, refused.stdout) == (2, b"")


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_a_new_file_is_its_owners_alone_and_none_is_overwritten(helper: Helper, tmp_path: Path, umask: int) -> None:
    file = tmp_path / "fleet-key"
    words = ("fleet", "key", "--new", "--output", str(file))
    done = subprocess.run(
        [*helper.program, *words], env=helper.environment, umask=umask, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), done
    assert file.stat().st_mode & 0o777 == 0o600
    line = file.read_text()
    assert len(key(line)[1]) == 32
    again = helper.run(*words)
    assert (again.status, again.stdout) == (9, b"")
    assert "is there already" in again.stderr
    assert file.read_text() == line


def test_a_screen_shows_it_only_to_who_says_so(helper: Helper, tmp_path: Path) -> None:
    with terminal(helper, "fleet", "key", "--new", "--id", "one") as screen:
        assert screen.end() == 2
        assert "--output FILE" in screen.seen
        assert "one:" not in screen.seen
    with terminal(helper, "fleet", "key", "--new", "--id", "one", "--show-secret") as screen:
        assert screen.end() == 0
        assert len(key(screen.seen.strip())[1]) == 32
    with terminal(helper, "fleet", "key", "--new", "--output", str(tmp_path / "two")) as screen:
        assert screen.end() == 0
        assert "written: " in screen.seen
        assert (tmp_path / "two").read_text().split(":")[1].strip() not in screen.seen


def test_there_is_none_to_show(helper: Helper) -> None:
    reply = helper.run("fleet", "key")
    assert (reply.status, reply.stdout) == (2, b"")
    assert "fleet key --new" in reply.stderr
