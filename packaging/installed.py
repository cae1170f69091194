"""The wheel, installed as a user does, but with exactly the dependencies that the lock file names."""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from pathlib import Path

import distributions
from common import BUILD, ROOT, run

PROJECT = "vsphere-session-helper"
VENV = BUILD / "smoke" / "venv"


def console_script() -> Path:
    """Install the wheel of dist/ into a fresh environment that holds nothing else, and return its console script."""
    shutil.rmtree(VENV, ignore_errors=True)
    run("the fresh environment", sys.executable, "-m", "venv", VENV)
    requirements = VENV / "requirements.txt"
    requirements.write_text(run_time_lock(), encoding="utf-8")
    pip("--require-hashes", "--no-deps", "-r", requirements)
    pip("--no-deps", "--no-index", *distributions.wheels())
    run("pip check", _program("python"), "-m", "pip", "check")
    return _program("vsphere-session")


def pip(*arguments: str | Path) -> None:
    """Install into the environment."""
    run("pip", _program("python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", *arguments)


def run_time_lock() -> str:
    """Return what of the lock file the wheel needs: its dependencies in pyproject.toml, and theirs.

    The comments of the lock file say which package wants which.
    """
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    blocks = {block.partition("==")[0]: block for block in re.split(r"\n(?=\w)", lock)}
    wanted_by = {
        name: set(re.findall(r"^    #(?: via|  ) ([\w-]+)", block, re.MULTILINE)) for name, block in blocks.items()
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[^\w-]", line)[0] for line in project["dependencies"]}
    while more := {name for name, by in wanted_by.items() if by & needed} - needed:
        needed |= more
    return "\n".join(blocks[name] for name in sorted(needed)) + "\n"


def version_of_wheel() -> str:
    """Of the one in dist/, by its name."""
    (wheel,) = distributions.wheels()
    return wheel.name.split("-")[1]


def _program(name: str) -> Path:
    return VENV / ("Scripts" if sys.platform == "win32" else "bin") / name
