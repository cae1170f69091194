"""What a release is made from, and which command makes what is missing."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import distributions
import origin
from common import BILL, ROOT, BuildError, executable
from packages.architectures import ARCHITECTURES, check_executable
from packages.usage import VERSION

DOWNLOADS = "VSPHERE_SESSION_DOWNLOADS"


@dataclass(frozen=True)
class Inputs:
    """All that goes into a release.

    version         as the program says it, `1.2.3` or `1.2.3rc1`
    time            what every file is dated, in seconds since 1970
    executables     the single file for each architecture, by `uname -m`'s name for it
    boms            what is in each, as CycloneDX
    licence, notice the project's licence, and those of what is in the file
    distributions   the wheel and the source distribution, which go along as they are
    downloads       the URL of the directory from which people will get all this; empty where there is none
    """

    version: str
    time: int
    executables: Mapping[str, Path]
    boms: Mapping[str, Path]
    licence: Path
    notice: Path
    distributions: Sequence[Path]
    downloads: str = ""

    def check(self) -> None:
        """Raise BuildError where something is missing, or not what it should be."""
        if not re.fullmatch(r"\d+\.\d+\.\d+(rc\d+)?", self.version):
            raise BuildError(f"the version {self.version} is neither 1.2.3 nor 1.2.3rc1: see version.py")
        for name, file in self.executables.items():
            _check_there(file, f"run {_command(name)}")
            check_executable(file, ARCHITECTURES[name])
        for name, file in self.boms.items():
            _check_there(file, f"run {_command(name)}")
        for file in (self.licence, self.notice):
            _check_there(file, "it belongs to the tree, get it from there")
        if not self.distributions:
            raise BuildError("dist/ has no wheel and no source distribution: run python3 tests/run.py build")
        if self.downloads and not re.fullmatch(r"https://[\w.~:/%+-]+", self.downloads):
            raise BuildError(f"{DOWNLOADS} is no https:// URL of a directory")


def of_this_tree(architectures: Sequence[str] = ()) -> Inputs:
    """What dist/ holds for these architectures, else for all. Raises BuildError for one that is not known."""
    unknown = sorted(set(architectures) - set(ARCHITECTURES))
    if unknown:
        raise BuildError(f"the architecture {unknown[0]} is not known: there are {', '.join(ARCHITECTURES)}")
    chosen = architectures or tuple(ARCHITECTURES)
    files = {name: executable(name) for name in chosen}
    return Inputs(
        version=VERSION,
        time=int(origin.time_of_source()),
        executables=files,
        boms={name: file.with_name(BILL) for name, file in files.items()},
        licence=ROOT / "LICENSE",
        notice=ROOT / "NOTICE",
        distributions=(*distributions.wheels(), *distributions.source_distributions()),
        downloads=os.environ.get(DOWNLOADS, "").rstrip("/"),
    )


def _command(architecture: str) -> str:
    option = "" if architecture == platform.machine() else f" --arch {architecture}"
    return f"python3 tests/run.py build{option}"


def _check_there(file: Path, advice: str) -> None:
    if not file.is_file():
        shown = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
        raise BuildError(f"{shown} is missing: {advice}")
