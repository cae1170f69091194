"""A machine of a fleet, for tests of what `vsphere-session fleet` says of it."""

from __future__ import annotations

import json
from typing import Any

from commands.doctors import Diagnosis, Line
from fleet.servers import NAMESPACE, PASSWORDS, RUNNER, RedisServer
from support.program import Helper
from vsphere_session.fleet.keys import new_key

KEY = new_key("2026-11")
HOST, USER = "vc.example.com", "ci@vsphere.local"


class Machine:
    """A home whose environment names a fleet; with `server` its engine, an account there, and the fleet's key."""

    def __init__(self, helper: Helper, server: RedisServer | None = None, user: str = RUNNER) -> None:
        self.helper = helper
        self.environment = helper.environment
        self.environment["VSPHERE_SESSION_FLEET_NAMESPACE"] = NAMESPACE.removesuffix(":")
        self.environment["VSPHERE_SESSION_FLEET_KEY"] = KEY
        if server is not None:
            self.enter(server, user)

    def enter(self, server: RedisServer, user: str = RUNNER) -> None:
        """Use this engine by this account, and trust its authority."""
        user = user if server.accounts else ""
        self.environment["VSPHERE_SESSION_FLEET"] = server.url(user).rstrip("/")
        if server.accounts:
            self.environment["VSPHERE_SESSION_FLEET_PASSWORD"] = PASSWORDS[user]
        authority = self.helper.home / "engine.pem"
        server.authority.cert_pem.write_to_path(str(authority))
        self.environment["VSPHERE_SESSION_FLEET_CA_FILE"] = str(authority)

    def files(self) -> dict[str, bytes]:
        """Every file below the home directory."""
        return {str(path): path.read_bytes() for path in self.helper.home.rglob("*") if path.is_file()}

    def diagnosis(self, *words: str, **environment: str) -> Diagnosis:
        """What `fleet doctor` finds."""
        reply = self.helper.run("fleet", "doctor", *words, "--json", stdin=b"", timeout=60.0, **environment)
        assert reply.stderr == "", reply
        value = json.loads(reply.stdout)
        assert value["status"] == reply.status, reply
        return Diagnosis(reply.status, [Line(**finding) for finding in value["findings"]])

    def status(self, *words: str, **environment: str) -> dict[str, Any]:
        """What `fleet status --json` says."""
        reply = self.helper.run("fleet", "status", *words, "--json", stdin=b"", timeout=60.0, **environment)
        assert (reply.status, reply.stderr) == (0, ""), reply
        value: dict[str, Any] = json.loads(reply.stdout)
        return value
