"""The machines for which there are packages, by each of their names, and the check that a file is for the one it is said to be."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from common import BuildError

_HEADER = struct.Struct("<16sHHIQQQIHHH")  # of an ELF file, as far as the number of its segments
_LOADER = 3  # the kind of segment that names the system's loader


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
    """Raise BuildError unless `file` is an executable for that machine: packages install it without a word."""
    with file.open("rb") as opened:
        start = opened.read(4096)  # whatever made it, headers are in the first page
    if len(start) < _HEADER.size or start[:6] != b"\x7fELF\x02\x01":
        raise BuildError(f"{file} is no 64-bit Linux executable: build it again")
    _, _, machine, _, _, first, _, _, _, size, count = _HEADER.unpack_from(start)
    if machine != architecture.machine:
        raise BuildError(f"{file} is not for {architecture.name}: build it again")
    kinds = [
        int.from_bytes(start[place : place + 4], "little") for place in range(first, first + count * size, size or 1)
    ]
    if _LOADER in kinds:
        raise BuildError(
            f"{file} needs a C library, which not every host has (`build plain` makes such a one): build it again"
        )
