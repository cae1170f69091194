"""The commands for people: each is in the program, with its help and with what it shows things with."""

from __future__ import annotations

import json
import re
import sys

import pytest

from simulated_vcenter import SimulatedVCenter
from support.program import Helper
from support.terminal import Terminal
from vsphere_session.commands.program import COMMANDS

COLOUR = re.compile(rb"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help(helper: Helper, name: str) -> None:
    """All that it imports is there."""
    reply = helper.run(name, "--help")
    assert (reply.status, reply.stderr) == (0, "")
    assert reply.stdout.startswith(f"Usage: vsphere-session {name} ".encode())
    assert f"\n    vsphere-session {name}".encode() in reply.stdout, "there is no example"


def test_the_certificate_of_a_server_is_shown(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """In words, and as JSON; it is not verified."""
    reply = helper.run("cert", vcenter.authority)
    assert (reply.status, reply.stderr) == (0, "")
    assert f"SHA-256: {vcenter.thumbprint}\n" in reply.stdout.decode()
    (shown,) = json.loads(helper.run("cert", "--json", vcenter.authority).stdout)
    assert shown["sha256"] == vcenter.thumbprint


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ],
    ids=["colours", "NO_COLOR", "dumb"],
)
def test_a_terminal_has_colours_where_it_can_and_nobody_minds(
    vcenter: SimulatedVCenter, helper: Helper, environment: dict[str, str], coloured: bool
) -> None:
    """What is said is the same."""
    with Terminal() as terminal:
        command = [*helper.program, "cert", vcenter.authority]
        with terminal.start(
            command, helper.environment | environment | {"COLUMNS": "200"}, python=sys.executable
        ) as process:
            assert terminal.end(process) == 0
        assert bool(COLOUR.search(terminal.seen)) == coloured
        assert vcenter.thumbprint.encode() in COLOUR.sub(b"", terminal.seen).replace(b"\r\n", b"")


def test_a_pipe_has_none(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """Whatever the environment says of terminals."""
    reply = helper.run("cert", vcenter.authority, TERM="xterm-256color", FORCE_COLOR="1", CLICOLOR_FORCE="1")
    assert b"\x1b" not in reply.stdout
    assert b"\x1b" not in helper.run("cert", "--help", TERM="xterm-256color", FORCE_COLOR="1").stdout
