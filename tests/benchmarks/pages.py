"""The results as they stand in README.md, docs/speed.md and docs/speed.svg."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from benchmarks.picture import draw, shown_bars
from benchmarks.programs import ROOT
from benchmarks.rows import Row, full_table, milliseconds, short_table
from benchmarks.stages import Bar

README, PAGE, PICTURE = ROOT / "README.md", ROOT / "docs" / "speed.md", ROOT / "docs" / "speed.svg"
TABLE, STAGES = "benchmark", "stages"
"""Between which marks the results stand; the stages are on the page alone."""


class Results:
    """What one run has found.

    table   the rows beside govc
    lowest  seconds of what no program can beat, by name
    bars    where the time of a call goes; empty where that cannot be seen
    """

    def __init__(self, table: list[Row], lowest: dict[str, float], bars: list[Bar], rounds: int) -> None:
        self._table = table
        self._lowest = lowest
        self._bars = bars
        self._rounds = rounds

    def for_readme(self) -> str:
        """The rows that matter, and what they were measured on."""
        return f"{short_table(self._table)}\n\n{self._measured()}"

    def for_page(self) -> str:
        """All rows, with their targets."""
        return f"{full_table(self._table)}\n\n{self._measured()}"

    def stages(self) -> str:
        """The floor and the stages, of the same run."""
        lines = ["| the floor on the same machine | |", "|---|---|"]
        lines += [f"| {name} | {milliseconds(value)} |" for name, value in self._lowest.items()]
        for call, stages in self._bars:
            total = sum(value for _, value in stages)
            lines += ["", f"| {call} | {total:.2f} ms |", "|---|---|"]
            lines += [f"| {stage} | {value:.2f} |" for stage, value in stages]
        return "\n".join(lines)

    def write(self) -> None:
        """Put everything into its place; the picture is of the figures that the page shows."""
        put(README, TABLE, self.for_readme())
        put(PAGE, TABLE, self.for_page())
        put(PAGE, STAGES, self.stages())
        if self._bars:
            PICTURE.write_text(draw(shown_bars(shown(PAGE, STAGES))), encoding="utf-8")

    def _measured(self) -> str:
        return (
            f"Medians of {self._rounds} rounds, the programs taking turns, against vcsim (govmomi 0.56) on the loopback "
            f"interface; {os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python "
            f"{platform.python_version()}."
        )


def shown(path: Path, mark: str) -> str:
    """What stands between two marks of a page."""
    start, end = _marks(mark)
    return path.read_text(encoding="utf-8").partition(start)[2].partition(end)[0]


def put(path: Path, mark: str, text: str) -> None:
    """Put a text between them."""
    start, end = _marks(mark)
    before, _, rest = path.read_text(encoding="utf-8").partition(start)
    path.write_text(f"{before}{start}{text}{end}{rest.partition(end)[2]}", encoding="utf-8")


def _marks(mark: str) -> tuple[str, str]:
    return f"<!-- {mark} -->\n\n", f"\n\n<!-- /{mark} -->"
