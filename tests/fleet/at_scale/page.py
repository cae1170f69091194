"""The figures as they stand in docs/fleet.md."""

from __future__ import annotations

import os
import platform

from benchmarks.pages import put
from benchmarks.programs import ROOT
from fleet.at_scale.figures import Row, table

PAGE = ROOT / "docs" / "fleet.md"
FIGURES = "fleet-figures"


class Results:
    """What one run has found."""

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows

    def write(self) -> None:
        """Put everything into its place."""
        put(PAGE, FIGURES, f"{table(self._rows)}\n\n{measured()}")


def measured() -> str:
    """What it was measured on."""
    return (
        f"{os.cpu_count()} cores for runners, engine and vCenter together, {platform.system()} {platform.machine()}, Python "
        f"{platform.python_version()}."
    )
