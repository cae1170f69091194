"""The wheel, installed by `pipx install` and by `uv tool install`, as README says, into directories of its own."""

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
    """Raise BuildError unless each installs the program, which then runs, and takes it away again."""
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
    said = run(f"the program that {name} installed", script, "--version")
    if not said.startswith(f"{PROGRAM} {installed.version_of_wheel()} (wheel"):
        raise BuildError(f"{name} installed another program than the wheel: {said}")
    run(f"{name}'s removal", tool, *remove, environment=environment)
    if list(programs.iterdir()):
        raise BuildError(f"{name} left something of the program behind in {programs}")


def _without_hashes(lock: str) -> str:
    """Names and versions alone, as an upper and lower limit: a wheel of our own has no hash in it."""
    return "".join(f"{line}\n" for line in re.findall(r"^[\w.-]+==[\w.]+(?: ; [^\\\n]+)?", lock, re.MULTILINE))
