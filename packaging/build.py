"""Builds what is handed out, into dist/: ``python packaging/build.py [onefile] [distributions]``.

  onefile         vsphere-session, the single file, which needs no Python where it runs
  distributions   the wheel and the source distribution

Without an argument, both. It says nothing unless something is wrong; on a terminal it tells how far it is. The same
tree gives the same bytes.
"""

from __future__ import annotations

import sys

import distributions
from common import BuildError, progress
from onefile import build as onefile

STEPS = {"onefile": onefile.build, "distributions": distributions.build}


def main(chosen: list[str]) -> int:
    """Return the exit status."""
    if not set(chosen) <= set(STEPS):
        sys.stderr.write(f"{__doc__}")
        return 2
    try:
        for name, step in STEPS.items():
            if name in (chosen or STEPS):
                progress(f"building: {name}")
                step()
    except BuildError as error:
        sys.stderr.write(f"packaging/build.py: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
