"""The helper and govc as two users of one home, and what the server says of how many sessions that took."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from peers import Govc, VcSim
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, Helper

ODD_USER = "a:b/c?d e!$&+,;=~'()*"
USERS = ["administrator@vsphere.local", r"DOM\user", ODD_USER, "üser"]
Server = SimulatedVCenter | VcSim


def apis(user: str) -> list[str]:
    """The session kinds that this user can log in to: a colon in a user name ends it in Basic authentication."""
    return ["soap"] if ":" in user else ["soap", "rest"]


class Pair:
    """govc and the helper in one home, for one server and user."""

    def __init__(self, server: Server, home: Path, user: str, *, url: str = "", insecure: bool = False) -> None:
        self.server = server
        self.url = url or server.authority
        self.user = user
        self.insecure = insecure
        self.kinds = apis(user)
        self.govmomi_home = home / ".govmomi"
        self.helper = Helper(home)
        self.tls = bool(server.thumbprint) if isinstance(server, VcSim) else server.url.startswith("https")

    def govc(self, password: str | None = None, *, home: Path | None = None, url: str = "") -> Govc:
        """The real govc, without a password unless one is given."""
        ca_file = Path(self.server.ca_file) if self.tls and not self.insecure else None
        url = url or self.url
        return Govc(
            home or self.govmomi_home, url, self.user or None, password, insecure=self.insecure, ca_file=ca_file
        )

    def request(self, **fields: Any) -> dict[str, Any]:
        """A request of the helper for the same."""
        given: dict[str, Any] = {"url": self.url, "api": "both" if len(self.kinds) == 2 else "soap", **fields}
        given |= {"username": self.user} if self.user else {}
        given |= {"insecure": True} if self.insecure else {"ca_file": str(self.server.ca_file)} if self.tls else {}
        return given

    def govc_logs_in(self) -> dict[str, str]:
        """Let govc log in; the session ids by kind."""
        return self.govc_sessions(self.govc(PASSWORD))

    def govc_sessions(self, govc: Govc) -> dict[str, str]:
        """The ids of the sessions that a govc works with, by kind."""
        options = {"soap": [], "rest": ["-r"]}
        return {kind: govc.ok("session.login", "-l", *options[kind]).split()[-1] for kind in self.kinds}

    def helper_sessions(self, **fields: Any) -> dict[str, str]:
        """The ids of the sessions that the helper hands out, by kind; without a password they are cached ones."""
        reply = self.helper.ok("get", self.request(**fields))
        assert reply["source"] == ("login" if "password" in fields else "cache")
        return {kind: reply[f"{kind}_session_id"] for kind in self.kinds}

    def count(self) -> int:
        """How many sessions the server has: vcsim tells of SOAP sessions only."""
        return self.server.session_count() if isinstance(self.server, VcSim) else self.server.session_count

    @property
    def expected(self) -> int:
        """How many there are after one login for each kind."""
        return 1 if isinstance(self.server, VcSim) else len(self.kinds)

    def files(self, govmomi_home: Path | None = None) -> dict[str, Any]:
        """The cache files by directory and name, parsed."""
        home = govmomi_home or self.govmomi_home
        found = [*home.glob("sessions/*"), *home.glob("rest_sessions/*")]
        return {f"{path.parent.name}/{path.name}": json.loads(path.read_bytes()) for path in found}
