"""Logins and requests that a vCenter gets from so many runners, with a fleet and without."""

from __future__ import annotations

from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from docs import plots

TITLE = "What a vCenter gets from runners that begin with nothing"
WIDTH, HEIGHT = 9.6, 3.6  # inches
_TENS = (1, 10, 100, 1000)


class Point(NamedTuple):
    """So many runners, with a fleet or without; logins are those that were tried."""

    shares: bool
    runners: int
    logins: int
    requests: int


def draw(points: list[Point]) -> str:
    """Two plots side by side, both axes logarithmic."""
    with plots.style():
        figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
        left, right = figure.subplots(1, 2)
        _lines(left, "logins tried", [(point.shares, point.runners, point.logins) for point in points])
        _lines(right, "requests in all", [(point.shares, point.runners, point.requests) for point in points])
        figure.suptitle(TITLE, x=0.01, ha="left", color=plots.TEXT, weight="bold", size="medium")
        return plots.svg(figure, TITLE)


def _lines(axes: Axes, title: str, values: list[tuple[bool, int, int]]) -> None:
    for shares, name, colour in ((False, "without a fleet", plots.OTHER), (True, "with a fleet", plots.BAR)):
        runners = [runners for each, runners, _ in values if each == shares]
        counts = [count for each, _, count in values if each == shares]
        axes.plot(runners, counts, color=colour, marker="o", markersize=4, linewidth=2)
        axes.annotate(
            f"{name}: {counts[-1]:,}",
            (runners[-1], counts[-1]),
            xytext=(0, 7),
            textcoords="offset points",
            ha="right",
            color=plots.TEXT,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(1, max(count for _, _, count in values) * 3)
    axes.set_xticks(
        sorted({runners for _, runners, _ in values}),
        [f"{each:,}" for each in sorted({runners for _, runners, _ in values})],
    )
    axes.set_yticks(_TENS, [f"{each:,}" for each in _TENS])
    axes.minorticks_off()
    axes.set_xlabel("runners")
    axes.set_title(title, loc="left", color=plots.NOTE, size="medium")
    axes.grid(axis="y", color=plots.LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
