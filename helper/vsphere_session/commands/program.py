"""The commands for people, by name: their options, their help, and what becomes of their mistakes.

By `click`, whose help and completions are its own. A command's module is imported when that command is called.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import click

from credential_protocol.messages import Output
from vsphere_session.errors import InvalidRequestError
from vsphere_session.version import PROGRAM

if TYPE_CHECKING:
    from vsphere_session.commands.invocation import Invocation

_INTERRUPTED = 130


class Commands(click.Group):
    """Finds a command in the module of its name."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """All of them, in the order in which one meets them."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command; None where there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        found = getattr(import_module(f"vsphere_session.commands.{cmd_name}"), f"{cmd_name}_command")
        assert isinstance(found, click.Command)  # noqa: S101  # nosec B101  # a test calls each of them
        return found


COMMANDS = {
    "login": "log in once, keep the login, write the endpoint into the configuration",
    "logout": "end sessions on the server, and forget them here",
    "status": "what is cached: whose, since when, until when, by whom",
    "sessions": "the server's own list of sessions; end some of them",
    "doctor": "find out what is wrong, in the order in which a call meets it",
    "explain": "say where each value of a request comes from, and what would be asked",
    "cert": "show the certificate of a server",
    "config": "show, set and edit the configuration",
    "fleet": "sessions that many machines share: what is there, what is wrong, their key",
    "completion": "print what lets a shell complete commands, hosts and users",
    "version": "what this program is and is made of",
}
"""What each is for, in a line."""
PROGRAM_OF_COMMANDS = Commands(
    PROGRAM, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)


def run(words: list[str], invocation: Invocation) -> Output:
    """Carry out a command, and return what is to be written. Raises SessionError.

    `words` are the command's name and what stands behind it.
    """
    try:
        status = PROGRAM_OF_COMMANDS.main(
            words, PROGRAM, standalone_mode=False, obj=invocation, color=invocation.screen.colours
        )
    except click.Abort:
        status = _INTERRUPTED
    except click.ClickException as error:
        raise InvalidRequestError(f"{_said(error)}; see {PROGRAM} {words[0]} --help") from None
    return Output(invocation.screen.shown(), status=status if isinstance(status, int) else 0)


def _said(error: click.ClickException) -> str:
    """What is wrong with the command line, without a value from it: it may be a secret in the wrong place."""
    if isinstance(error, click.NoSuchOption):
        meant = f"; did you mean {error.possibilities[0]}?" if error.possibilities else ""
        return f"the option {error.option_name.partition('=')[0][:40]} is not known{meant}"
    if isinstance(error, click.BadOptionUsage):
        return f"{error.option_name} is used wrongly: it wants a value, or has one too many"
    if isinstance(error, click.MissingParameter):
        return f"{_name(error.param)} is not given"
    if isinstance(error, click.BadParameter):
        return f"{_name(error.param)} has a value that it cannot have"
    return "there are words that the command does not take, or one is missing"


def _name(parameter: click.Parameter | None) -> str:
    if parameter is None:
        return "something"
    return (
        parameter.opts[0]
        if isinstance(parameter, click.Option)
        else parameter.make_metavar(click.Context(click.Command("")))
    )
