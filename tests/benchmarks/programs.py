"""What runs: the single file, the wheel's script and govc, each doing the same thing."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.timing import Command, seconds
from peers import VcSim, build

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / "dist" / "vsphere-session"
SETTLED = 0.12
"""Seconds until the cache's files are old enough for an answer to be remembered (helper/vsphere_session/fastpath/remembered.py)."""

CALLS = {
    "native": ("get",),
    "git": ("--protocol", "git", "get"),
    "docker": ("--protocol", "docker", "get"),
    "field": ("--field", "rest_session_id", "get"),
}


class Helper:
    """One way to run the helper, in a home directory of its own, against one vcsim.

    forgets  whether it has to forget each answer before the next call, so that Python answers every time
    """

    def __init__(self, vcsim: VcSim, program: Path, home: Path, *, forgets: bool = False) -> None:
        self._vcsim = vcsim
        self.program = program
        self.home = home
        self.forgets = forgets
        home.mkdir(parents=True)

    def get(self, dialect: str = "native", **fields: object) -> Command:
        """`get` in one of the dialects of CALLS, whose request is known to the caller's half."""
        command = [str(self.program), *CALLS[dialect]]
        environment = {"HOME": str(self.home), "PATH": os.defpath}
        if dialect == "native":
            request = {"url": self._vcsim.authority, "username": self._vcsim.user, "ca_file": str(self._vcsim.ca_file)}
            return command, json.dumps(request | fields).encode(), environment
        environment |= {
            "GOVC_URL": f"https://{self._vcsim.authority}/sdk",
            "GOVC_USERNAME": self._vcsim.user,
            "GOVC_TLS_CA_CERTS": str(self._vcsim.ca_file),
        }
        stdin = {
            "git": f"protocol=https\nhost={self._vcsim.authority}\n\n",
            "docker": f"https://{self._vcsim.authority}",
            "field": "",
        }[dialect]
        return command, stdin.encode(), environment

    def warm(self, dialect: str = "native", **fields: object) -> Callable[[], float]:
        """How long `get` takes with both sessions cached."""
        command = self.get(dialect, **fields)

        def measure() -> float:
            if self.forgets:
                self.forget()
            return seconds(command)

        return measure

    def refresh(self, *commands: Command) -> None:
        """Have both sessions confirmed, and each of these commands answered once, so that it is remembered."""
        seconds(self.get(verify="always"))
        time.sleep(SETTLED)
        for command in commands or (self.get(),):
            seconds(command)

    def log_in(self) -> None:
        """Make both sessions."""
        seconds(self.get(password=self._vcsim.password))

    def forget(self) -> None:
        """Forget what the launcher remembers."""
        for path in (self.home / ".local/state/vsphere-session/answers").glob("*"):
            path.unlink()


class Bench:
    """Everything that is measured, for one vcsim and below one directory."""

    def __init__(self, vcsim: VcSim, directory: Path) -> None:
        if not BINARY.exists():
            raise SystemExit("there is no dist/vsphere-session; run: python3 tests/run.py build")
        self.vcsim = vcsim
        self.directory = directory
        self._homes = 0
        wheel = Path(sys.executable).parent / "vsphere-session"
        self.helpers = {
            "remembered": Helper(vcsim, BINARY, directory / "remembered"),
            "Python": Helper(vcsim, BINARY, directory / "python", forgets=True),
            "wheel": Helper(vcsim, wheel, directory / "wheel"),
        }

    def prepare(self) -> None:
        """Fill every cache."""
        for helper in self.helpers.values():
            helper.log_in()
        seconds(self.govc("session.login", "-l"), self.govc("session.login", "-l", "-r"))

    def refresh(self, dialect: str = "native") -> Callable[[], None]:
        """Confirm the sessions of all, and have this call remembered."""

        def confirm() -> None:
            for helper in self.helpers.values():
                helper.refresh(helper.get(dialect))

        return confirm

    def govc(self, *arguments: str, home: Path | None = None) -> Command:
        """Govc with these arguments."""
        environment = {
            "HOME": str(home or self.directory / "govc"),
            "PATH": os.defpath,
            "GOVC_URL": f"https://{self.vcsim.authority}/sdk",
            "GOVC_USERNAME": self.vcsim.user,
            "GOVC_PASSWORD": self.vcsim.password,
            "GOVC_TLS_CA_CERTS": str(self.vcsim.ca_file),
        }
        return [str(build().govc), *arguments], b"", environment

    def govc_one(self) -> float:
        """How long govc takes for the SOAP session."""
        return seconds(self.govc("session.login", "-l"))

    def govc_both(self, home: Path | None = None) -> float:
        """How long govc takes for both sessions: it needs two calls."""
        return seconds(self.govc("session.login", "-l", home=home), self.govc("session.login", "-l", "-r", home=home))

    def govc_cold(self) -> float:
        """The same with nothing cached."""
        return self.govc_both(self.new_home())

    def cold(self, program: Path) -> float:
        """How long `get` takes with nothing cached, in a new home directory."""
        return seconds(Helper(self.vcsim, program, self.new_home("get")).get(password=self.vcsim.password))

    def first_run(self) -> float:
        """How long the first `get` of a fresh copy of the single file takes, in a new home directory."""
        home = self.new_home()
        return self.cold(Path(shutil.copy2(BINARY, home / BINARY.name)))

    def new_home(self, name: str = "") -> Path:
        """A directory that was not there before; with a name, one that is not there yet."""
        self._homes += 1
        path = self.directory / "new" / str(self._homes)
        path.mkdir(parents=True)
        return path / name if name else path
