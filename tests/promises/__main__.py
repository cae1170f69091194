"""`python3 tests/run.py promises [NUMBER ...] [--short] [--write]`: prove them, print what came of it; --write puts it into docs/promises.md."""

from __future__ import annotations

import argparse
import os
import sys

from tqdm import tqdm

from promises.rows import SEED, Promise, Row, Size, seed
from promises.table import PROMISES, section, write


def main() -> int:
    """Return 1 if a promise is broken; the others are still tried."""
    parser = argparse.ArgumentParser(prog="tests/run.py promises", description=__doc__)
    parser.add_argument("numbers", nargs="*", type=int, metavar="NUMBER", help="which promises (all)")
    parser.add_argument("--short", action="store_true", help="as the tests do it")
    parser.add_argument("--seed", type=int, default=seed(), help="for what is chosen by chance (%(default)s)")
    parser.add_argument("--write", action="store_true", help="put the sections into docs/promises.md")
    options = parser.parse_args()
    os.environ[SEED] = str(options.seed)
    chosen = [promise for promise in PROMISES if not options.numbers or promise.number in options.numbers]
    size = Size.SHORT if options.short else Size.LONG
    broken = False
    for promise in chosen:
        try:
            text = section(promise, kept(promise, size))
        except AssertionError as error:
            broken = True
            sys.stdout.write(f"promise {promise.number} is broken: {error}\n")
            continue
        sys.stdout.write(f"{promise.number}. {promise.text}\n\n{text}\n\n")
        if options.write:
            write(promise, text)
    return int(broken)


def kept(promise: Promise, size: Size) -> list[Row]:
    """Run one promise under a progress bar, which only a terminal shows."""
    with tqdm(desc=f"promise {promise.number}", unit="", disable=None, leave=False) as bar:
        return list(promise.rows(size, bar.update))


if __name__ == "__main__":
    sys.exit(main())
