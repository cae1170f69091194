"""`python3 tests/run.py bench [--rounds N] [--write]`: measure, print the results, and with --write put them into the pages."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import floor, pages, rows, stages
from benchmarks.programs import Bench
from benchmarks.timing import medians
from peers import VcSim


def main() -> None:
    """Measure everything in one paired run."""
    parser = argparse.ArgumentParser(prog="python3 tests/run.py bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=30, help="how often each command runs (30)")
    parser.add_argument(
        "--write", action="store_true", help="put the results into README.md, docs/speed.md and docs/speed.svg"
    )
    options = parser.parse_args()
    with VcSim(idle="1h") as vcsim, tempfile.TemporaryDirectory() as directory:
        bench = Bench(vcsim, Path(directory))
        launcher = floor.compiled(Path(directory))
        table = rows.rows(bench, options.rounds, launcher)
        with floor.floors(launcher, vcsim, Path(directory)) as measures:
            lowest = medians(measures, options.rounds)
        bars = stages.bars(bench, options.rounds)
    results = pages.Results(table, lowest, bars, options.rounds)
    sys.stdout.write(f"{results.for_page()}\n\n{results.stages()}\n")
    if options.write:
        results.write()


if __name__ == "__main__":
    main()
