"""What `vsphere-session doctor` says, for tests."""

from __future__ import annotations

import json
from dataclasses import dataclass

from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper


@dataclass(frozen=True)
class Line:
    """One finding."""

    area: str
    state: str
    what: str
    do: str
    kind: str


@dataclass(frozen=True)
class Diagnosis:
    """All of them, and the exit status."""

    status: int
    lines: list[Line]

    def of(self, area: str, state: str) -> list[Line]:
        """Those of an area in this state."""
        return [line for line in self.lines if (line.area, line.state) == (area, state)]

    def the(self, area: str, state: str) -> Line:
        """The only one."""
        (line,) = self.of(area, state)
        return line

    @property
    def problems(self) -> list[str]:
        """The areas with one."""
        return list(dict.fromkeys(line.area for line in self.lines if line.state == "problem"))

    @property
    def warnings(self) -> list[str]:
        """The areas with one."""
        return list(dict.fromkeys(line.area for line in self.lines if line.state == "warning"))

    def state(self, area: str) -> str:
        """The worst state of an area."""
        states = [line.state for line in self.lines if line.area == area]
        return next(state for state in ("problem", "skipped", "warning", "ok") if state in states)


def diagnosed(helper: Helper, *words: str, **environment: str) -> Diagnosis:
    """What the doctor finds."""
    reply = helper.run("doctor", *words, "--json", stdin=b"", timeout=60.0, **environment)
    assert reply.stderr == "", reply
    value = json.loads(reply.stdout)
    assert value["status"] == reply.status, reply
    return Diagnosis(reply.status, [Line(**finding) for finding in value["findings"]])


class Patient:
    """A user with a server and a login for it, with whom all is well. `general` and `own` are lines of the configuration."""

    def __init__(self, helper: Helper, vcenter: SimulatedVCenter) -> None:
        self.helper = helper
        self.vcenter = vcenter
        self.host = vcenter.authority
        self.config = helper.home / ".config" / "vsphere-session" / "config.toml"
        self.state = helper.home / ".local" / "state" / "vsphere-session"
        self.general = ['secret_store = "file"']
        self.own = [f'ca_file = "{vcenter.ca_file}"', f'username = "{USER}"']
        helper.environment["VSPHERE_USER"] = USER
        helper.environment["VSPHERE_PASSWORD"] = PASSWORD

    def configure(self) -> None:
        """Write the configuration."""
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_text("\n".join([*self.general, f'[endpoint."{self.host}"]', *self.own, ""]))

    def diagnosis(self, *words: str, **environment: str) -> Diagnosis:
        """What the doctor finds about the server."""
        self.configure()
        return diagnosed(self.helper, self.host, *words, **environment)

    def files(self) -> dict[str, tuple[int, bytes]]:
        """Every file below the home directory, with mode and content; directories, too."""
        return {
            str(path): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
            for path in self.helper.home.rglob("*")
        }
