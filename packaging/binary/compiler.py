"""Makes the launcher: the C files beside this one, linked with the toolchain's libraries into one static file."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from common import BINARY, ROOT, BuildError, run
from toolchain import zig

if TYPE_CHECKING:
    from toolchain.provide import Toolchain

sys.path[:0] = [str(ROOT / "helper"), str(ROOT / "protocol")]  # this very tree's, whatever else is installed
from vsphere_session.fastpath.remembered import VARIABLES  # noqa: E402  # when it can be found

_HERE = Path(__file__).parent
_WARNINGS = ("-Wall", "-Wextra", "-Wno-unused-parameter", "-Wno-missing-field-initializers", "-Werror", "-std=gnu11")
FIRST_PAGES = ("launcher.c", "answer.c", "checksum.c", "sha256.c")
"""What runs before Python does, if that runs at all."""
HARDENING = ("-O2", "-fstack-protector-strong", "-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,noexecstack")
SANITIZERS = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", f'-DIMAGE="{BINARY}"')
COMPILERS = ("cc", "gcc", "clang")
LIBRARIES = ("python3.13", "Hacl_Hash_SHA2", "ssl", "crypto", "expat", "z", "m")


def compile_launcher(work: Path, toolchain: Toolchain) -> Path:
    """Return the launcher, an executable without symbols. Raise BuildError where it can't be made."""
    target = work / "launcher"
    write_variables(work)
    compiler = zig.Compiler(toolchain.target, ROOT)
    run(
        "the launcher",
        *compiler.command(),
        *(*_WARNINGS, *HARDENING, "-fno-sanitize=undefined", "-ffunction-sections", "-fdata-sections"),
        *(f"-I{work}", f"-I{toolchain.include}", f"-I{toolchain.include / 'python'}"),
        *(_HERE / name for name in (*FIRST_PAGES, "interpreter.c", "memory.c", "crypto.c")),
        f"-L{toolchain.lib}",
        *(f"-l{library}" for library in LIBRARIES),
        # At a fixed address, as Go's programs are: to relocate an interpreter takes as long as a remembered answer.
        *("-static", "-no-pie", "-Wl,--gc-sections", "-Wl,-s", "-T", _HERE / "layout.ld", "-o", target),
        environment=zig.caches(),
    )
    return target


def compile_sanitized(work: Path, target: Path) -> None:
    """Make the launcher with this machine's compiler and its sanitizers, for tests; Python runs in the file of dist/."""
    write_variables(work)
    sources = [_HERE / name for name in (*FIRST_PAGES, "sanitizers.c")]
    run("the launcher", compiler(), *_WARNINGS, *SANITIZERS, f"-I{work}", *sources, "-o", target)


def write_variables(directory: Path) -> None:
    """Write variables.h for answer.c: the variables on which an answer can depend, as remembered.py lists them."""
    names = ", ".join(f'"{name}"' for name in VARIABLES)
    (directory / "variables.h").write_text(f"static const char *const VARIABLES[] = {{{names}}};\n", encoding="ascii")


def compiler() -> str:
    """The C compiler of this machine, which has sanitizers, as zig has not."""
    for name in COMPILERS:
        if found := shutil.which(name):
            return found
    raise BuildError("there is no C compiler, whose sanitizers the tests need: install your system's gcc")
