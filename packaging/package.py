"""Makes what is released, into dist/packages/: ``python packaging/package.py [x86_64] [aarch64]``.

Without an argument for both. Of the single files, their SBOMs, and the wheel in dist/ it makes deb, rpm and apk, an archive,
a container image, a Homebrew formula and SHA256SUMS. The same tree gives the same bytes. VSPHERE_SESSION_DOWNLOADS is
the URL of the directory from which people will get them; without it there is no formula.
"""

from __future__ import annotations

import sys

from common import BuildError
from packages.inputs import of_this_tree
from packages.release import publish


def main(architectures: list[str]) -> int:
    """Return the exit status."""
    try:
        publish(of_this_tree(architectures))
    except BuildError as error:
        sys.stderr.write(f"packaging/package.py: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
