"""The program under test, and how much memory its largest call took.

A small process starts it and reads what the kernel has counted for it. The test's own process cannot: a child begins
with its parent's memory in the books.
"""

from __future__ import annotations

import sys
from pathlib import Path

from support.program import Helper

_LAUNCHER = """\
import os, sys
log, program = sys.argv[1], sys.argv[2:]
_, status, used = os.wait4(os.posix_spawn(program[0], program, os.environ), 0)
with open(log, "a", encoding="ascii") as file:
    file.write(f"{used.ru_maxrss}\\n")
sys.exit(os.waitstatus_to_exitcode(status))
"""
_UNITS_PER_MEGABYTE = 1_048_576 if sys.platform == "darwin" else 1024


class Measured(Helper):
    """A Helper that keeps the books."""

    def __init__(self, home: Path, log: Path) -> None:
        super().__init__(home)
        self._log = log
        self.program = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(log), *self.program]

    @property
    def peak_megabytes(self) -> float:
        """The largest resident size of any call so far."""
        return max(map(int, self._log.read_text(encoding="ascii").split())) / _UNITS_PER_MEGABYTE
