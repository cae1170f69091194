"""The toolchain of the single file: made once from sources.lock, and kept in .cache/toolchain.

It is kept under a hash of all that goes into it, so that another version never takes its place.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from common import ROOT, BuildError, alone
from toolchain import recipes, zig
from toolchain.sources import sha256, sources

CACHE = ROOT / ".cache" / "toolchain"
TOOLS = ("make", "perl")
_MADE_FROM = ("sources.lock", "recipes.py", "zig.py")
_MIB = 1 << 20
_ROOM_MIB = 600
"""What a build of all takes while it runs."""


@dataclass(frozen=True)
class Toolchain:
    """Libraries and headers of one target."""

    target: zig.Target
    directory: Path

    @property
    def include(self) -> Path:
        """Headers; Python's own are in `python` below it."""
        return self.directory / "usr" / "include"

    @property
    def lib(self) -> Path:
        """Static libraries."""
        return self.directory / "usr" / "lib"

    @property
    def python(self) -> Path:
        """The interpreter, where the target is this machine."""
        return self.directory / "python" / "bin" / "python3.13"


def provide(arch: str | None = None) -> Toolchain:
    """Return the toolchain for an architecture, this machine's if none is named; the first time that takes minutes.

    Raise BuildError where it can't be made. Two builds at once make it once.
    """
    target = zig.target(arch)
    key = sha256(b"".join(Path(__file__).with_name(name).read_bytes() for name in _MADE_FROM))[:16]
    made = Toolchain(target, CACHE / f"{target.arch}-{key}")
    if (
        made.directory.exists()
    ):  # it got its name when it was whole, and whoever makes another one is nothing to wait for
        return made
    native = (
        None if target == zig.target() else provide().python
    )  # in a turn of its own: others wait for this one alone
    with _turn():
        if not made.directory.exists():
            _make(made, native)
    return made


def _make(made: Toolchain, native: Path | None) -> None:
    """Make it, while nobody else makes one."""
    target = made.target
    _check_machine()
    for old in [*CACHE.glob("work-*"), *CACHE.glob(f"{target.arch}-*")]:
        # Of another version, or of a build that was killed, whose steps may go on for a while and write into it.
        shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="work-", dir=CACHE, ignore_cleanup_errors=True) as directory:
        work = Path(directory).resolve()
        compiler = zig.Compiler(target, work)
        place = recipes.Place(work, compiler, _Runner(compiler))
        recipes.make(place, native)
        whole = work / "whole"
        whole.mkdir()
        for part in ("usr", "python"):
            if (work / part).exists():
                (work / part).rename(whole / part)
        whole.rename(made.directory)


class _Runner:
    """Runs the steps of a recipe; what they say goes into a file, and a step that fails says where that is."""

    def __init__(self, compiler: zig.Compiler) -> None:
        self._environment = os.environ | compiler.environment()
        self._log = CACHE / f"{compiler.target.arch}.log"
        self._log.unlink(missing_ok=True)

    def __call__(self, directory: Path, *command: str | Path) -> None:
        with self._log.open("ab") as log:
            done = subprocess.run(  # noqa: S603  # nosec B603  # what is run stands in the recipes
                command,
                cwd=directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            if shutil.disk_usage(CACHE).free < 16 * _MIB:
                raise BuildError(f"no space is left in {CACHE}: a build takes {_ROOM_MIB} MiB")
            raise BuildError(f"{directory.name} could not be built ({Path(command[0]).name}): see {self._log}")


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for other builds of this tree."""
    with ExitStack() as stack:
        try:
            CACHE.mkdir(parents=True, exist_ok=True)
            stack.enter_context(alone(CACHE / "lock"))
        except OSError as error:
            raise BuildError(f"{CACHE}: {error.strerror}: it must be a directory that you may write to") from error
        yield


def _check_machine() -> None:
    zig.program()
    for row in sources():
        row.check()
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        raise BuildError(f"{' and '.join(missing)} cannot be found: install your system's packages of these names")
    if shutil.disk_usage(CACHE).free < _ROOM_MIB * _MIB:
        raise BuildError(f"{CACHE} has too little room: a build takes {_ROOM_MIB} MiB")
