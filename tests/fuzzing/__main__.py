"""`python3 tests/run.py fuzz [--inputs N] [--seed S]`: fuzz every parser on all cores; status 1 if something is found."""

from __future__ import annotations

import argparse
import sys
from time import perf_counter

from fuzzing.running import run


def main() -> int:
    """Print the findings, then one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="how many in all, at least (1000000)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same inputs (1)")
    options = parser.parse_args()
    started = perf_counter()
    count, found = run(options.inputs, options.seed, progress=progress)
    progress(0)
    for finding in found:
        sys.stdout.write(f"{finding}\n")
    took = perf_counter() - started
    sys.stdout.write(f"{count} inputs, {len(found)} findings, {took:.0f} seconds, seed {options.seed}\n")
    return 1 if found else 0


def progress(done: int) -> None:
    """Keep a line on a terminal up to date; 0 wipes it away. A log needs none of it."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{done} inputs" if done else "\r\x1b[K")
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
