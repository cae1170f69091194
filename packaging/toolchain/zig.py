"""The compiler: zig's clang and musl, from PyPI, which makes static files for either architecture on either."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from common import ROOT, BuildError, installed

VERSION = "0.15.1"
OPTIMIZED = (
    "-O2",
    "-g0",
    "-ffunction-sections",  # what is not used is not linked
    "-fdata-sections",
    "-fno-asynchronous-unwind-tables",
    "-fno-unwind-tables",
    "-fno-sanitize=undefined",  # which zig switches on by itself
    "-fstack-protector-strong",
    "-DTHREAD_STACK_SIZE=0x800000",  # for Python's threads, to which musl gives 128 KiB
)
"""How everything is compiled that is not ours."""


@dataclass(frozen=True)
class Target:
    """What the file is for: an architecture of Linux, by the names that its parts know it by."""

    arch: str
    openssl: str

    @property
    def triple(self) -> str:
        """As zig and configure scripts call it."""
        return f"{self.arch}-linux-musl"


TARGETS = {arch: Target(arch, f"linux-{arch}") for arch in ("x86_64", "aarch64")}


def target(arch: str | None = None) -> Target:
    """The target of this name, or this machine's. Raise BuildError for one that is not known."""
    name = arch or platform.machine()
    if name not in TARGETS:
        raise BuildError(f"{name!r} is no architecture that the file is made for: choose --arch {' or '.join(TARGETS)}")
    return TARGETS[name]


class Compiler:
    """Zig for one target, and the programs cc, ar and ranlib that build scripts want to call.

    Paths below `root` are compiled in as /build, and no date is, so that the place and the time of a build are not in it.
    """

    def __init__(self, target: Target, root: Path) -> None:
        self.target = target
        self._root = root
        self._zig = program()
        self._tools = root / "tools"

    def command(self) -> list[str]:
        """What compiles and links C."""
        return [
            *(str(self._zig), "cc", "-target", self.target.triple),
            *("-Wno-builtin-macro-redefined", '-D__DATE__="Jan  1 1980"', '-D__TIME__="00:00:00"'),
            f"-ffile-prefix-map={self._root}=/build",
        ]

    def environment(self) -> dict[str, str]:
        """What a build script has to find in its environment."""
        self._tools.mkdir(exist_ok=True)
        compiler = " ".join(f"'{word}'" for word in self.command())
        for name, line in {"cc": compiler, "ar": f"'{self._zig}' ar", "ranlib": f"'{self._zig}' ranlib"}.items():
            script = self._tools / name
            script.write_text(f'#!/bin/sh\nexec {line} "$@"\n', encoding="utf-8")
            script.chmod(0o755)
        return {
            "PATH": f"{self._tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "CC": "cc",
            "AR": "ar",
            "RANLIB": "ranlib",
            "CFLAGS": " ".join(OPTIMIZED),
            "SOURCE_DATE_EPOCH": "315532800",  # 1980, whichever commit it is: the libraries are kept for the next
            "LC_ALL": "C",
            **caches(),
        }


def caches() -> dict[str, str]:
    """Where zig keeps its C library, which it compiles once for each target."""
    return dict.fromkeys(("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"), str(ROOT / ".cache" / "zig"))


def program() -> Path:
    """Zig itself. Raise BuildError where it is not, or another version."""
    found = installed("ziglang", VERSION, called="the compiler ziglang", command="build")
    return Path(str(found.locate_file("ziglang/zig")))
