"""`get`, `store` and `erase` typed by a person: one message, and no JSON beside it; a pipe keeps getting both."""

from __future__ import annotations

import json
import subprocess

import pytest

from commands.at_a_terminal import terminal
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, request


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("get", "--url", "127.0.0.1:1"), 3, "; or set it up once: vsphere-session login 127.0.0.1:1"),
        (("get", "--url", "127.0.0.1:1", "--username", "me"), 3, "vsphere-session login 127.0.0.1:1"),
        (("stauts",), 2, "did you mean status?"),
        (("get", "--url", "a b"), 2, "space"),
        (("got",), 2, 'the verb "got" is not known'),
        (("get",), 2, "stdin is a terminal"),
        (("store",), 2, "stdin is a terminal"),
        (("erase", "--nonsense"), 2, "--nonsense"),
    ],
)
def test_a_failure_is_one_message(helper: Helper, words: tuple[str, ...], status: int, said: str) -> None:
    with terminal(helper, *words, columns=1000) as screen:
        assert screen.end() == status, screen.seen
    lines = screen.seen.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("vsphere-session: ")
    assert said in lines[0]
    assert '"error"' not in lines[0]


def test_an_answer_is_the_same_json(helper: Helper, vcenter: SimulatedVCenter) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    with terminal(helper, "get", "--url", vcenter.authority, "--username", USER, columns=4000) as screen:
        assert screen.end() == 0
    assert json.loads(screen.seen)["source"] == "cache"


@pytest.mark.parametrize("redirection", [">{}", "2>{}"])
def test_where_one_stream_goes_elsewhere_both_are_written(helper: Helper, redirection: str) -> None:
    """Whoever reads a file finds there what the contract says."""
    file = helper.home / "file"
    helper.program = ["/bin/sh", "-c", f'exec {helper.program[0]} "$@" {redirection.format(file)}', "sh"]
    with terminal(helper, "get", "--url", "127.0.0.1:1") as screen:
        assert screen.end() == 3
    seen, written = screen.seen, file.read_text()
    document, line = (written, seen) if redirection.startswith(">") else (seen, written)
    assert " ".join(line.split()) == f"vsphere-session: {json.loads(document)['message']}"


def test_get_without_stdin_leaves_it_alone(helper: Helper, vcenter: SimulatedVCenter) -> None:
    """As in a shell's `while read`."""
    helper.ok("get", request(vcenter, password=PASSWORD))
    done = subprocess.run(
        ["/bin/sh", "-c", f"{helper.program[0]} get --url {vcenter.authority} --username {USER} >/dev/null; cat"],
        input=b"not for it",
        capture_output=True,
        env=helper.environment,
        check=True,
    )
    assert done.stdout == b"not for it"
