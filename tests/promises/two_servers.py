"""Two vCenters with the same users, one home, and the books of promise 5: whose sessions are handed out, what ids are sent where."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from credential_protocol.messages import Failure, Request
from simulated_vcenter import Request as Seen
from simulated_vcenter import SimulatedVCenter
from support.cache_files import session_ids
from vsphere_session import clock
from vsphere_session.cache.surroundings import Surroundings
from vsphere_session.service.call import Call
from vsphere_session.service.verbs import VERBS
from vsphere_session.settings.config_file import Configuration
from vsphere_session.vsphere.session_id import SOAP_COOKIE

Combination = TypeVar("Combination")
ALICE, BOB = "alice@vsphere.local", "bob@vsphere.local"
PASSWORDS = {ALICE: "Al1ce!", BOB: "B0b!"}
UPN, NAMESAKE, COLLEAGUE = "alice@ad.example.com", "alice@other.example.org", "bob@ad.example.com"
ODD_PASSWORDS = {UPN: "Al1ce!", NAMESAKE: "0ther!", COLLEAGUE: "B0b!"}
REPORTED = {
    UPN: ("EXAMPLE\\alice", "alice@EXAMPLE.LOCAL"),
    NAMESAKE: ("OTHER\\alice", "alice@OTHER.LOCAL"),
    COLLEAGUE: ("EXAMPLE\\bob", "bob@EXAMPLE.LOCAL"),
}
"""Users whose UPN suffix is not their domain's name: what SOAP and REST call them follows from no spelling."""


class Clock(clock.Clock):
    """The system's clock, set forward by `ahead` seconds."""

    ahead = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self.ahead


class Servers:
    """`one` and `other` have certificates of authorities that are both in `ca_file`: trust alone keeps nothing apart."""

    def __init__(self, one: SimulatedVCenter, other: SimulatedVCenter, home: Path) -> None:
        self.one, self.other, self.home = one, other, home
        self.ca_file = str(home / "ca.pem")
        self.clock = Clock()
        self.environment = {"HOME": str(home), "PATH": os.defpath}
        self._seen = {server: len(server.requests) for server in (one, other)}
        self.trust_both()

    def trust_both(self) -> None:
        """Trust the authorities that vouch for the servers now."""
        texts = (Path(server.ca_file).read_text(encoding="ascii") for server in (self.one, self.other))
        Path(self.ca_file).write_text("".join(texts), encoding="ascii")

    def ask(self, verb: str, url: str, user: str = "", **fields: str) -> dict[str, str]:
        """The reply to a request, or its error; what `get` hands out must belong to `user` on the server of `url`."""
        named = {"username": user} if user else {}
        request = Request(verb, url, {"ca_file": self.ca_file, **named, **fields})
        try:
            reply = VERBS[verb](
                request, Call(Surroundings(self.environment, clock=self.clock), Configuration("", {}, {}))
            ).fields
        except Failure as failure:
            return {"error": failure.kind, "message": failure.message}
        if verb == "get":
            self.check(
                self._server(url), user, {reply[name] for name in reply if name.endswith("session_id")}, str(request)
            )
        return reply

    def check(self, server: SimulatedVCenter, user: str, handed_out: set[str], what: str) -> None:
        """Every id that was handed out is a session of `user` on this server; without a user there is none to hand out."""
        owners = {session.id: session.user for session in [*server.logins, *server.sessions]}
        for session_id in handed_out:
            owner = owners.get(session_id, "nobody on this server")
            assert _account(user) == owner, f"{what}: a session of {owner} was handed out to {user!r}"

    def balance(self, what: str, *, lost: int = 0) -> int:
        """No server was sent an id of the other; every session is in a file but so many. How many ids were sent."""
        count = 0
        for server, stranger in ((self.one, self.other), (self.other, self.one)):
            foreign = {session.id for session in stranger.logins} | {session.id for session in stranger.sessions}
            sent = ids_sent(server.requests[self._seen[server] :])
            assert not sent & foreign, f"{what}: {server.authority} was sent an id of {stranger.authority}"
            count += len(sent)
        alive = {session.id for server in (self.one, self.other) for session in server.sessions}
        unknown = alive - session_ids(self.home / ".govmomi")
        assert len(unknown) <= lost, f"{what}: {len(unknown)} sessions are in no file"
        return count

    def files(self, kind: str) -> list[Path]:
        """The cache files of a kind."""
        return sorted((self.home / ".govmomi" / ("sessions" if kind == "soap" else "rest_sessions")).glob("[0-9a-f]*"))

    def _server(self, url: str) -> SimulatedVCenter:
        port = self.other.authority.rpartition(":")[2]
        return self.other if f":{port}" in url else self.one


def _account(user: str) -> str:
    """The account that a user name means, as the servers list it."""
    domain, backslash, name = user.partition("\\")
    return (f"{name}@{domain}" if backslash else user).lower()


def ids_sent(requests: list[Seen]) -> set[str]:
    """Every session id in these requests, wherever it stands."""
    found = set()
    for request in requests:
        for crumb in request.headers.get("cookie", "").split(";"):
            name, _, value = crumb.strip().partition("=")
            if name in (SOAP_COOKIE, "vmware-api-session-id"):
                found.add(value.strip('"'))
        found.add(request.headers.get("vmware-api-session-id", ""))
    return found - {""}


def homes(
    combinations: Sequence[Combination],
    passwords: Mapping[str, str] = PASSWORDS,
    reported: Mapping[str, tuple[str, str]] | None = None,
) -> Iterator[tuple[Servers, Combination]]:
    """Each combination with both servers, on which there is no session, and an empty home."""
    with (
        SimulatedVCenter(passwords, reported_names=reported) as one,
        SimulatedVCenter(passwords, reported_names=reported) as other,
    ):
        for combination in combinations:
            for server in (one, other):
                server.end_all()
            with tempfile.TemporaryDirectory(prefix="two-servers-") as home:
                yield Servers(one, other, Path(home)), combination
