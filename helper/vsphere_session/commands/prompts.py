"""Questions to the person in front of the terminal; each has an option that answers it where nobody is.

They are asked and answered on the terminal itself: stdin and stdout stay the caller's.
"""

from __future__ import annotations

import os
import sys
from getpass import getpass
from typing import TYPE_CHECKING

import click

from vsphere_session.commands.screen import visible
from vsphere_session.commands.tty import PART, Tty
from vsphere_session.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOOK_UP = 0.2
"""Seconds after which a signal is obeyed that came just before the wait began."""


class Prompts:
    """Asks, if somebody is there: stdin and stderr are a terminal."""

    def __init__(self, *, somebody: bool | None = None) -> None:
        self.somebody = os.isatty(0) and os.isatty(2) if somebody is None else somebody

    def ask(self, question: str, option: str, default: str = "") -> str:
        """A line; the default for an empty one, which is asked for again where there is none.

        Raises InvalidRequestError that names `option` where nobody is there.
        """
        self._need(question, option)
        shown = f"{question} [{visible(default)}]: " if default else f"{question}: "
        while True:
            answer = _line(shown, hidden=False).strip() or default
            if answer:
                return answer

    def secret(self, question: str, option: str) -> str:
        """A line that is not shown; empty if it is. Raises as `ask` does."""
        self._need(question, option)
        return _line(f"{question}: ", hidden=True)

    def confirm(self, question: str, option: str, *, default: bool = False) -> bool:
        """Yes or no. Raises as `ask` does."""
        self._need(question, option)
        while True:
            answer = _line(f"{question} [{'Y/n' if default else 'y/N'}]: ", hidden=False).strip().lower()
            if not answer:
                return default
            if answer in ("y", "yes", "n", "no"):
                return answer[0] == "y"

    def choose(self, question: str, choices: Sequence[tuple[str, str]], option: str) -> str:
        """The name of one of the choices, `(name, what it is)`, by number or name; the first is the default. Raises as `ask` does."""
        self._need(question, option)
        _say(f"{question}\n" + "".join(f"  {n}) {name}: {what}\n" for n, (name, what) in enumerate(choices, 1)))
        names = [name for name, _ in choices]
        while True:
            answer = _line(f"Number or name [{names[0]}]: ", hidden=False).strip() or names[0]
            if answer in names:
                return answer
            if answer.isascii() and answer.isdigit() and 0 < int(answer) <= len(names):
                return names[int(answer) - 1]

    def _need(self, question: str, option: str) -> None:
        if not self.somebody:
            raise InvalidRequestError(f"there is no terminal to ask on ({question.lower()}); say it by {option}")


def _say(text: str) -> None:
    if os.name != "posix":
        sys.stderr.write(text)
        return
    try:
        with Tty() as tty:
            tty.write(text)
    except OSError:
        raise click.Abort from None


def _line(question: str, *, hidden: bool) -> str:
    """One answer without the end of its line. Raises click.Abort where nobody answers any more."""
    if os.name != "posix":
        return getpass(question) if hidden else input(question)
    line = b""
    try:
        with Tty(without="ECHO" if hidden else "", hidden=hidden) as tty:
            tty.write(question)
            while not line.endswith(b"\n"):
                while not tty.wait(_LOOK_UP):
                    pass
                part = tty.read(PART)
                if not part:
                    raise click.Abort
                line += part
            tty.write("\n" if hidden else "")
    except OSError:
        raise click.Abort from None
    return line[:-1].decode("utf-8", "surrogateescape")
