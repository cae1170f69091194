"""The operations of promise 3 as processes, which are struck by a signal at one of their requests."""

from __future__ import annotations

import json
import signal
import subprocess
import threading

from contract.processes import finished
from promises.crowd import SINGLE_FILE
from promises.ledger import KILLED, KILLED_OUTSIDE
from promises.operations import KINDS, World, request_of, shown
from simulated_vcenter import Fault
from simulated_vcenter.exchange import Exchange
from support.program import Helper, Reply, request

MOST_REQUESTS = 7
"""A `get` for both kinds that has to ask before it logs in, and to end what it replaces, makes about so many."""
MOMENTS = ("before the server has done its work", "when the server has done its work", "after the answer")
LOGINS = {"Login", "POST /api/session"}
LONGEST_DELAY_SECONDS = 0.02
"""In so much time after an answer the program writes its files."""
GENTLE = {signal.SIGINT: 130, signal.SIGTERM: 143}


class Blow:
    """A signal for a process, at its request of this number, at that moment."""

    def __init__(self, number: int, request_number: int, moment: str, delay: float) -> None:
        self.number, self.moment, self.delay = number, moment, delay
        self.left = request_number
        self.struck = False
        self.process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def fault(self) -> Fault:
        """The fault that strikes; every other request is answered as ever."""
        return Fault(self._meet)

    def _meet(self, exchange: Exchange) -> None:
        with self._lock:
            self.left -= 1
            mine = self.left == 0
        if mine and self.moment == MOMENTS[0]:
            self._strike()
        answer = exchange.perform()
        if mine and self.moment == MOMENTS[1]:
            self._strike()
        exchange.send(answer)
        if mine and self.moment == MOMENTS[2]:
            threading.Event().wait(self.delay)
            self._strike()

    def _strike(self) -> None:
        assert self.process is not None
        if self.process.poll() is None:  # it may have ended already
            self.process.send_signal(self.number)
            self.struck = True


def killed(world: World) -> None:
    """A process gets SIGKILL: it loses the session of a login whose answer it has not noted yet, and no other.

    With passthrough, which writes no file, it loses what it has made.
    """
    ledger = world.ledger
    process, lost, seen = _Process(world, signal.SIGKILL), set(ledger.lost), len(world.vcenter.requests)
    process.run()
    passthrough = process.fields.get("passthrough") and process.verb == "get"
    allowed = {KILLED_OUTSIDE: 2} if passthrough else {KILLED: 1}
    ledger.balance(allowed if process.blow.struck else {})
    if ledger.lost - lost and not passthrough:
        last = world.vcenter.requests[seen:][-1].operation
        ledger.check(last in LOGINS, f"a session is lost though its login was answered before {last}")
    ledger.counts["killed"] += process.blow.struck


def interrupted(world: World) -> None:
    """A process gets SIGINT or SIGTERM: nothing is lost."""
    number = world.rng.choice(list(GENTLE))
    process = _Process(world, number)
    reply = process.run()
    if process.blow.struck:
        done = reply.status in {0, GENTLE[number], -number} or (b'"error"' in reply.stdout and reply.status > 0)
        world.ledger.check(done, f"status {reply.status} after {number.name}: {reply}")
        world.ledger.counts[number.name] += 1
    world.ledger.balance({})


class _Process:
    """One call by a process, the console script or the single file, and what strikes it."""

    def __init__(self, world: World, number: int) -> None:
        rng = world.rng
        self._world = world
        self._home, self._user = world.one()
        self.verb, self.fields = request_of(world, self._user)
        if self.verb == "get" and rng.random() < 0.5:
            world.vcenter.end_all()  # or most of them would find a session and ask once
        self._helper = Helper(self._home)
        name = "console script"
        if SINGLE_FILE.is_file() and rng.random() < 0.5:
            self._helper.program, name = [str(SINGLE_FILE)], "single file"
        moment, at = rng.choice(MOMENTS), rng.randint(1, MOST_REQUESTS)
        self.blow = Blow(number, at, moment, rng.random() * LONGEST_DELAY_SECONDS)
        struck = f"{signal.Signals(number).name} at request {at}, {moment}"
        world.ledger.begin(f"{name}: {shown(self.verb, self._home, self._user, self.fields)}, {struck}")

    def run(self) -> Reply:
        """Its end; what it handed out before is the caller's."""
        world = self._world
        world.vcenter.faults.add("*", self.blow.fault())
        with self._helper.start("--secret-store", "file", "--timeout", "30", self.verb) as process:
            self.blow.process = process
            assert process.stdin is not None
            asked = request(world.vcenter, username=self._user, **self.fields)
            process.stdin.write(json.dumps(asked).encode())
            process.stdin.close()
            process.stdin = None  # for `communicate`
            reply = finished(process)
        world.vcenter.settle()
        world.vcenter.faults.clear()
        answer = self._answer(reply)
        world.ledger.counts["answered by a process" if answer else "ended without an answer"] += 1
        world.ledger.said(f"status {reply.status}{', answered' if answer else ''}")
        world.settle_ownership(self.verb, self._user, self.fields, answer or {"error": "killed"})
        if not answer and self.verb == "store":
            self._take_back()
        return reply

    def _answer(self, reply: Reply) -> dict[str, str]:
        """Its whole answer, if there is one."""
        if not reply.stdout.endswith(b"\n"):
            return {}
        fields: dict[str, str] = json.loads(reply.stdout)
        return fields

    def _take_back(self) -> None:
        """What it may have put into a file before it was struck is the file's."""
        files = self._world.ledger.cached()
        for kind in KINDS:
            given = self.fields.get(f"{kind}_session_id", "")
            if given in files:
                self._world.ledger.owned.pop(given, None)
