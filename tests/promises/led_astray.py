"""How a session can be led astray: redirects to another server, and cache files edited by hand. Each yields its combinations."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

from promises.mix_ups import of
from promises.rows import Size
from promises.two_servers import ALICE, BOB, PASSWORDS, Servers, homes
from simulated_vcenter import SimulatedVCenter, faults

# ---- redirects

STEPS = {
    "RetrieveServiceContent": ("reauth", "soap"),
    "=Login": ("reauth", "soap"),
    "RetrievePropertiesEx": ("verify", "soap"),
    "=Logout": ("erase", "soap"),
    "POST /api/session": ("reauth", "rest"),
    "GET /api/session": ("verify", "rest"),
    "DELETE /api/session": ("erase", "rest"),
}
TARGETS = ("another host", "another host, http", "the same host, http", "without a scheme", "another path")
CODES = ("301", "302", "303", "307", "308")
FIELDS = {"verify": {"verify": "always"}, "reauth": {"reauth": "true"}, "erase": {}}


def redirects(size: Size) -> Iterator[int]:
    """Each step of a session's life is redirected: nothing is sent there, and the cached session is kept but by erase."""
    with SimulatedVCenter(PASSWORDS, tls=False) as open_one:
        for servers, (code, target, step) in homes(of(size, list(product(CODES, TARGETS, STEPS)))):
            one, other = servers.one, servers.other
            what = f"{step} is redirected with {code} to {target}"
            verb, kind = STEPS[step]
            asked = {"password": PASSWORDS[ALICE], "api": kind}
            cached = servers.ask("get", one.authority, ALICE, **asked)
            assert cached.get("source") == "login", f"{what}: {cached}"
            one.faults.add(step, faults.redirect(_location(target, step, one, other, open_one), int(code)))
            fields = FIELDS[verb] | ({"api": kind} if verb == "erase" else asked)
            reply = servers.ask("erase" if verb == "erase" else "get", one.authority, ALICE, **fields)
            one.faults.clear()
            assert "warning" in reply or reply.get("error") == "unreachable", f"{what}: {reply}"
            assert not [*other.requests, *open_one.requests], f"{what}: it was followed"
            if verb != "erase":
                again = servers.ask("get", one.authority, ALICE, api=kind, verify="always")
                assert again.get("source") == "cache", f"{what}, then: {again}"
            yield servers.balance(what, lost=1 if verb == "erase" else 0)


def _location(
    target: str, step: str, one: SimulatedVCenter, other: SimulatedVCenter, open_one: SimulatedVCenter
) -> str:
    path = "/api/session" if "api" in step else "/sdk"
    return {
        "another host": f"https://{other.authority}{path}",
        "another host, http": f"http://{open_one.authority}{path}",
        "the same host, http": f"http://{one.authority}{path}",
        "without a scheme": f"//{other.authority}{path}",
        "another path": f"{path}/elsewhere",
    }[target]


# ---- cache files edited by hand


def _url(**parts: str) -> Callable[[Servers, Path, Path], None]:
    def edit(servers: Servers, mine: Path, _bobs: Path) -> None:
        known = {"OTHER": servers.other.authority, "SHOUTED": "LOCALHOST:" + servers.one.authority.rpartition(":")[2]}
        _change(mine, lambda value: value["SoapClient"]["url"].update({k: known.get(v, v) for k, v in parts.items()}))

    return edit


def _insecure(_servers: Servers, mine: Path, _bobs: Path) -> None:
    _change(mine, lambda value: value["SoapClient"].update(insecure=True))


def _bobs_id(_servers: Servers, mine: Path, bobs: Path) -> None:
    theirs = json.loads(bobs.read_bytes())

    def edit(value: Any) -> None:
        if "SessionID" in value:
            value["SessionID"] = theirs["SessionID"]
        else:
            value["SoapClient"]["cookies"] = theirs["SoapClient"]["cookies"]

    _change(mine, edit)


def _bobs_file(_servers: Servers, mine: Path, bobs: Path) -> None:
    mine.write_bytes(bobs.read_bytes())


def _bobs_file_and_record(servers: Servers, mine: Path, bobs: Path) -> None:
    _bobs_file(servers, mine, bobs)
    alices, his = sorted(
        (servers.home / ".local/state/vsphere-session/records").iterdir(), key=lambda path: path.stat().st_mtime_ns
    )
    alices.write_bytes(his.read_bytes())


def _file_of_the_other_server(servers: Servers, mine: Path, _bobs: Path) -> None:
    fields = {"password": PASSWORDS[ALICE], "api": "rest" if mine.parent.name == "rest_sessions" else "soap"}
    reply = servers.ask("get", servers.other.authority, ALICE, **fields)
    mine.write_bytes(Path(reply[f"{fields['api']}_session_file"]).read_bytes())


def _half(_servers: Servers, mine: Path, _bobs: Path) -> None:
    mine.write_bytes(mine.read_bytes()[:-40])


def _change(path: Path, edit: Callable[[Any], object]) -> None:
    value = json.loads(path.read_bytes())
    edit(value)
    path.write_text(json.dumps(value), encoding="utf-8")


EDITS: dict[str, Callable[[Servers, Path, Path], None]] = {
    "the other server's host": _url(Host="OTHER"),
    "the host in capitals": _url(Host="SHOUTED"),
    "no host": _url(Host=""),
    "http": _url(Scheme="http"),
    "the other server by http": _url(Scheme="http", Host="OTHER"),
    "insecure switched on": _insecure,
    "Bob's session id": _bobs_id,
    "Bob's whole file": _bobs_file,
    "Bob's file and record": _bobs_file_and_record,
    "the other server's file": _file_of_the_other_server,
    "half a file": _half,
}
CALLS = {
    "get": {"password": PASSWORDS[ALICE]},
    "get verify=always": {"password": PASSWORDS[ALICE], "verify": "always"},
    "get without a password": {},
    "reauth": {"password": PASSWORDS[ALICE], "reauth": "true"},
    "erase": {},
}


def edited(size: Size) -> Iterator[int]:
    """Alice's cache file is edited, then she asks: she gets a session of hers on her server, or none."""
    for servers, (edit, call, kind, later) in homes(
        of(size, list(product(EDITS, CALLS, ("soap", "rest"), ("at once", "later"))))
    ):
        one = servers.one
        what = f"{edit} in the {kind} file, then {call}, {later}"
        files = []
        for user in (ALICE, BOB):
            reply = servers.ask("get", one.authority, user, password=PASSWORDS[user], api=kind)
            files.append(Path(reply[f"{kind}_session_file"]))
        EDITS[edit](servers, files[0], files[1])
        servers.clock.ahead = 61.0 if later == "later" else 0.0
        reply = servers.ask("erase" if call == "erase" else "get", one.authority, ALICE, api=kind, **CALLS[call])
        if "password" in CALLS[call]:
            assert reply.get("source") == "login", f"{what}: {reply}"
        his = servers.ask("get", one.authority, BOB, api=kind, verify="always")
        assert his.get("source") == "cache", f"{what}: Bob has lost his session: {his}"
        yield servers.balance(what, lost=1)  # the one that was edited away: nobody knows its id any more
