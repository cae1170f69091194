"""Builds what is handed out, into dist/: ``python packaging/build.py [binary] [plain] [distributions] [sanitized]``.

  binary          vsphere-session, the single file, which needs no Python where it runs
  plain           the same as PyInstaller alone makes it: slower, and it unpacks itself at every start
  distributions   the wheel and the source distribution
  sanitized       the single file with the compiler's sanitizers in its launcher, into build/sanitized/, for tests

Without an argument, the first and the third. It says nothing unless something is wrong; on a terminal it tells how far
it is. The same tree gives the same bytes.
"""

from __future__ import annotations

import sys

import distributions
from binary import build as binary
from common import BuildError, progress

STEPS = {
    "binary": binary.build,
    "plain": binary.build_plain,
    "distributions": distributions.build,
    "sanitized": binary.build_sanitized,
}
USUAL = ("binary" if sys.platform == "linux" else "plain", "distributions")


def main(chosen: list[str]) -> int:
    """Return the exit status."""
    if not set(chosen) <= set(STEPS):
        sys.stderr.write(f"{__doc__}")
        return 2
    try:
        for name, step in STEPS.items():
            if name in (chosen or USUAL):
                progress(f"building: {name}")
                step()
    except BuildError as error:
        sys.stderr.write(f"packaging/build.py: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
