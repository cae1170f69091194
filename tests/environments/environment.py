"""A virtual environment: one Python, what the lock file names, and this project as it lies here."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TURN = ROOT / ".cache" / "environment.lock"  # whose turn it is to change an environment
PIP_INSTALL = ("install", "-q", "--disable-pip-version-check")


class BootstrapError(Exception):
    """One line for the person who called: what is wrong, and what to do."""


class Environment:
    """One environment: where it is, and the Python that it is made by.

    `release` is that Python's version, `("3", "12", "1")`; `can_be_made` whether it has the module venv, all it takes.
    """

    def __init__(self, place: Path, base: str, release: tuple[str, ...], *, can_be_made: bool) -> None:
        self.place = place
        self.base = base
        self.release = release
        self.can_be_made = can_be_made
        self.python = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        self._stamp = place / ".installed-from"

    def provide(self) -> None:
        """Make it hold what the lock says. Raises BootstrapError."""
        from peers.locked import exclusively  # an older Python cannot read it

        wanted = self._origin()
        with exclusively(TURN):
            installed, *added = self._stamped()
            usable = self._runs()
            if usable and installed == wanted:
                return
            # Anew, lest something of another lock is left; one without a stamp is only half made.
            if not usable or (installed and not self._runs_this()):
                self._create()
            progress(f"installing the development environment of Python {'.'.join(self.release)}")
            self._pip("--require-hashes", "-r", "requirements.lock")
            self._pip("--no-deps", "--no-build-isolation", "-e", ".")
            self._stamp.write_text(wanted, encoding="ascii")
        for lock in added:
            if (ROOT / lock).is_file():
                self.add(lock)  # whoever has used it goes on to find it here

    def add(self, lock: str) -> None:
        """Make it hold what another lock file names, too, by its path in the checkout; made anew, it still does."""
        from peers.locked import exclusively  # as above

        progress(f"making sure of what {lock} names")
        with exclusively(TURN):
            self._pip("--require-hashes", "-r", lock)
            self._stamp.write_text("\n".join(dict.fromkeys([*self._stamped(), lock])), encoding="ascii")

    def _pip(self, *arguments: str) -> None:
        self.run("-m", "pip", *PIP_INSTALL, *arguments)

    def _stamped(self) -> list[str]:
        """What is in it: the digest of what it was made from, and the path of each lock file that was added; of a half made one, nothing."""
        return self._stamp.read_text(encoding="ascii").split("\n") if self._stamp.is_file() else [""]

    def run(self, *arguments: str, quiet: bool = False, path: str = "") -> str:
        """Run its Python at the root of the checkout; it has to succeed.

        With ``quiet`` its standard output is returned, else nobody but the caller's terminal sees it. Programs may be
        in the directory ``path``, too.
        """
        environment = self._variables()
        if path:
            environment["PATH"] = os.pathsep.join([environment.get("PATH", os.defpath), path])
        if arguments[0] == "-m" and (ROOT / "tests" / arguments[1]).is_dir():
            environment["PYTHONPATH"] = str(ROOT / "tests")  # a package of the tests' own
        output = subprocess.PIPE if quiet else None
        command = [str(self.python), *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=output, text=True, check=True)
        return done.stdout or ""

    def _variables(self) -> dict[str, str]:
        """Those of this process; with a home below the checkout where there is none that pip, Go and others can write to."""
        home = os.path.expanduser("~")
        if os.path.isabs(home) and os.path.isdir(home) and os.access(home, os.W_OK):
            return dict(os.environ)
        place = ROOT / ".cache" / "home"
        place.mkdir(parents=True, exist_ok=True)
        return {**os.environ, "HOME": str(place)}

    def _create(self) -> None:
        if not self.can_be_made:
            raise BootstrapError(
                f"{self.base} can not make a virtual environment: install its module venv"
                " (on Debian and Ubuntu `apt install python3-venv`), then run this again"
            )
        progress(f"creating {self.place}")
        shutil.rmtree(self.place, ignore_errors=True)
        command = [self.base, "-m", "venv", str(self.place)]
        if _imports(self.base, "ensurepip"):
            subprocess.run(command, check=True)
        else:
            subprocess.run([*command, "--without-pip"], check=True)
            self._bring_pip()

    def _bring_pip(self) -> None:
        """Install the pip of the lock file by one that Debian and Ubuntu have, where Python comes without any."""
        from environments.pip_of_debian import pip_of_debian  # as above

        lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
        wanted = self.place / "pip.txt"
        wanted.write_text("".join(re.findall(r"^pip==.*\n(?: .*\n)*", lock, re.MULTILINE)), encoding="utf-8")
        with pip_of_debian() as pip:
            self.run(*pip, *PIP_INSTALL, "--require-hashes", "-r", str(wanted))

    def _origin(self) -> str:
        """Name what it is made from: the lock, the project's metadata, the place and the Python."""
        digest = hashlib.sha256(f"{self.release[:2]} {ROOT}\n".encode())
        for source in ("requirements.lock", "pyproject.toml"):
            digest.update((ROOT / source).read_bytes())
        return digest.hexdigest()

    def _runs(self) -> bool:
        """Say whether its Python starts and has pip: its base may be gone."""
        return self.python.exists() and _imports(self.python, "pip")

    def _runs_this(self) -> bool:
        """Say whether this very process would lose its own Python."""
        return Path(sys.prefix).resolve() == self.place.resolve()


def _imports(python: str | Path, module: str) -> bool:
    command = [python, "-I", "-c", f"import {module}"]
    return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0


def progress(line: str) -> None:
    """Tell a person what takes so long; a log needs none of it."""
    if sys.stderr.isatty():
        sys.stderr.write(f"-- {line}\n")
