"""The machines for which there are packages, by each of their names, and the check that a file is for the one it is said to be."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from common import BuildError

_HEADER = struct.Struct("<16sHH")  # of an ELF file: identification, type, machine


@dataclass(frozen=True)
class Architecture:
    """A machine: its name in `uname -m` and in rpm and apk; in Go, deb and container images; in an ELF file."""

    name: str
    go: str
    machine: int


ARCHITECTURES = {
    each.name: each for each in (Architecture("x86_64", "amd64", 62), Architecture("aarch64", "arm64", 183))
}


def check_executable(file: Path, architecture: Architecture) -> None:
    """Raise BuildError unless `file` is an executable for that machine: somebody else's would be installed without a word."""
    with file.open("rb") as opened:
        start = opened.read(_HEADER.size)
    if len(start) < _HEADER.size or start[:6] != b"\x7fELF\x02\x01":
        raise BuildError(f"{file} is no 64-bit Linux executable: build it again")
    if _HEADER.unpack(start)[2] != architecture.machine:
        raise BuildError(f"{file} is not for {architecture.name}: build it again")
