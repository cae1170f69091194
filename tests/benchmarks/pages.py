"""The results as they stand in README.md, docs/speed.md and docs/speed.svg."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from benchmarks.picture import draw
from benchmarks.programs import ROOT
from benchmarks.rows import milliseconds
from benchmarks.stages import Bar

START, END = "<!-- benchmark -->", "<!-- /benchmark -->"
README, PAGE, PICTURE = ROOT / "README.md", ROOT / "docs" / "speed.md", ROOT / "docs" / "speed.svg"


class Results:
    """What one run has found.

    table   the rows beside govc, in Markdown
    lowest  seconds of what no program can beat, by name
    bars    where the time of a call goes; empty where that cannot be seen
    """

    def __init__(self, table: str, lowest: dict[str, float], bars: list[Bar], rounds: int) -> None:
        self._table = table
        self._lowest = lowest
        self._bars = bars
        self._rounds = rounds

    def for_readme(self) -> str:
        """The table, and what it was measured on."""
        return (
            f"{self._table}\n\n"
            f"Medians of {self._rounds} rounds, the programs taking turns, against vcsim (govmomi 0.56) on the loopback "
            f"interface; {os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python "
            f"{platform.python_version()}. Measured by `python3 tests/run.py bench`; [what it means](docs/speed.md)."
        )

    def for_page(self) -> str:
        """The floor and the stages, of the same run."""
        lines = ["| the floor on the same machine | |", "|---|---|"]
        lines += [f"| {name} | {milliseconds(value)} |" for name, value in self._lowest.items()]
        for call, stages in self._bars[1:]:
            total = sum(value for _, value in stages)
            lines += ["", f"| {call} | {total:.2f} ms |", "|---|---|"]
            lines += [f"| {stage} | {value:.2f} |" for stage, value in stages]
        return "\n".join(lines)

    def write(self) -> None:
        """Put everything into its place."""
        put(README, self.for_readme())
        put(PAGE, self.for_page())
        if self._bars:
            PICTURE.write_text(draw(self._bars), encoding="utf-8")


def put(path: Path, text: str) -> None:
    """Put a text between the marks in a page."""
    before, _, rest = path.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{START}\n{text}\n{END}{after}", encoding="utf-8")
