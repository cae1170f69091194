"""Makes the launcher, for the Python that builds: its own static library and a C compiler are all it takes."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import sysconfig
from pathlib import Path

from common import ROOT, BuildError, run

sys.path[:0] = [str(ROOT / "helper"), str(ROOT / "protocol")]  # this very tree's, whatever else is installed
from vsphere_session.fastpath.remembered import VARIABLES  # noqa: E402  # when it can be found

HARDENING = (
    "-O2",
    "-D_FORTIFY_SOURCE=2",
    "-fstack-protector-strong",
    "-Wl,-z,relro",
    "-Wl,-z,now",
    "-Wl,-z,noexecstack",
)
SANITIZERS = (
    *("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    str(Path(__file__).with_name("sanitizers.c")),
)
SOURCES = tuple(Path(__file__).with_name(name) for name in ("launcher.c", "answer.c", "checksum.c", "sha256.c"))


def compile_launcher(work: Path, *, sanitized: bool = False) -> Path:
    """Return the launcher, stripped; or with sanitizers, to be tested. Raise BuildError where this machine cannot make one."""
    target = work / "launcher"
    write_variables(work)
    flags = f"{sysconfig.get_config_var('LIBS')} {sysconfig.get_config_var('SYSLIBS')}".split()
    libraries = [flag for flag in flags if flag.startswith("-l")]  # and no search path of this machine
    run(
        "the launcher",
        *compiler(),
        *("-Wall", "-Werror", "-std=gnu11", f"-I{sysconfig.get_path('include')}", f"-I{work}"),
        *(SANITIZERS if sanitized else HARDENING),
        *(*SOURCES, static_library()),
        *libraries,
        # At a fixed address, as Go's programs are: to relocate an interpreter takes as long as a remembered answer.
        *("-no-pie", "-Wl,--export-dynamic", "-o", target),
    )
    if not sanitized:
        run("strip", "strip", target)
    return target


def write_variables(directory: Path) -> None:
    """Write variables.h for answer.c: the variables on which an answer can depend, as remembered.py lists them."""
    names = ", ".join(f'"{name}"' for name in VARIABLES)
    (directory / "variables.h").write_text(f"static const char *const VARIABLES[] = {{{names}}};\n", encoding="ascii")


def compiler() -> list[str]:
    """The system's compiler, else the one from the Python package `ziglang`."""
    for name in ("cc", "gcc", "clang"):
        if found := shutil.which(name):
            return [found]
    if importlib.util.find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc"]
    raise BuildError("there is no C compiler: run python3 tests/run.py build, or install your system's gcc")


def static_library() -> Path:
    """The interpreter as a static library."""
    name = f"libpython{sysconfig.get_config_var('LDVERSION')}.a"
    for directory in (sysconfig.get_config_var("LIBPL"), sysconfig.get_config_var("LIBDIR")):
        if directory and (found := Path(directory) / name).exists():
            return found
    raise BuildError(
        f"{sys.executable} has no {name}, which the file is made of: use a Python that was built from source or install"
        " your system's python3-dev package, or build the plain one: python3 tests/run.py build plain"
    )
