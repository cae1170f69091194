"""A vCenter that goes by the name that the pages use, and a home in which they are read: their lines run as they stand there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commands.at_a_terminal import terminal
from simulated_vcenter import SimulatedVCenter
from support.connect_proxy import ConnectProxy
from support.pages import Call
from support.program import PASSWORD, Helper, Reply, shell

HOST, USER = "vc.example.com", "terraform@vsphere.local"
FIRST_TIME = {
    "Pin this certificate [y/N]: ": "y",
    "Number or name [password]: ": "",
    "User name [administrator@vsphere.local]: ": USER,
    f"Password of {USER}: ": PASSWORD,
    "Number or name [keyring]: ": "",
}
"""What is asked at the first `login`, and what somebody answers who has the right password."""
HOME = "/home/me"
COLUMNS = 100


class ExampleCom:
    """The home, whose environment leads to the vCenter. It trusts nobody, and nothing is configured.

    bin          on PATH: the program, and what a test puts there
    company_pem  the authority of the vCenter's certificate
    names        what the pages' example of it is here
    """

    def __init__(self, vcenter: SimulatedVCenter, helper: Helper, proxy: str) -> None:
        self.vcenter = vcenter
        self.helper = helper
        self.home = helper.home
        self.bin = self.home / "bin"
        self.bin.mkdir()
        (self.bin / "vsphere-session").symlink_to(helper.program[0])
        self.company_pem = self.home / "company.pem"
        self.company_pem.write_bytes(Path(vcenter.ca_file).read_bytes())
        self.names = {"/etc/ssl/company.pem": str(self.company_pem)}
        helper.environment |= {"HTTPS_PROXY": proxy, "PATH": os.pathsep.join([str(self.bin), os.defpath])}

    def put(self, name: str, script: str) -> None:
        """A program on PATH, in lines of shell."""
        file = self.bin / name
        file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        file.chmod(0o755)

    def shell(self, text: str, **environment: str) -> Reply:
        """Run lines of shell, in the home and without a terminal."""
        return shell(text, self.home, self.helper.environment | environment, options="-ec", timeout=300.0)

    def log_in(self, *options: str) -> None:
        """`login`, by options alone."""
        words = ["login", HOST, "--username", USER, "--password-stdin", "--ca-file", str(self.company_pem), *options]
        reply = self.helper.run(*words, stdin=PASSWORD.encode())
        assert (reply.status, reply.stderr) == (0, ""), reply

    def answers(self, call: Call) -> None:
        """Run a page's call without a terminal, and assert that it says what the page shows."""
        done = self.shell(call.command)
        said = done.stdout.decode().replace(str(self.home), HOME) + done.stderr
        assert call.is_answered_by(said), f"{call.command}\n{said}"

    def shows(
        self, call: Call, answers: dict[str, str] | None = None, *, columns: int = COLUMNS, **environment: str
    ) -> None:
        """Run a page's call in a terminal, where somebody answers these questions, and assert that it says what the page shows."""
        line = call.command.removeprefix("vsphere-session ")
        program, words = (self.helper.program[0], line.split()) if line != call.command else ("/bin/sh", ["-c", line])
        helper = Helper(self.home, self.helper.environment)
        helper.program = [program]
        with terminal(helper, *words, columns=columns, NO_COLOR="1", **environment) as screen:
            for question, answer in (answers or {}).items():
                screen.answer(question, answer)
            screen.end()
        said = "".join(screen.seen.split()).replace(str(self.home), HOME)  # a path may be folded
        assert call.is_answered_by(said), f"{call.command}\n{screen.seen}"


@contextmanager
def example_com(helper: Helper) -> Iterator[ExampleCom]:
    """The vCenter, for as long as the block lasts."""
    with SimulatedVCenter({USER: PASSWORD}) as vcenter:
        vcenter.new_certificate(HOST)
        host, port = vcenter.authority.split(":")
        with ConnectProxy((host, int(port))) as proxy:
            yield ExampleCom(vcenter, helper, proxy.url)
