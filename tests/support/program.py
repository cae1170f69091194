"""The program under test in a home directory of its own, what a call of it did, and whom it logs in where."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from support.cache_files import session_ids

PASSWORD = "VMware1!"
USER = "administrator@vsphere.local"


def program() -> list[str]:
    """The program under test: VSPHERE_SESSION_PROGRAM, else the console script beside this Python."""
    named = os.environ.get("VSPHERE_SESSION_PROGRAM")
    return [named] if named else [str(Path(sys.executable).parent / "vsphere-session")]


def is_script() -> bool:
    """Whether it is a script for an interpreter, and no file that runs by itself."""
    with Path(program()[0]).open("rb") as file:
        return file.read(2) == b"#!"


class Reply:
    """What one call of the program did."""

    def __init__(self, done: subprocess.CompletedProcess[bytes]) -> None:
        self.status = done.returncode
        self.stdout = done.stdout
        self.stderr = done.stderr.decode("utf-8", "replace")

    def __repr__(self) -> str:
        return f"Reply(status={self.status}, stdout={self.stdout!r}, stderr={self.stderr!r})"

    @property
    def fields(self) -> dict[str, str]:
        """The one JSON object on stdout; every value is a string."""
        assert self.stdout.endswith(b"\n"), self
        assert self.stdout.count(b"\n") == 1, self
        value = json.loads(self.stdout)
        assert isinstance(value, dict), self
        assert all(isinstance(text, str) for text in value.values()), self
        return value

    @property
    def kind(self) -> str:
        """The error's kind; the reply must be an error in every respect that the contract names."""
        fields = self.fields
        assert set(fields) == {"error", "message"}, self
        assert self.stderr == f"vsphere-session: {fields['message']}\n", self
        assert self.status != 0, self
        return fields["error"]


def shell(
    text: str, home: Path, environment: Mapping[str, str], *, options: str = "-c", timeout: float = 120.0
) -> Reply:
    """Run lines of shell in a home directory, as a page has them, and without a terminal."""
    return Reply(
        subprocess.run(
            ["/bin/sh", options, text],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=home,
            env=dict(environment),
            timeout=timeout,
            check=False,
        )
    )


class Helper:
    """The program under test in a home directory of its own, with an environment that holds nothing else."""

    def __init__(self, home: Path, environment: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.environment = {"HOME": str(home), "PATH": os.defpath, **(environment or {})}
        self.program = program()

    def run(self, *arguments: str, stdin: bytes = b"", timeout: float = 60.0, **environment: str) -> Reply:
        """Run the program with these arguments and bytes on stdin."""
        return Reply(
            subprocess.run(
                [*self.program, *arguments],
                input=stdin,
                capture_output=True,
                env=self.environment | environment,
                timeout=timeout,
                check=False,
            )
        )

    def call(self, verb: str, fields: Mapping[str, object], *options: str, **environment: str) -> Reply:
        """One verb with a JSON request."""
        return self.run(*options, verb, stdin=json.dumps(dict(fields)).encode(), timeout=60.0, **environment)

    def ok(self, verb: str, fields: Mapping[str, object], *options: str, **environment: str) -> dict[str, str]:
        """The same, where it must succeed: status 0 and nothing on stderr."""
        reply = self.call(verb, fields, *options, **environment)
        assert reply.status == 0, reply
        assert reply.stderr == "", reply
        return reply.fields

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start the program and leave its streams to the test."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [*self.program, *arguments], stdin=pipe, stdout=pipe, stderr=pipe, env=self.environment | environment
        )

    @property
    def sessions_in_files(self) -> set[str]:
        """The session ids in govmomi's directories below this home."""
        return session_ids(self.home / ".govmomi")


class Server(Protocol):
    """What the simulated vCenter and vcsim have in common."""

    @property
    def authority(self) -> str:
        """Host and port."""

    @property
    def ca_file(self) -> str | Path:
        """The authority of its certificate, PEM."""


def request(server: Server, **fields: object) -> dict[str, object]:
    """A request for a server as its administrator, trusting its authority."""
    return {"url": server.authority, "username": USER, "ca_file": str(server.ca_file), **fields}


def settle(helper: Helper, seconds: float = 0.2) -> None:
    """Wait until the file system's own clock, which no test can set, has gone on since the last change in the home.

    What has just changed is not trusted to be what was read.
    """
    newest = max(path.stat().st_ctime for path in helper.home.rglob("*") if path.is_file())
    probe = helper.home / "clock"
    while not probe.exists() or probe.stat().st_ctime < newest + seconds:
        probe.touch()
    probe.unlink()
