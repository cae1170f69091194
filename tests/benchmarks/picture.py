"""The stages of calls as a waterfall, drawn from the figures that docs/speed.md shows."""

from __future__ import annotations

import re

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.stages import Bar
from docs import plots

TITLE = "Where the time of a warm get goes, in milliseconds, all on one scale"
WIDTH, ROW = 9.6, 0.235  # inches


def shown_bars(text: str) -> list[Bar]:
    """The calls among the page's tables, with their stages."""
    found: list[Bar] = []
    for table in re.split(r"\n\n+", text.strip()):
        head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines())
        if head[1].endswith(" ms"):
            found.append((head[0], [(stage, float(value)) for stage, value in rows]))
    return found


def draw(bars: list[Bar]) -> str:
    """The whole picture: a row for each stage, which begins where the one above it ends."""
    with plots.style():
        rows = sum(len(stages) + 1 for _, stages in bars)
        figure = Figure(figsize=(WIDTH, ROW * rows + 0.6), layout="constrained")
        axes = figure.add_subplot()
        top = 0
        for number, (call, stages) in enumerate(bars):
            _waterfall(axes, call, stages, top, plots.BAR if number else plots.OTHER)
            top += len(stages) + 1
        _frame(axes, bars, rows)
        return plots.svg(figure, TITLE)


def _waterfall(axes: Axes, call: str, stages: list[tuple[str, float]], top: int, colour: str) -> None:
    total = sum(value for _, value in stages)
    axes.text(0, top, f"{call}: {total:.1f} ms".replace("`", ""), va="center", weight="bold")
    left = 0.0
    for row, (_, value) in enumerate(stages, top + 1):
        axes.barh(row, value, left=left, height=0.66, color=colour, linewidth=0)
        left += value
        axes.text(left, row, f"  {value:.2f}", va="center")


def _frame(axes: Axes, bars: list[Bar], rows: int) -> None:
    names: dict[int, str] = {}
    top = 0
    for _, stages in bars:
        names |= {row: stage.replace("`", "") for row, (stage, _) in enumerate(stages, top + 1)}
        top += len(stages) + 1
    axes.set_yticks(list(names), list(names.values()))
    axes.set_ylim(rows - 0.4, -0.8)
    axes.set_xlim(0, max(sum(value for _, value in stages) for _, stages in bars) * 1.08)
    axes.tick_params(length=0)
    axes.xaxis.tick_top()
    axes.set_title(TITLE, loc="left", color=plots.TEXT, weight="bold", size="medium")
    axes.set_axisbelow(True)
    axes.grid(axis="x", color=plots.LINE, linewidth=0.8)
    axes.spines[:].set_visible(False)
