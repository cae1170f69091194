"""A hundred thousand runners, on paper: from what one call costs the engine."""

from __future__ import annotations

from fleet.at_scale.figures import Row, in_table
from fleet.at_scale.stage import REDIS, VALKEY

RUNNERS = 100_000
TRUST_SECONDS = 60
COLD, WARM = "1 nothing there, all come at once", "2 all come to what another has made"
_PACES = (("jobs of ten minutes, a get each", 600), ("a get a minute, nothing local lasts", 60))


def on_paper(rows: list[Row]) -> str:
    """The table, by: gets a second x what one costs. Cores are of the engine; the vCenter's figures are for each place and kind."""
    found = {(row.scene, row.engine): row for row in rows}
    lines = [
        [
            "a hundred thousand runners",
            "gets a second",
            "engine",
            "cores",
            "traffic",
            "questions to the vCenter",
            "without a fleet",
        ]
    ]
    for pace, every in _PACES:
        for engine in (REDIS, VALKEY):
            warm, gets = found[WARM, engine], RUNNERS / every
            lines.append([
                pace,
                f"{gets:,.0f}",
                engine,
                f"{gets * warm.cpu / 1000:.2f}",
                f"{gets * warm.traffic / 1e6:.1f} MB/s",
                f"{60 / TRUST_SECONDS:.0f} a minute, 1 session",
                f"{gets:,.0f} logins a second",
            ])  # fmt: skip
    for engine in (REDIS, VALKEY):
        cold = found[COLD, engine]
        lines.append([
            f"all begin in one moment: {RUNNERS * cold.cpu / 1000:,.0f} s of one core",
            f"{1000 / cold.cpu:,.0f} for each core",
            engine,
            "1.00",
            f"{1000 / cold.cpu * cold.traffic / 1e6:.1f} MB/s",
            "1 login",
            f"{RUNNERS:,} logins",
        ])  # fmt: skip
    return in_table(lines)
