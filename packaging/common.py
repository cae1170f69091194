"""What the steps of a build share: where things are, how other programs run, and how a step fails."""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
DIST = ROOT / "dist"
BINARY = DIST / "vsphere-session"
SANITIZED = BUILD / "sanitized" / "vsphere-session"
BILL = f"{BINARY.name}.cdx.json"
"""The single file's bill of materials, beside it."""


class BuildError(Exception):
    """One line for the person who builds: what is wrong, and what to do."""


def executable(architecture: str) -> Path:
    """Where the single file for an architecture is: this machine's in dist/, another's in a directory of its name there."""
    return BINARY if architecture == platform.machine() else DIST / architecture / BINARY.name


def installed(name: str, wanted: str, *, called: str, command: str) -> Distribution:
    """The Python package of this name. Raise BuildError unless it has the wanted version, which `command` of tests/run.py brings."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        found = None
    if found is None or found.version != wanted:
        here = found.version if found else "none"
        raise BuildError(f"{called} {wanted} is needed, {here} is here: run python3 tests/run.py {command}")
    return found


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """One process at a time; one that dies leaves at once."""
    with path.open("a") as lock:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415  # Windows' own

            msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl  # noqa: PLC0415  # everybody else's

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(what: str, *command: str | Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a program at the root of the tree and return its standard output; raise BuildError with its last words."""
    try:
        done = subprocess.run(  # noqa: S603  # nosec B603  # what is run stands in the build's own code
            command,
            cwd=ROOT,
            env=os.environ | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise BuildError(f"{what} failed: {command[0]}: {error.strerror}") from error
    if done.returncode:
        raise BuildError(f"{what} failed:\n{(done.stdout + done.stderr)[-4000:]}")
    return done.stdout


def progress(line: str) -> None:
    """Tell a person what takes so long; a log needs none of it."""
    if sys.stderr.isatty():
        sys.stderr.write(f"-- {line}\n")
