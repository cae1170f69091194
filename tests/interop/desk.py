"""Where a caller and the program meet: a configured home, the program's names on PATH, and the callers themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from credential_protocol.dialects import DIALECTS
from simulated_vcenter import SimulatedVCenter
from support.pages import snippet
from support.program import PASSWORD, USER, Helper, Reply, shell


class CallerMissingError(RuntimeError):
    """A caller is not on this machine: a failure, never a reason to skip."""


def caller(name: str) -> str:
    """The path of a caller, as in `git`. Raises CallerMissingError."""
    found = shutil.which(name)
    if found is None:
        raise CallerMissingError(f"{name} is not on PATH; the callers' tests need it")
    return found


class Desk:
    """The configured home.

    home     HOME: `config.toml` names the vCenter as the default endpoint, with the file secret store
    bin      on PATH: links to the program under each name that a dialect has
    config   the path of `config.toml`
    names    what the pages' examples of a host and a user are here
    """

    def __init__(self, helper: Helper, vcenter: SimulatedVCenter) -> None:
        self.vcenter = vcenter
        self.helper = helper
        self.home = helper.home
        self.bin = self.home / "bin"
        self.bin.mkdir()
        for row in DIALECTS.values():
            if row.program:
                (self.bin / row.program).symlink_to(helper.program[0])
        self.config = self.home / ".config" / "vsphere-session" / "config.toml"
        self.config.parent.mkdir(parents=True)
        self.names = {"vc.example.com": vcenter.authority, "terraform@vsphere.local": USER}
        self.config.write_text(
            snippet("callers", "config", {**self.names, "/etc/ssl/company.pem": str(vcenter.ca_file)}), encoding="utf-8"
        )
        self.environment = {**helper.environment, "PATH": os.pathsep.join([str(self.bin), os.environ["PATH"]])}
        kept = self.shell(snippet("callers", "store", {"vc.example.com": vcenter.authority, "…": PASSWORD}))
        assert (kept.status, kept.stderr) == (0, ""), kept

    def run(self, program: str, *arguments: str, stdin: bytes = b"", **environment: str) -> Reply:
        """Run one of the program's names, or a caller, with these bytes on stdin."""
        path = str(self.bin / program) if (self.bin / program).exists() else caller(program)
        return Reply(
            subprocess.run(
                [path, *arguments],
                input=stdin,
                capture_output=True,
                env=self.environment | environment,
                timeout=60.0,
                check=False,
            )
        )

    def shell(self, text: str, **environment: str) -> Reply:
        """Run lines of shell in the home directory, as a page has them."""
        return shell(text, self.home, self.environment | environment)

    def start(self, program: str, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start one of the program's names and leave its streams to the test."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [str(self.bin / program), *arguments],
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env=self.environment | environment,
        )

    def recorder(self, program: str) -> Path:
        """Put a script in the program's place that notes its arguments in the file returned here, then runs the program."""
        log = self.home / f"{program}.calls"
        link = self.bin / program
        target = link.readlink()
        link.unlink()
        real = self.home / "real" / program
        real.parent.mkdir(exist_ok=True)
        real.symlink_to(target)
        link.write_text(f'#!/bin/sh\necho "$@" >> "{log}"\nexec "{real}" "$@"\n', encoding="utf-8")
        link.chmod(0o755)
        log.touch()
        return log
