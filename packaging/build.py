"""Builds what is handed out, into dist/: ``python packaging/build.py [binary] [plain] [distributions] [sanitized] [--arch ARCH]``.

  binary          vsphere-session, the single file, which needs nothing where it runs: for this machine's architecture,
                  or with --arch x86_64 or aarch64 for another one, in dist/ARCH/
  plain           the same as PyInstaller alone makes it: slower, and it unpacks itself at every start
  distributions   the wheel and the source distribution
  sanitized       the launcher of the single file with a compiler's sanitizers, into build/sanitized/, for tests

Without an argument, the first and the third. It says nothing unless something is wrong; on a terminal it tells how far
it is. The same tree gives the same bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import distributions
from binary import build as binary
from common import BuildError, progress

STEPS: dict[str, Callable[[], None]] = {
    "binary": binary.build,
    "plain": binary.build_plain,
    "distributions": distributions.build,
    "sanitized": binary.build_sanitized,
}
USUAL = ("binary" if sys.platform == "linux" else "plain", "distributions")


def main(chosen: list[str]) -> int:
    """Return the exit status."""
    arch = None
    if "--arch" in chosen[:-1]:
        at = chosen.index("--arch")
        arch = chosen[at + 1]
        chosen = chosen[:at] + chosen[at + 2 :] or ["binary"]
    steps = STEPS | {"binary": lambda: binary.build(arch)}
    if not set(chosen) <= set(STEPS):
        sys.stderr.write(f"{__doc__}")
        return 2
    try:
        for name, step in steps.items():
            if name in (chosen or USUAL):
                progress(f"building: {name}")
                step()
    except BuildError as error:
        sys.stderr.write(f"packaging/build.py: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
