"""The program with somebody in front of a terminal: what they read, and what they type."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pexpect

from support.program import Helper

ENTER = "\r"
_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A terminal in which the program runs."""

    def __init__(self, child: pexpect.spawn[str]) -> None:
        self._child = child
        self.seen = ""

    def answer(self, question: str, text: str) -> None:
        """Wait for this text, and type an answer."""
        self.wait_for(question)
        self._child.send(text + ENTER)

    def wait_for(self, text: str) -> None:
        """Wait until this text is there."""
        self._child.expect_exact(text)
        self.seen += f"{self._child.before}{text}"

    def press(self, key: str) -> None:
        """Control and a key."""
        self._child.sendcontrol(key)

    def hang_up(self) -> None:
        """The terminal goes away; wait until what ran in it has ended."""
        self._child.ptyproc.fileobj.close()  # type: ignore[attr-defined]  # types-pexpect lacks it
        self._child.ptyproc.wait()  # type: ignore[attr-defined]

    def end(self) -> int:
        """Wait for the end; the exit status."""
        self._child.expect(pexpect.EOF)
        self.seen += self._child.before or ""
        self._child.close()
        status = self._child.exitstatus
        return -1 if status is None else status


@contextmanager
def terminal(helper: Helper, *arguments: str, columns: int = 120, **environment: str) -> Iterator[Terminal]:
    """Run the program in a terminal of so many columns; it is gone at the end."""
    child = pexpect.spawn(
        helper.program[0],
        [*helper.program[1:], *arguments],
        env={"TERM": "xterm-256color", **helper.environment, **environment},
        dimensions=(50, columns),
        encoding="utf-8",
        timeout=60,
        cwd=os.fspath(helper.home),
    )
    try:
        yield Terminal(child)
    finally:
        child.close(force=True)


def plain(seen: str) -> str:
    """What is there to read, without sequences for colours and cursor; a line that was written over counts as two."""
    return _SEQUENCE.sub("", seen).replace("\r\n", "\n").replace("\r", "\n")
