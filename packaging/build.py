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

import errno
import sys
from collections.abc import Callable

import distributions
from binary import build as binary
from common import BuildError, progress
from toolchain.zig import TARGETS

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
    if "--arch" in chosen:
        at = chosen.index("--arch")
        arch = "".join(chosen[at + 1 : at + 2])
        chosen = chosen[:at] + chosen[at + 2 :] or ["binary"]
    steps = STEPS | {"binary": lambda: binary.build(arch)}
    if not set(chosen) <= set(STEPS) or (arch is not None and "binary" not in chosen):
        sys.stderr.write(f"{__doc__}")
        return 2
    try:
        if arch == "":
            raise BuildError(f"--arch wants a name: {' or '.join(TARGETS)}")
        for name, step in steps.items():
            if name in (chosen or USUAL):
                progress(f"building: {name}")
                step()
    except BuildError as error:
        sys.stderr.write(f"packaging/build.py: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"packaging/build.py: {_told(error)}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _told(error: OSError) -> str:
    where = error.filename or "the build"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"no space is left for {where}: make room, and build again"
    return f"{where}: {error.strerror or error}: mend that, and build again"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
