"""The figures as they stand in docs/fleet.md, and the picture beside them, which is drawn from what the page shows."""

from __future__ import annotations

import os
import platform

from benchmarks.pages import put, shown
from benchmarks.programs import ROOT
from fleet.at_scale.compared import WITH, WITHOUT
from fleet.at_scale.figures import Row, in_table, table
from fleet.at_scale.paper import on_paper
from fleet.at_scale.picture import Point, draw

PAGE, PICTURE = ROOT / "docs" / "fleet.md", ROOT / "docs" / "fleet.svg"
FIGURES, COMPARED, PAPER = "fleet-figures", "fleet-compared", "fleet-on-paper"
_COMPARED_HEAD = [
    "runners",
    "a fleet",
    "logins",
    "refused logins",
    "sessions",
    "requests to the vCenter",
    "calls without a session",
]


class Results:
    """What one run has found."""

    def __init__(self, rows: list[Row]) -> None:
        self._compared = [row for row in rows if row.scene in (WITH, WITHOUT)]
        self._rows = [row for row in rows if row.scene not in (WITH, WITHOUT)]

    def write(self) -> None:
        """Put everything into its place."""
        put(PAGE, FIGURES, f"{table(self._rows)}\n\n{_measured()}")
        put(PAGE, COMPARED, in_table([_COMPARED_HEAD, *map(_compared, self._compared)]))
        put(PAGE, PAPER, on_paper(self._rows))
        PICTURE.write_text(draw(shown_points()), encoding="utf-8")


def shown_points() -> list[Point]:
    """What the page's table of comparison shows."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in shown(PAGE, COMPARED).splitlines()[2:]]
    return [
        Point(scene == WITH, int(runners), int(logins) + int(refused), int(requests))
        for runners, scene, logins, refused, _, requests, _ in rows
    ]


def _compared(row: Row) -> list[str]:
    figures = [row.logins, row.failed, row.most, row.requests, sum(row.crowd.errors.values())]
    return [str(len(row.crowd.answers)), row.scene, *map(str, figures)]


def _measured() -> str:
    return (
        f"{os.cpu_count()} cores for runners, engine and vCenter together, {platform.system()} {platform.machine()}, Python "
        f"{platform.python_version()}."
    )
