"""The program from outside, told how to log in by a configuration of at most three lines for the endpoint."""

from __future__ import annotations

import json
from pathlib import Path

from simulated_vcenter import SimulatedVCenter
from support.program import Helper, Reply

MOST_LINES = 3


class Way:
    """One home with one configuration, and a server to log in to."""

    def __init__(self, helper: Helper, server: SimulatedVCenter) -> None:
        self.helper = helper
        self.server = server
        self.general: list[str] = [f"ca_file = {json.dumps(str(server.ca_file))}"]

    @property
    def configuration(self) -> Path:
        """The configuration file."""
        return self.helper.home / ".config" / "vsphere-session" / "config.toml"

    def configure(self, *lines: str) -> None:
        """Say this of the endpoint, and nothing else but whom to trust."""
        assert len(lines) <= MOST_LINES, lines
        self.configuration.parent.mkdir(parents=True, exist_ok=True)
        section = [f'[endpoint."{self.server.authority}"]', *lines]
        self.configuration.write_text("\n".join([*self.general, *section, ""]), encoding="utf-8")
        self.configuration.chmod(0o600)

    def get(self, *options: str, **fields: object) -> Reply:
        """One `get`, whatever comes of it."""
        return self.helper.call("get", {"url": self.server.authority, **fields}, *options)

    def ok(self, **fields: object) -> dict[str, str]:
        """One `get` that succeeds and has nothing to say on stderr."""
        return self.helper.ok("get", {"url": self.server.authority, **fields})

    def error(self, kind: str, **fields: object) -> str:
        """The message of a `get` that ends with an error of this kind."""
        reply = self.get(**fields)
        assert reply.kind == kind, reply
        return reply.fields["message"]

    def file(self, name: str, content: str | bytes, mode: int = 0o600) -> Path:
        """A file in the home."""
        path = self.helper.home / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return path

    def program(self, name: str, script: str) -> Path:
        """A program of a shell that notes in `NAME.runs` that it ran."""
        note = self.helper.home / f"{name}.runs"
        return self.file(name, f"#!/bin/sh\necho run >> '{note}'\n{script}\n", 0o700)

    def runs(self, name: str) -> int:
        """How often that program has run."""
        note = self.helper.home / f"{name}.runs"
        return len(note.read_text(encoding="utf-8").splitlines()) if note.exists() else 0

    def owners(self) -> list[tuple[str, str]]:
        """Whose sessions of which kind the server has."""
        return [(session.user, session.kind) for session in self.server.sessions]

    def remembered_nowhere(self, *secrets: str) -> None:
        """No file below the home has any of these in it but those that the test has put there."""
        own = {self.configuration}
        for path in self.helper.home.rglob("*"):
            if path.is_file() and path not in own and not path.name.startswith("given-"):
                content = path.read_bytes()
                for secret in secrets:
                    assert secret.encode() not in content, path


def words(*each: object) -> str:
    """A list of words as TOML and JSON have it."""
    return json.dumps([str(word) for word in each])
