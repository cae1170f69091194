"""What the steps of a build share: where things are, how other programs run, and how a step fails."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
DIST = ROOT / "dist"
BINARY = DIST / "vsphere-session"
SANITIZED = BUILD / "sanitized" / "vsphere-session"


class BuildError(Exception):
    """One line for the person who builds: what is wrong, and what to do."""


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
