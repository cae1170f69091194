"""What is measured: the wheel's script, the single binary and govc, each doing the same thing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from peers import VcSim, build

ROOT = Path(__file__).resolve().parents[2]
Command = tuple[Sequence[str], bytes, Mapping[str, str]]
"""argv, stdin, environment."""


_LAUNCHER = """\
import os, sys
_, status, used = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)
os.write(2, str(used.ru_maxrss).encode())
sys.exit(os.waitstatus_to_exitcode(status))
"""


def peak(command: Command) -> int:
    """The largest resident set of a command and its children in bytes.

    A small process starts it: a child begins with its parent's memory in the books.
    """
    argv, stdin, environment = command
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _LAUNCHER, *argv],
        input=stdin,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=dict(environment),
        check=True,
    )
    return int(done.stderr) * 1024


def seconds(command: Command) -> float:
    """Run a command once, and say how long that took. It must succeed."""
    argv, stdin, environment = command
    started = time.perf_counter()
    subprocess.run(argv, input=stdin, stdout=subprocess.DEVNULL, env=dict(environment), check=True)
    return time.perf_counter() - started


def run_at_once(command: Command, times: int) -> float:
    """Start a command so many times at once; the seconds until the last has ended."""
    argv, stdin, environment = command
    started = time.perf_counter()
    processes = [
        subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=dict(environment))
        for _ in range(times)
    ]
    for process in processes:
        process.communicate(stdin)
        if process.returncode:
            raise RuntimeError(f"{argv[0]} ended with {process.returncode}")
    return time.perf_counter() - started


class Bench:
    """The commands of one kind of program, for one vcsim and one home directory each."""

    def __init__(self, vcsim: VcSim, directory: Path) -> None:
        self._vcsim = vcsim
        self._directory = directory
        self._homes = 0

    def helper(self, program: Path, **fields: object) -> Command:
        """`vsphere-session get` with these fields, in this program's own home."""
        home = self._directory / program.name / program.parent.name
        request = {"url": self._vcsim.authority, "username": self._vcsim.user, "ca_file": str(self._vcsim.ca_file)}
        return (
            [str(program), "get"],
            json.dumps(request | fields).encode(),
            {"HOME": str(home), "PATH": os.defpath},
        )

    def helper_cold(self, program: Path) -> Callable[[], Command]:
        """`get` with nothing cached, a new home directory each time."""

        def command() -> Command:
            argv, stdin, environment = self.helper(program, password=self._vcsim.password)
            return argv, stdin, {**environment, "HOME": self._new_home()}

        return command

    def govc(self, *arguments: str, home: str = "") -> Command:
        """Govc with these arguments."""
        environment = {
            "HOME": home or str(self._directory / "govc"),
            "PATH": os.defpath,
            "GOVC_URL": f"https://{self._vcsim.authority}/sdk",
            "GOVC_USERNAME": self._vcsim.user,
            "GOVC_PASSWORD": self._vcsim.password,
            "GOVC_TLS_CA_CERTS": str(self._vcsim.ca_file),
        }
        return [str(build().govc), *arguments], b"", environment

    def govc_cold(self, *arguments: str) -> Callable[[], Command]:
        """Govc with nothing cached."""
        return lambda: self.govc(*arguments, home=self._new_home())

    def _new_home(self) -> str:
        self._homes += 1
        path = self._directory / "cold" / str(self._homes)
        path.mkdir(parents=True)
        return str(path)


def programs() -> dict[str, Path]:
    """The programs to measure by their names in the table. The binary must have been built."""
    binary = ROOT / "dist" / "vsphere-session"
    if not binary.exists():
        raise SystemExit("there is no dist/vsphere-session; run: python3 tests/run.py build")
    return {"wheel": Path(sys.executable).parent / "vsphere-session", "binary": binary}
