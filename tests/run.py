"""The one command to work on this project: ``python3 tests/run.py COMMAND [ARGUMENT ...]``.

  demo    show what the helper does
  test    the tests, on all cores; arguments go to pytest
  test --pythons  those that depend on the interpreter, on every Python from 3.11 to 3.14 that this
          machine has; in CI on the oldest, the newest and the distribution's own besides this one
  lint    ruff: faults, and lines that are not formatted; import-linter: rooms that import from above;
          the pages as a site in build/site: dead links and anchors, pages in no menu
  types   mypy; pyright over a program that uses the Python API
  build   the single-file executable; --arch x86_64 or aarch64 for another machine
  package deb, rpm, apk, archives, a container image and a formula of the built files; ARCHITECTURE ...
  smoke   the tests of that file
  bench   the measurements
  docs    write what pages show of the code: tables of dialects and rooms, the tree of exceptions, the picture of a terminal
  fuzz    a million made-up inputs for the parsers; --inputs N, --seed S
  promises  prove the eight promises with injected faults; NUMBER ..., --short, --write
  fleet   a thousand runners share one session by real engines, in every scene; writes docs/fleet.md;
          --short, --scene NAME; --model: every state of what it is held to, which takes minutes
  faults  let a command meet faults in its system calls; --kill, --error (docs/faults.md)
  audit   bandit, what is known against the packages of the lock files, and which of the single
          file's sources are behind (told, and no failure)
  peers   build all real peers, Packer too, which takes minutes, and say where they are
  all     lint, types, audit, test, build and smoke; stops at the first that fails

It needs Python 3.11 or newer and nothing else, on Debian and Ubuntu no python3-venv either: what
the lock files name goes into ``.venv`` at the root of the checkout, and for --pythons into one
environment each below ``.cache/pythons``. Calling it again, also at the same time, is safe. A Python
that can not make an environment is left out with a line that says so; --pythons fails where a test
does, and in CI where no other Python is left.
"""

from __future__ import annotations  # an older Python has to get as far as the message that says so

import importlib.util
import subprocess
import sys

try:
    from environments.environment import ROOT, BootstrapError, Environment, progress
    from environments.programs import missing
    from environments.pythons import OLDEST, run_on_all
    from support import afresh
except ModuleNotFoundError as error:  # such as Debian's python3-minimal
    sys.exit(f"tests/run.py: this Python lacks {error.name}: install all of it, as by `apt install python3`")

MAIN = Environment(
    ROOT / ".venv",
    sys.executable,
    tuple(map(str, sys.version_info[:3])),
    can_be_made=importlib.util.find_spec("venv") is not None,
)

LAYERS = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
# What the environment's Python runs for each command; further arguments go to the last.
COMMANDS = {
    "demo": [["-m", "demo"]],
    "test": [["-m", "pytest", "-n", "auto"]],
    "lint": [["-m", "ruff", "check"], ["-m", "ruff", "format", "--check"], ["-c", LAYERS], ["-m", "docs", "site"]],
    "types": [
        ["-m", "pyright", "--pythonpath", str(MAIN.python), "--project", "tests/library/pyright.json"],
        ["-m", "mypy"],
    ],
    "build": [["packaging/build.py"]],
    "package": [["packaging/package.py"]],
    "smoke": [["packaging/smoke.py"]],
    "bench": [["-m", "benchmarks"]],
    "docs": [["-m", "docs"]],
    "fuzz": [["-m", "fuzzing"]],
    "promises": [["-m", "promises"]],
    "fleet": [["-m", "fleet"]],
    "faults": [["-m", "faults"]],
    "audit": [["-m", "bandit", "-q", "-c", "pyproject.toml", "-r", "helper", "protocol", "packaging"], ["-m", "audit"]],
    "peers": [["-m", "peers"]],
}
NEED_PEERS = {"test", "smoke", "bench", "promises", "peers"}
NEED_ZIG = {"test", "build", "smoke", "bench"}
NEED_DOCS = {"lint", "types", "test", "bench", "fleet"}
NEED_CALLERS = {"test"}
NEED_PROGRAMS = {"test", "smoke", "all"}
NEED_NFPM = {"test", "package", "smoke"}
ALL = ["lint", "types", "audit", "test", "build", "smoke"]


def main(arguments: list[str]) -> int:
    """Return the exit status: that of the program that failed, or 2 for a call that makes no sense."""
    command, *rest = arguments or ["help"]
    if command not in {*COMMANDS, "all"} or (command == "all" and rest):
        sys.stderr.write(f"{__doc__}")
        return 2
    try:
        if sys.version_info < OLDEST:
            raise BootstrapError("Python 3.11 or newer is needed, as in `python3.11 tests/run.py`")
        afresh.reset_process()
        if command in NEED_PROGRAMS and missing():
            sys.stderr.write(f"tests/run.py: {missing()}\n")
        MAIN.provide()
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
    if name in NEED_ZIG and sys.platform == "linux":
        MAIN.add("packaging/requirements.lock")
    if name in NEED_DOCS:
        MAIN.add("tests/docs/requirements.lock")
    if name in NEED_CALLERS:
        MAIN.add("tests/interop/requirements.lock")
    if name in NEED_NFPM:
        MAIN.add("packaging/packages/requirements.lock")
    progress(name)
    if name == "test" and "--pythons" in rest:
        run_on_all(MAIN, [argument for argument in rest if argument != "--pythons"])
        return
    *first, last = COMMANDS[name]
    for arguments in [*first, last + rest]:
        MAIN.run(*arguments)


def provide_peers() -> None:
    """Build the peers that most tests need, after installing the toolchains that this machine lacks."""
    progress("making sure of the peers")
    if MAIN.run("-m", "peers", "missing", quiet=True):
        MAIN.add("tests/peers/requirements.lock")
    MAIN.run("-m", "peers", "common", quiet=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
