"""The terminal of the person who called, whatever stdin and stdout are: stdin is never read here."""

from __future__ import annotations

import os
from typing import Any, Self

_NAME = "/dev/tty" if os.name == "posix" else "CONIN$"
PART = 4096
"""Bytes: a terminal that edits lines itself takes no longer ones."""


class Tty:
    """A terminal for a `with` block, which raises OSError where there is none, or it has gone away.

    `without` is what termios calls a local mode that is off meanwhile, such as ECHO. What is typed ahead counts, unless a
    line is `hidden`: that was meant for another question.
    """

    def __init__(self, *, without: str = "", hidden: bool = False) -> None:
        self._without = without
        self._hidden = hidden
        self._number = -1
        self._before: list[Any] | None = None

    def __enter__(self) -> Self:
        self._number = os.open(_NAME, os.O_RDWR)
        try:
            if self._without:
                self._switch_off()
        except BaseException:
            os.close(self._number)
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        try:
            if self._before is not None:
                self._set(self._before)
        except OSError:  # it is gone
            pass
        finally:
            os.close(self._number)

    def write(self, text: str) -> None:
        """Write all of it."""
        os.write(self._number, text.encode("utf-8", "replace"))

    def read(self, size: int) -> bytes:
        """At most so many bytes of what has been typed since; nothing at the terminal's end."""
        return os.read(self._number, size)

    def wait(self, seconds: float) -> bool:
        """Whether there is something to read, within so many seconds. A signal that came just before is obeyed at their end."""
        if os.name != "posix":
            return True
        from select import select  # noqa: PLC0415  # not on every platform; macOS has no poll for terminals

        return bool(select([self._number], [], [], max(0.0, seconds))[0])

    def _switch_off(self) -> None:
        try:
            import termios  # noqa: PLC0415  # not on every platform
        except ImportError:
            return
        try:
            before = termios.tcgetattr(self._number)
        except termios.error as error:  # which is no OSError
            raise OSError(*error.args) from None
        self._set([*before[:3], before[3] & ~getattr(termios, self._without), *before[4:]])
        self._before = before

    def _set(self, modes: list[Any]) -> None:
        import termios  # noqa: PLC0415  # not on every platform

        try:
            termios.tcsetattr(self._number, termios.TCSAFLUSH if self._hidden else termios.TCSADRAIN, modes)
        except termios.error as error:
            raise OSError(*error.args) from None
