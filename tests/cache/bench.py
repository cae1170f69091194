"""What the tests of the cache work with: a Session in a home of its own, its files, and a clock that obeys."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER
from vsphere_session import Policy, RestClient, Session, SoapClient, parse_endpoint
from vsphere_session.clock import Clock


class ServerTime(Clock):
    """The machine's clock, going with the server's; `apart` sets it seconds before or, negative, behind that."""

    def __init__(self, vcenter: SimulatedVCenter) -> None:
        self._vcenter = vcenter
        self.apart = 0.0

    def now(self) -> float:
        """The server's time, shifted."""
        return self._vcenter.clock.now() + self.apart


class Bench:
    """A simulated vCenter and a home. Each `session` is what a further process of the same user would have."""

    def __init__(self, vcenter: SimulatedVCenter, home: Path) -> None:
        self.vcenter = vcenter
        self.home = home
        self.clock = ServerTime(vcenter)
        self._clients: list[SoapClient | RestClient] = []

    def close(self) -> None:
        """Close the clients' connections; their sessions live on."""
        for client in self._clients:
            client.close()

    def client(self, kind: str) -> SoapClient | RestClient:
        """An empty client of that kind."""
        client = SoapClient() if kind == "soap" else RestClient()
        self._clients.append(client)
        return client

    def soap(self, session: Session) -> SoapClient:
        """A SOAP client, logged in or from the cache."""
        client = self.client("soap")
        session.login(client)
        assert isinstance(client, SoapClient)
        return client

    def rest(self, session: Session) -> RestClient:
        """A REST client, logged in or from the cache."""
        client = self.client("rest")
        session.login(client)
        assert isinstance(client, RestClient)
        return client

    def session(self, username: str = USER, password: str | None = PASSWORD, **options: Any) -> Session:
        """A Session for the server that trusts it, as `username`; `password` None leaves it without one."""
        url = parse_endpoint(self.vcenter.url).with_user(username, password)
        given = {"ca_file": self.vcenter.ca_file, "environ": {"HOME": str(self.home)}, "clock": self.clock}
        return Session(url, **{**given, **options})

    def by(self, login: Callable[[Any], None], login_as: str = "", *, username: str = USER) -> Session:
        """The same, logging in by a callable and not by a password."""
        return self.session(username, None, login_soap=login, login_rest=login, login_as=login_as)

    def asking(self, **options: Any) -> Session:
        """The same, without a password, and sure to ask the server about a cached session."""
        return self.session(password=None, policy=Policy(verify="always"), **options)

    def file(self, kind: str = "soap", username: str = USER) -> Path:
        """The cache file of a user's session."""
        directory = "sessions" if kind == "soap" else "rest_sessions"
        endpoint = parse_endpoint(self.vcenter.url).with_user(username)
        return (
            self.home
            / ".govmomi"
            / directory
            / endpoint.file_name(f"/{'sdk' if kind == 'soap' else 'rest'}", insecure=False)
        )

    def change(self, edit: Callable[[Any], object], kind: str = "soap") -> None:
        """Edit the JSON of a cache file."""
        file = self.file(kind)
        value = json.loads(file.read_bytes())
        edit(value)
        file.write_text(json.dumps(value), encoding="utf-8")

    @property
    def records(self) -> list[Path]:
        """The helper's own records beside the sessions."""
        return sorted((self.home / ".local/state/vsphere-session/records").glob("*"))

    def forget_records(self) -> None:
        """Lose them: what is in the cache looks as if govc had made it."""
        for record in self.records:
            record.unlink()

    @property
    def operations(self) -> list[str]:
        """What the server was asked so far."""
        return [request.operation for request in self.vcenter.requests]

    @property
    def live(self) -> set[str]:
        """The ids of the sessions that live on the server."""
        return {session.id for session in self.vcenter.sessions}
