"""One case of promise 4: a session is cached, then something happens, then a verb; and what became of the session."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from credential_protocol.jsontext import decode
from credential_protocol.messages import Failure, Request
from simulated_vcenter import Clock as ServerClock
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper
from vsphere_session import clock
from vsphere_session.cache.surroundings import Surroundings
from vsphere_session.http import sockets
from vsphere_session.service.call import Call
from vsphere_session.service.verbs import VERBS
from vsphere_session.settings.config_file import Configuration

KEPT, REPLACED, GONE = "kept", "replaced", "gone"
SOON = 0.3  # seconds that a call may take to a server that does not answer


@dataclass(frozen=True, eq=False)
class Verb:
    """One way to call the helper; `adopts` also gives it a session that was made elsewhere."""

    name: str
    verb: str
    fields: Mapping[str, str]
    adopts: bool = False


GET = Verb("get", "get", {"password": PASSWORD})
VERIFY = Verb("get, verify=always", "get", {"password": PASSWORD, "verify": "always"})
SOAP = Verb("get, verify=always, api=soap", "get", {"password": PASSWORD, "verify": "always", "api": "soap"})
REST = Verb("get, verify=always, api=rest", "get", {"password": PASSWORD, "verify": "always", "api": "rest"})
NO_PASSWORD = Verb("get, verify=always, no password", "get", {"verify": "always"})
REAUTH = Verb("get, reauth", "get", {"password": PASSWORD, "reauth": "true"})
STORE = Verb("store", "store", {}, adopts=True)
ERASE = Verb("erase", "erase", {})
ALL_VERBS = (GET, VERIFY, SOAP, REST, NO_PASSWORD, REAUTH, STORE, ERASE)


@dataclass(frozen=True)
class Outcome:
    """What a caller was told (`source`, an error's kind, `stored`, `erased`), and what became of each cached session."""

    told: str
    soap: str = KEPT
    rest: str = KEPT

    @property
    def dropped(self) -> bool:
        """Whether a session was given up: replaced, removed, or not handed out any more."""
        return (self.soap, self.rest) != (KEPT, KEPT) or self.told == "not-found"


class Machine(clock.Clock):
    """The clock of the helper's machine, which a case sets forward or back."""

    shift = 0.0

    def now(self) -> float:
        """Seconds since the epoch, as this machine believes."""
        return time.time() + self.shift


class Day:
    """A vCenter, a home with sessions of both kinds cached, and whatever a case makes of them.

    `program` is the one to run; without it the verbs are called in this process, where the clock can be set.
    """

    def __init__(self, vcenter: SimulatedVCenter, home: Path, undo: ExitStack, program: list[str] | None) -> None:
        self.vcenter, self.home, self.undo, self.program = vcenter, home, undo, program
        self.machine = Machine()
        self.seconds = 30.0
        self.fields = {"url": vcenter.authority, "username": USER, "ca_file": vcenter.ca_file}
        self.environment = {"HOME": str(home), "PATH": os.defpath}
        self.expects_orphans = 0
        """How many sessions the case leaves of which nobody can know: their id never arrived."""

    def ask(self, verb: Verb, **more: str) -> tuple[str, dict[str, str]]:
        """What the caller is told, in a word, and the reply."""
        fields = {**self.fields, **verb.fields, **more}
        reply = self._run(verb.verb, fields) if self.program else self._inside(verb.verb, fields)
        if "error" in reply:
            return reply["error"], reply
        if verb.verb == "get":
            return reply["source"], reply
        warned = " with a warning" if "warning" in reply else ""
        return ("stored" if verb.verb == "store" else "erased") + warned, reply

    def _inside(self, verb: str, fields: dict[str, str]) -> dict[str, str]:
        around = Surroundings(self.environment, clock=self.machine, timeout=self.seconds)
        call = Call(around, Configuration("", {}, {}))
        url = fields.pop("url")
        try:
            return VERBS[verb](Request(verb, url, fields), call).fields
        except Failure as failure:
            return {"error": failure.kind, "message": failure.message}

    def _run(self, verb: str, fields: dict[str, str]) -> dict[str, str]:
        helper = Helper(self.home, self.environment)
        helper.program = self.program or []
        seconds = self.seconds if self.seconds > 1 else 3 * self.seconds  # a process has to start, too
        return helper.call(verb, fields, "--timeout", str(seconds)).fields

    @property
    def cached(self) -> dict[str, str]:
        """The session ids in the cache files, by kind."""
        found = {}
        for kind, directory in (("soap", "sessions"), ("rest", "rest_sessions")):
            for path in (self.home / ".govmomi" / directory).glob("[0-9a-f]*"):
                value = decode(path.read_bytes())
                assert isinstance(value, dict), path
                content = value if kind == "rest" else value["SoapClient"]["cookies"][0]
                found[kind] = str(content["SessionID" if kind == "rest" else "Value"])
        return found

    def unknown_host(self) -> None:
        """From now on no name is found."""
        unknown = socket.gaierror(-2, "Name or service not known")
        self.undo.enter_context(patch.object(sockets, "getaddrinfo", side_effect=unknown))
        # the server has an address for a name
        self.undo.enter_context(patch.object(sockets, "inet_pton", side_effect=OSError))


@dataclass(frozen=True)
class Case:
    """Something that happens, and what the contract says becomes of the session with each verb.

    server   how the vCenter is made
    inside   whether it can only be done to the verbs in this process, since it sets the client's clock or names
    hangs    whether a client without a time limit would wait for ever
    """

    name: str
    happens: Callable[[Day], object]
    expected: Mapping[Verb, Outcome]
    server: Mapping[str, object] | None = None
    inside: bool = False
    hangs: bool = False


@contextmanager
def day(case: Case, program: list[str] | None) -> Iterator[Day]:
    """A day that begins well: both sessions are cached."""
    with tempfile.TemporaryDirectory(prefix="bad-day-") as home, ExitStack() as undo:
        options = {"clock": ServerClock(), **(case.server or {})}
        vcenter = undo.enter_context(SimulatedVCenter(**options))  # type: ignore[arg-type]
        today = Day(vcenter, Path(home), undo, program)
        told, reply = today.ask(GET)
        assert told == "login", reply
        yield today


def outcome(case: Case, verb: Verb, program: list[str] | None = None) -> Outcome:
    """Let the case happen, call the verb, and see; raises AssertionError where a session is lost or handed out dead."""
    where = f"{case.name} / {verb.name}"
    with day(case, program) as today:
        elsewhere = today.vcenter.add_session(USER, "soap") if verb.adopts else ""
        case.happens(today)
        before = today.cached
        told, reply = today.ask(verb, **({"soap_session_id": elsewhere} if elsewhere else {}))
        after = today.cached
        fates = {kind: _fate(before.get(kind), after.get(kind)) for kind in ("soap", "rest")}
        if told in ("cache", "login"):
            handed = {kind: reply[f"{kind}_session_id"] for kind in ("soap", "rest") if f"{kind}_session_id" in reply}
            assert handed.items() <= after.items(), f"{where}: handed out what is not cached: {reply}"
        warned = set(before.values()) if told == "erased with a warning" else set()
        own = {elsewhere} if told != "stored" else set()
        live = {session.id for session in today.vcenter.sessions}
        lost = live - set(after.values()) - warned - own
        assert len(lost) <= today.expects_orphans, f"{where}: {len(lost)} sessions on the server are in no file"
        return Outcome(told, fates["soap"], fates["rest"])


def _fate(before: str | None, after: str | None) -> str:
    if before == after:
        return KEPT
    return REPLACED if after else GONE
