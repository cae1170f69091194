"""The operations of promise 3 inside this process: the verbs on a clock that goes with the server's."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from threading import Thread

from contract.desk import SharedClock
from credential_protocol.messages import Failure, Request
from promises.ledger import Ledger
from promises.mishaps import Mishap, draw
from simulated_vcenter import SimulatedVCenter
from simulated_vcenter.sessions import Kind
from vsphere_session.cache.surroundings import Surroundings
from vsphere_session.service.call import Call
from vsphere_session.service.verbs import VERBS
from vsphere_session.settings.config_file import Configuration

PASSWORDS = {f"{name}@vsphere.local": f"password of {name}" for name in ("anna", "bert", "carl", "dora")}
KINDS: tuple[Kind, ...] = ("soap", "rest")
PASSING_SECONDS = (30.0, 61.0, 1000.0, 1600.0, 1900.0, 40_000.0, 90_000.0, -100.0)
_PATIENCE_SECONDS = 60.0


class World:
    """A server, its users, two homes that know nothing of each other, and the books."""

    def __init__(self, vcenter: SimulatedVCenter, homes: list[Path], rng: Random, ledger: Ledger) -> None:
        self.vcenter = vcenter
        self.homes = homes
        self.rng = rng
        self.ledger = ledger
        self.users = list(PASSWORDS)

    def one(self) -> tuple[Path, str]:
        """A home and a user."""
        return self.rng.choice(self.homes), self.rng.choice(self.users)

    def ask(self, verb: str, home: Path, user: str, fields: Mapping[str, str], timeout: float = 30.0) -> dict[str, str]:
        """The reply, or a failure as its `error`; the books know what came of it."""
        around = Surroundings({"HOME": str(home), "PATH": os.defpath}, clock=SharedClock(self.vcenter), timeout=timeout)
        call = Call(around, Configuration("config.toml", {}, {}), secret_store="file")
        given = {"username": user, "ca_file": self.vcenter.ca_file, **fields}
        try:
            reply = VERBS[verb](Request(verb, self.vcenter.authority, given), call).fields
        except Failure as failure:
            self.ledger.counts["failed"] += 1
            self.ledger.said(failure.kind)
            return {"error": failure.kind}
        self.ledger.counts["answered"] += 1
        self.ledger.said("ok")
        return reply

    def settle_ownership(self, verb: str, user: str, fields: dict[str, str], reply: dict[str, str]) -> None:
        """Passthrough hands its sessions to the caller; a store takes over what the caller had."""
        ids: dict[str, str] = {kind: reply[f"{kind}_session_id"] for kind in KINDS if f"{kind}_session_id" in reply}
        if verb == "get" and "error" not in reply:
            self.ledger.belong(reply, user)
            if fields.get("passthrough"):
                self.ledger.own(ids, user)
        if verb == "store":
            for kind in reply.get("stored", "").split(","):
                self.ledger.owned.pop(fields.get(f"{kind}_session_id", ""), None)


# ---- what a caller asks for


def request_of(world: World, user: str) -> tuple[str, dict[str, str]]:
    """A verb and its fields, as often as it is useful to try it."""
    rng = world.rng
    makers: list[tuple[int, Callable[[], tuple[str, dict[str, str]]]]] = [
        (46, lambda: ("get", _get(rng, user))),
        (12, lambda: ("get", {**_get(rng, user), "reauth": "true"})),
        (10, lambda: ("get", {**_get(rng, user), "passthrough": "true"})),
        (
            12,
            lambda: (
                "erase",
                {"api": rng.choice(["soap", "rest", "both"]), "scope": rng.choice(["all", "session", "password"])},
            ),
        ),
        (10, lambda: ("erase", _own(world, user))),
        (10, lambda: ("store", _to_store(world, user))),
    ]
    (_, maker), *_ = rng.choices(makers, [weight for weight, _ in makers])
    return maker()


def _get(rng: Random, user: str) -> dict[str, str]:
    fields = {"api": rng.choice(["soap", "rest", "both", "both"]), "verify": rng.choice(["auto", "always", "never"])}
    password = rng.choices([PASSWORDS[user], "wrong", ""], [80, 5, 15])[0]  # none: the stored one
    return fields | ({"password": password} if password else {})


def _own(world: World, user: str) -> dict[str, str]:
    """A caller ends what it has in its hands."""
    ids = _in_hand(world, user)
    return {"passthrough": world.rng.choice(["true", "false"]), **ids} if ids else {"api": "both", "scope": "session"}


def _to_store(world: World, user: str) -> dict[str, str]:
    """A password, or sessions: in a caller's hands, of somebody else's making, of another user, or of nobody."""
    rng = world.rng
    ids: dict[str, str]
    match rng.randrange(6):
        case 0 | 1:
            return {"password": PASSWORDS[user]}
        case 2:
            return _in_hand(world, user) or {"password": PASSWORDS[user]}
        case 3 | 4:
            ids = {kind: world.vcenter.add_session(user, kind) for kind in rng.choice([KINDS, KINDS[:1], KINDS[1:]])}
            world.ledger.own(ids, user)
        case _:
            other = rng.choice(world.users)
            ids = {"soap": world.vcenter.add_session(other, "soap"), "rest": "0" * 32}
            world.ledger.own({"soap": ids["soap"]}, other)
    return {f"{kind}_session_id": session_id for kind, session_id in ids.items()}


def _in_hand(world: World, user: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for session_id, (owner, kind) in world.ledger.owned.items():
        if owner == user:
            found.setdefault(f"{kind}_session_id", session_id)
    return found


# ---- the steps


def call(world: World) -> None:
    """One call in quiet."""
    _call(world, None)


def call_with_mishap(world: World) -> None:
    """One call, and something goes wrong."""
    _call(world, draw(world.rng))


def _call(world: World, mishap: Mishap | None) -> None:
    home, user = world.one()
    verb, fields = request_of(world, user)
    timeout = mishap.timeout if mishap is not None and mishap.timeout else 30.0
    world.ledger.begin(f"{shown(verb, home, user, fields)}, {mishap or 'in quiet'}")
    if mishap is not None:
        mishap.befall(world.vcenter)
    reply = world.ask(verb, home, user, fields, timeout)
    world.vcenter.faults.clear()
    if mishap is not None and mishap.timeout:
        world.vcenter.settle()
    world.settle_ownership(verb, user, fields, reply)
    world.ledger.balance(mishap.allowed if mishap is not None else {})


def crowd(world: World) -> None:
    """Two to four callers at once, in threads of their own, of one user in one home."""
    home, user = world.one()
    asked = [request_of(world, user) for _ in range(world.rng.randint(2, 4))]
    world.ledger.begin(f"at once: {'; '.join(shown(verb, home, user, fields) for verb, fields in asked)}")
    replies: list[dict[str, str]] = [{} for _ in asked]

    def run(number: int) -> None:
        verb, fields = asked[number]
        replies[number] = world.ask(verb, home, user, fields)

    threads = [Thread(target=run, args=(number,), daemon=True) for number in range(len(asked))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_PATIENCE_SECONDS)
    world.ledger.check(all(replies), "a caller died without a reply")
    for (verb, fields), reply in zip(asked, replies, strict=True):
        world.settle_ownership(verb, user, fields, reply)
    world.ledger.balance({})


def time_passes(world: World) -> None:
    """Seconds to a day: the trust window ends, sessions idle out, or reach their age; or the clock is set back."""
    seconds = world.rng.choice(PASSING_SECONDS)
    world.ledger.begin(f"{seconds:g} s pass")
    world.vcenter.clock.advance(seconds)
    world.ledger.balance({})


def server_ends_sessions(world: World) -> None:
    """A restart of the server, an administrator who ends one of them, or sessions that are half-dead for one call."""
    match world.rng.randrange(3):
        case 0:
            world.ledger.begin("the server restarts")
            world.vcenter.end_all()
        case 1:
            world.ledger.begin("an administrator ends a session")
            alive = world.vcenter.sessions
            if alive:
                world.vcenter.end(world.rng.choice(alive).id)
        case _:
            home, user = world.one()
            world.ledger.begin(f"{home.name}, {user}: a call while SOAP sessions are half-dead")
            world.vcenter.faults.half_dead = True
            reply = world.ask("get", home, user, {"password": PASSWORDS[user], "verify": "always"})
            world.vcenter.faults.clear()
            world.ledger.belong(reply, user)
    world.ledger.balance({})


def session_limit(world: World) -> None:
    """A call while the server has no session left for anybody."""
    home, user = world.one()
    world.ledger.begin(f"{home.name}, {user}: a call while there is no session left")
    world.vcenter.limit_sessions(world.rng.choice([0, 1]))
    fields = _get(world.rng, user)
    reply = world.ask("get", home, user, fields)
    world.vcenter.limit_sessions(None)
    world.settle_ownership("get", user, fields, reply)
    world.ledger.balance({})


def shown(verb: str, home: Path, user: str, fields: dict[str, str]) -> str:
    """A call, so that it can be read: without what is long and says nothing."""
    said = " ".join(f"{name}={value[:6] if name.endswith('_id') else value}" for name, value in fields.items())
    return f"{home.name} {user.partition('@')[0]} {verb} {said}"


STEPS: list[tuple[float, Callable[[World], None]]] = [
    (52.0, call),
    (24.0, call_with_mishap),
    (5.0, crowd),
    (6.0, time_passes),
    (3.0, server_ends_sessions),
    (2.0, session_limit),
]
"""How often each of them is taken, of 100; the rest are processes (`struck.py`)."""
