"""What all commands for people have in common: a name in the help, a help with an example, mistakes that say what to do."""

from __future__ import annotations

import os
import subprocess

import click
import pytest

from commands.at_a_terminal import terminal
from support.program import Helper
from vsphere_session.cli.arguments import FOR_PEOPLE, USAGE
from vsphere_session.commands.program import COMMANDS, PROGRAM_OF_COMMANDS


def all_commands() -> list[tuple[str, ...]]:
    """Each command, and each below it."""
    found: list[tuple[str, ...]] = []
    context = click.Context(PROGRAM_OF_COMMANDS)
    for name in COMMANDS:
        command = PROGRAM_OF_COMMANDS.get_command(context, name)
        found.append((name,))
        if isinstance(command, click.Group):
            found += [(name, below) for below in command.list_commands(context)]
    return found


def test_the_usage_has_all_of_them_in_the_same_words() -> None:
    assert tuple(COMMANDS) == FOR_PEOPLE
    for name, line in COMMANDS.items():
        assert f"  {name:<11} {line}\n" in USAGE


@pytest.mark.parametrize("words", all_commands(), ids=" ".join)
def test_each_has_a_help_with_an_example_that_begins_with_itself(helper: Helper, words: tuple[str, ...]) -> None:
    reply = helper.run(*words, "--help")
    text = reply.stdout.decode()
    assert (reply.status, reply.stderr) == (0, ""), reply
    assert text.startswith(f"Usage: vsphere-session {' '.join(words)}")
    assert "\n  example:\n" in text
    assert f"vsphere-session {words[0]}" in text.partition("example:")[2]
    assert helper.run(*words, "-h").stdout == reply.stdout


@pytest.mark.parametrize("words", all_commands(), ids=" ".join)
def test_a_mistake_is_one_line_that_names_the_help(helper: Helper, words: tuple[str, ...]) -> None:
    reply = helper.run(*words, "--nonsense-option=hunter2")
    assert (reply.status, reply.stdout) == (2, b""), reply
    assert reply.stderr.count("\n") == 1
    assert "--nonsense-option" in reply.stderr
    assert f"vsphere-session {words[0]} --help" in reply.stderr
    assert "hunter2" not in reply.stderr


def test_options_may_stand_before_and_behind_the_command(helper: Helper) -> None:
    before = helper.run("--config", "/other.toml", "config", "path")
    behind = helper.run("config", "path", "--config", "/other.toml")
    assert before.stdout == behind.stdout == b"/other.toml\n"


def test_without_anybody_who_reads(helper: Helper) -> None:
    """As of a program: a pipe that is closed is 141, and a full disk says so."""
    reads, writes = os.pipe()
    os.close(reads)
    done = subprocess.run([*helper.program, "explain", "vc"], env=helper.environment, stdout=writes, check=False)
    os.close(writes)
    assert done.returncode == 141
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*helper.program, "explain", "vc"], env=helper.environment, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 9
    assert b"cannot be written to stdout" in done.stderr


@pytest.mark.parametrize("columns", [20, 40, 200])
def test_help_in_windows_of_all_widths(helper: Helper, columns: int) -> None:
    with terminal(helper, "explain", "--help", columns=columns) as screen:
        assert screen.end() == 0
    assert "example" in screen.seen
