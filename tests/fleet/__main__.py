"""`python3 tests/run.py fleet`: a thousand runners at real engines, in every scene that may come; its figures go into docs/fleet.md."""

from __future__ import annotations

import argparse
import os
import resource
import sys
import traceback

from fleet.at_scale.figures import Row, table
from fleet.at_scale.page import Results
from fleet.at_scale.scenes import SCENES
from fleet.scenes import EVERY_STATE, LARGE
from promises.rows import SEED, seed

LONG, SHORT = 1000, 100
_OPEN_FILES = 20_000


def main() -> int:
    """Return 1 if a scene does not go as it has to; the others are still played."""
    parser = argparse.ArgumentParser(prog="tests/run.py fleet", description=__doc__)
    parser.add_argument("--short", action="store_true", help=f"{SHORT} runners, and nothing is written")
    parser.add_argument("--scene", action="append", choices=SCENES, help="this one alone, and nothing is written")
    parser.add_argument("--seed", type=int, default=seed(), help="for what is chosen by chance (%(default)s)")
    parser.add_argument(
        "--model", action="store_true", help="search the model's large scenes instead, which takes minutes"
    )
    options = parser.parse_args()
    if options.model:
        return search()
    os.environ[SEED] = str(options.seed)
    _allow_connections()
    size = SHORT if options.short else LONG
    rows, broken = play(options.scene or list(SCENES), size)
    sys.stdout.write(f"\n{table(rows)}\n")
    if not (broken or options.short or options.scene):
        Results(rows).write()
    return int(broken)


def play(names: list[str], size: int) -> tuple[list[Row], bool]:
    """The rows of these scenes, each told as soon as it is there, and whether one is broken."""
    rows, broken = list[Row](), False
    for name in names:
        scene = SCENES[name]
        for engine in scene.engines[-1:] if scene.takes_long and size < LONG else scene.engines:
            try:
                for row in scene.play(engine, size):
                    rows.append(row)
                    sys.stdout.write(f"{' | '.join(row.cells())}\n")
                    sys.stdout.flush()
            except (AssertionError, TimeoutError) as error:
                broken = True
                where = traceback.extract_tb(error.__traceback__)[-1]
                sys.stdout.write(f"scene {name} with {engine} is broken: {error} ({where.line})\n")
    return rows, broken


def search() -> int:
    """Look at every state of the scenes that are too large for each run of the tests; 1 if one of them must not be."""
    broken = False
    for scene in LARGE:
        found = scene.search(most_states=EVERY_STATE)
        wrong = found.lost or found.wrong or found.stuck
        broken = broken or bool(wrong)
        sys.stdout.write(f"{scene}: {found.states:,} states, {'BROKEN' if wrong else 'none that must not be'}\n")
        sys.stdout.flush()
    return int(broken)


def _allow_connections() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


if __name__ == "__main__":
    sys.exit(main())
