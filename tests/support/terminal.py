"""A real terminal with a program in it, and a person who types."""

from __future__ import annotations

import os
import select
import subprocess
import termios
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import IO, Self

_PATIENCE = 60.0
_OPEN = "import os, sys\nos.close(os.open(sys.argv[1], os.O_RDWR))\nos.execv(sys.argv[2], sys.argv[2:])"


class Terminal:
    """The program's controlling terminal, and its stdin, stdout and stderr where no others are given."""

    def __enter__(self) -> Self:
        self._person, self._program = os.openpty()
        self.seen = b""
        self.modes_before = self.modes
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._person)
        os.close(self._program)

    def start(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        *,
        python: str,
        stdin: int | IO[bytes] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a program; the first terminal that a new session opens is its controlling one."""
        return subprocess.Popen(
            [python, "-c", _OPEN, os.ttyname(self._program), *words],
            stdin=self._program if stdin is None else stdin,
            stdout=self._program,
            stderr=self._program,
            env=dict(environment),
            start_new_session=True,
        )

    def see(self, text: bytes) -> bytes:
        """All that has been shown up to this text, as soon as it is there."""
        while text not in self.seen:
            ready, _, _ = select.select([self._person], [], [], _PATIENCE)
            assert ready, f"{text!r} is not shown, but {self.seen!r}"
            self.seen += os.read(self._person, 65536)
        return self.seen.partition(text)[0] + text

    def type(self, text: bytes) -> None:
        """Type, or paste, and see the echo go by."""
        while text:
            readable, writable, _ = select.select([self._person], [self._person], [], _PATIENCE)
            assert readable or writable, "the terminal takes nothing"
            if readable:
                self.seen += os.read(self._person, 65536)
            if writable:
                text = text[os.write(self._person, text[:512]) :]

    def end(self, process: subprocess.Popen[bytes]) -> int:
        """The status of the program, once it has ended; what it has shown is in `seen`."""
        while process.poll() is None:
            if select.select([self._person], [], [], 0.05)[0]:
                self.seen += os.read(self._person, 65536)
        while select.select([self._person], [], [], 0)[0]:
            self.seen += os.read(self._person, 65536)
        return process.returncode

    @property
    def modes(self) -> list[object]:
        """How it is set: echo, line editing and the like."""
        return list(termios.tcgetattr(self._program))

    @property
    def edits_lines(self) -> bool:
        """Whether it takes whole lines, of 4,095 bytes at most."""
        return bool(termios.tcgetattr(self._program)[3] & termios.ICANON)
