"""The wheel, installed by `pipx install` and by `uv tool install`, as README says, into directories of its own.

And the program, run and installed straight from this tree.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import distributions
import installed
from common import BUILD, BuildError, run

LOCK = Path(__file__).with_name("requirements.lock")
PLACE = BUILD / "smoke" / "installers"
PROGRAM = "vsphere-session"


def check() -> None:
    """Raise BuildError unless each installs the program, which then runs, and takes it away again; and runs it from the tree."""
    shutil.rmtree(PLACE, ignore_errors=True)
    tools = PLACE / "venv"
    run("the environment of pipx and uv", sys.executable, "-m", "venv", tools)
    scripts = tools / ("Scripts" if sys.platform == "win32" else "bin")
    run("pip", scripts / "python", "-m", "pip", "install", "-q", "--require-hashes", "-r", LOCK)
    versions = PLACE / "versions.txt"
    versions.write_text(_without_hashes(installed.run_time_lock()), encoding="ascii")
    (wheel,) = distributions.wheels()
    for name, environment, install, remove in (
        (
            "pipx",
            {"PIPX_HOME": "pipx", "PIPX_BIN_DIR": "bin-of-pipx", "PIPX_MAN_DIR": "man-of-pipx"},
            ("install", "--python", sys.executable, f"--pip-args=--constraint={versions}", wheel),
            ("uninstall", installed.PROJECT),
        ),
        (
            "uv",
            {"UV_TOOL_DIR": "uv", "UV_TOOL_BIN_DIR": "bin-of-uv", "UV_CACHE_DIR": "cache-of-uv"},
            ("tool", "install", "--python", sys.executable, "--constraints", versions, wheel),
            ("tool", "uninstall", installed.PROJECT),
        ),
    ):
        here = {variable: str(PLACE / place) for variable, place in environment.items()}
        _check(name, scripts / name, PLACE / f"bin-of-{name}", here, install=install, remove=remove)
    _check_tree(scripts, versions)


def _check(
    name: str,
    tool: Path,
    programs: Path,
    environment: Mapping[str, str],
    *,
    install: tuple[str | Path, ...],
    remove: tuple[str, ...],
) -> None:
    run(f"{name}'s installation", tool, *install, environment=environment)
    (script,) = programs.glob(f"{PROGRAM}*")
    _check_version(name, run(f"the program that {name} installed", script, "--version"))
    run(f"{name}'s removal", tool, *remove, environment=environment)
    if list(programs.iterdir()):
        raise BuildError(f"{name} left something of the program behind in {programs}")


def _check_tree(scripts: Path, versions: Path) -> None:
    """Nothing is there of an earlier run, no cache and no configuration; what builds it comes from the index."""
    ways: dict[str, tuple[str | Path, ...]] = {
        "uvx": (scripts / "uvx", "--from"),
        "uv tool run": (scripts / "uv", "tool", "run", "--from"),
        "pipx run": (scripts / "pipx", "run", "--spec"),
    }
    for name, way in ways.items():
        command = (*way, ".", PROGRAM, "--version")
        _check_version(name, run(f"{name} in the tree", *command, environment=_newcomer(name, versions)))
    venv = PLACE / "from-the-tree"
    run("a fresh environment", sys.executable, "-m", "venv", venv)
    programs = venv / scripts.name
    pip = (programs / "python", "-m", "pip", "install", "-q", ".")
    run("pip install in the tree", *pip, environment=_newcomer("pip install", versions))
    _check_version("pip install", run("what pip installed", programs / PROGRAM, "--version"))


def _newcomer(name: str, versions: Path) -> dict[str, str]:
    """Variables of somebody whose home is empty, but for the Python and the versions that this project is tested with."""
    home = PLACE / f"home of {name}"
    home.mkdir()
    return {
        **{variable: str(home) for variable in ("HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA")},
        **{f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA", "STATE")},
        "PIP_CONSTRAINT": str(versions),
        "UV_CONSTRAINT": str(versions),
        "PIPX_DEFAULT_PYTHON": sys.executable,
        "UV_PYTHON": sys.executable,
    }


def _check_version(name: str, said: str) -> None:
    if not said.startswith(f"{PROGRAM} {installed.version_of_wheel()} (wheel"):
        raise BuildError(f"{name} brought another program than the wheel: {said}")


def _without_hashes(lock: str) -> str:
    """Names and versions alone, as an upper and lower limit: a wheel of our own has no hash in it."""
    return "".join(f"{line}\n" for line in re.findall(r"^[\w.-]+==[\w.]+(?: ; [^\\\n]+)?", lock, re.MULTILINE))
