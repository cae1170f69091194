"""The same mix-ups for the real govc: whose session it uses, and what ids it sends where."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from peers import Govc
from promises.led_astray import CODES
from promises.rows import Progress
from promises.two_servers import ALICE, BOB, PASSWORDS, Servers, homes, ids_sent
from simulated_vcenter import faults

ID = ("session.login", "-l")


class Tally:
    """How many combinations were tried, how many gave somebody else's session, how many sent an id to another server."""

    def __init__(self) -> None:
        self.tried = self.foreign = self.elsewhere = 0

    def __str__(self) -> str:
        return f"{self.tried} combinations by govc: {self.foreign} foreign sessions, {self.elsewhere} times an id at another server"

    def count(self, servers: Servers, user: str, handed_out: str, progress: Progress) -> None:
        """Close the books of one combination."""
        owner = {session.id: session.user for session in servers.one.logins}.get(handed_out, user)
        issued = {session.id for session in servers.one.logins}
        self.tried += 1
        self.foreign += owner != user
        self.elsewhere += bool(ids_sent(servers.other.requests) & issued)
        progress(1)


def without_a_name(progress: Progress) -> str:
    """Clone tickets, as govc takes them; the second one is somebody else's, the URL has no user name (rows a and b)."""
    tally = Tally()
    for first, second, named in product((ALICE, BOB), (ALICE, BOB), (False, True)):
        with _servers() as (servers, home):
            tickets = {
                user: _govc(servers, home / f"of {user}", user).ok("session.login", "-clone")
                for user in {first, second}
            }
            user = ALICE if named else None
            for who in (first, second):
                govc = Govc(home / "shared", servers.one.url, user, ca_file=Path(servers.ca_file))
                ticket = (
                    tickets[who]
                    if first != second
                    else _govc(servers, home / f"of {who}", who).ok("session.login", "-clone")
                )
                said = govc.run(*ID, "-ticket", ticket).stdout.strip()
            tally.count(servers, second, said, progress)
    return str(tally)


def edited(progress: Progress) -> str:
    """The file of the SOAP or REST session is edited by hand (row k)."""
    tally = Tally()
    for rest, edit in product((False, True), ("host", "insecure and host", "Bob's file")):
        with _servers() as (servers, home):
            command = (*ID, "-r") if rest else ID
            govc, his = _govc(servers, home / "alice", ALICE), _govc(servers, home / "bob", BOB)
            for each in (govc, his):
                each.ok(*command)
            mine, theirs = ((each.rest_files() if rest else each.soap_files())[0] for each in (govc, his))
            if edit == "Bob's file":
                mine.write_bytes(theirs.read_bytes())
            else:
                value = json.loads(mine.read_bytes())
                value["SoapClient"]["url"]["Host"] = servers.other.authority
                value["SoapClient"]["insecure"] |= "insecure" in edit
                mine.write_text(json.dumps(value), encoding="utf-8")
            tally.count(servers, ALICE, govc.run(*command).stdout.strip(), progress)
    return str(tally)


def redirects(progress: Progress) -> str:
    """The question about the cached session is redirected to the other server."""
    tally = Tally()
    for code, rest in product(CODES, (False, True)):
        with _servers() as (servers, home):
            command = (*ID, "-r") if rest else ID
            govc = _govc(servers, home / "alice", ALICE)
            govc.ok(*command)
            path = "/rest/com/vmware/cis/session?~action=get" if rest else "/sdk"
            servers.one.faults.add(path, faults.redirect(f"https://{servers.other.authority}{path}", int(code)))
            said = govc.run(*command).stdout.strip()
            tally.count(servers, ALICE, said, progress)
    return str(tally)


@contextmanager
def _servers() -> Iterator[tuple[Servers, Path]]:
    for servers, _ in homes([None]):
        with tempfile.TemporaryDirectory(prefix="govc-") as home:
            yield servers, Path(home)


def _govc(servers: Servers, home: Path, user: str) -> Govc:
    return Govc(home, servers.one.url, user, PASSWORDS[user], ca_file=Path(servers.ca_file))
