"""The wheel and the source distribution, and the check that the latter is complete."""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path

import origin
from common import DIST, ROOT, BuildError, run

NOT_IN_IT = (".ci/", ".gitignore")  # what only a checkout has a use for


def build() -> None:
    """Build both into dist/, the wheel from the source distribution, in place of those of earlier builds."""
    for old in (*wheels(), *source_distributions()):
        old.unlink()
    command = (sys.executable, "-m", "build", "--no-isolation", "--outdir", DIST)
    run("the build of wheel and sdist", *command, environment={"SOURCE_DATE_EPOCH": origin.time_of_source()})
    check_complete(*source_distributions())


def wheels() -> list[Path]:
    """The wheels in dist/: one, after a build."""
    return sorted(DIST.glob("vsphere_session_helper-*.whl"))


def source_distributions() -> list[Path]:
    """The source distributions in dist/: one, after a build."""
    return sorted(DIST.glob("vsphere_session_helper-*.tar.gz"))


def check_complete(sdist: Path) -> None:
    """Raise BuildError if a file of the checkout is missing in the source distribution; it must build and test alone."""
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    needed = [name for name in origin.git("ls-files", "-z").split("\0") if (ROOT / name).is_file()]
    missing = [name for name in needed if name not in held and not name.startswith(NOT_IN_IT)]
    if missing:
        raise BuildError(f"{sdist.name} lacks {', '.join(missing)}: add it to the sdist's include in pyproject.toml")
