"""Every supported Python on this machine, for ``run.py test --pythons``."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys

from environments.environment import ROOT, BootstrapError, Environment

OLDEST, NEWEST = (3, 11), (3, 14)
SYSTEM = "/usr/bin/python3"  # who has no other Python has the distribution's, built in its own way

SOURCES = ROOT / "packaging" / "toolchain" / "sources.lock"

# What does not depend on the interpreter, or only as far as the rest shows: other programs that call the helper or are
# called by it, the single file, which has a Python and a cryptography of its own, tools, pages, and what takes its time
# with made-up data. Everything else runs on each Python, so that tests of a new part do without being named here.
LEFT_OUT = (
    "audit",
    "configure",
    "crypto",
    "docs",
    "faults",
    "fuzzing",
    "hostile",
    "interop",
    "peers",
    "promises",
    "releases",
    "simulated_vcenter",
    "smoke",
)
# In CI all tests run on one Python anyway. Of another build of the same release these can differ: TLS, streams, modules that
# a build may lack, private ones. And on the release that is in the single file `smoke` runs what the program does as a whole,
# of a fleet by real engines.
OF_THE_BUILD = ("cli", "fastpath", "http", "secrets", "storage")
ON_THE_FILE = ("cli", "commands", "contract", "fleet", "login", "settings")

ASK = """
import importlib.util, os, sys
made = importlib.util.find_spec("venv") is not None
print(sys.implementation.name, *sys.version_info[:3], int(made), os.path.realpath(sys.executable))
"""


def run_on_all(main: Environment, arguments: list[str]) -> None:
    """Run the tests on each of them, one after the other. Raises CalledProcessError at the end if any has failed."""
    environments = found()
    if os.environ.get("CI"):
        environments = enough(environments, os.path.realpath(main.base))
    failed: list[subprocess.CalledProcessError] = []
    left_out = 0
    for environment in environments:
        name = f"Python {'.'.join(environment.release)} ({environment.base})"
        try:
            environment.provide()
        except BootstrapError as error:
            left_out += 1
            sys.stderr.write(f"{name} is left out: {error}\n")
            continue
        sys.stderr.write(f"{name}\n")
        try:
            ignored = [f"--ignore=tests/{part}" for part in sorted(left_out_on(environment.release, main.release))]
            environment.run("-m", "pytest", "-q", "-n", "auto", *ignored, *arguments, path=str(main.python.parent))
        except subprocess.CalledProcessError as error:
            failed.append(error)
    if failed:
        raise failed[0]
    if os.environ.get("CI") and left_out == len(environments):
        raise BootstrapError("the tests ran on no other Python than this one: install another, 3.11 to 3.14")


def left_out_on(release: tuple[str, ...], main: tuple[str, ...]) -> set[str]:
    """The folders of tests that say nothing new on this release, where `main` is the one of the Python that runs all tests."""
    if not os.environ.get("CI"):
        return set(LEFT_OUT)
    if release[:2] == main[:2]:
        return {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()} - set(OF_THE_BUILD)
    return {*LEFT_OUT, *(ON_THE_FILE if release[:2] == in_the_single_file() else ())}


def in_the_single_file() -> tuple[str, ...]:
    """The release of Python that it holds, without the last number."""
    found = re.search(
        r'^name = "cpython"\nversion = "(\d+)\.(\d+)\.', SOURCES.read_text(encoding="utf-8"), re.MULTILINE
    )
    return found.groups() if found else ()


def found() -> list[Environment]:
    """Each supported CPython with the environment that it gets, from the oldest to the newest."""
    answers = {answer.split(" ", 5)[5]: answer.split(" ", 5) for answer in map(ask, candidates()) if answer}
    environments = []
    for executable, (implementation, *release, can_be_made, _) in answers.items():
        if implementation == "cpython" and OLDEST <= tuple(map(int, release[:2])) <= NEWEST:
            place = f"{'.'.join(release)}-{hashlib.sha256(executable.encode()).hexdigest()[:8]}"
            environments.append(
                Environment(
                    ROOT / ".cache" / "pythons" / place, executable, tuple(release), can_be_made=can_be_made == "1"
                )
            )
    return sorted(environments, key=lambda environment: tuple(map(int, environment.release)))


def candidates() -> list[str]:
    """Programs that may be one: on PATH, the distribution's own, and pyenv's."""
    names = ["python3", *(f"python3.{minor}" for minor in range(OLDEST[1], NEWEST[1] + 1))]
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    on_path = [program for program in map(shutil.which, names) if program]
    return [sys.executable, *on_path, *glob.glob(f"{SYSTEM}*"), *glob.glob(f"{pyenv}/versions/*/bin/python3")]


def ask(program: str) -> str:
    """What it says of itself; nothing if it is none, such as pyenv's stand-in for one that is not there."""
    try:
        done = subprocess.run([program, "-I", "-c", ASK], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def enough(environments: list[Environment], main: str) -> list[Environment]:
    """The oldest, the newest and the distribution's own, besides the one that runs all tests anyway."""
    others = [environment for environment in environments if environment.base != main]
    return [
        environment
        for environment in others
        if environment in (others[0], others[-1]) or environment.base == os.path.realpath(SYSTEM)
    ]
