"""The engine: whether it answers, what it is, whom it lets do what, its clock, and how well it keeps what it is given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vsphere_session.clock import rfc3339
from vsphere_session.commands.durations import span
from vsphere_session.commands.examining.finding import failed, ok, problem, skipped, warning
from vsphere_session.fleet.engine import DeniedError
from vsphere_session.fleet.place import new_token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vsphere_session.commands.examining.finding import Finding
    from vsphere_session.commands.examining.sharing.case import FleetCase

FLOORS = {"redis": (6, 2), "valkey": (7, 2)}
_RIGHTS = "-@all +auth +hello +time +xrevrange +xread +eval +evalsha +xadd +pexpire"
_SAME_SECONDS = 2.0
_EARLIEST = 1_577_836_800.0
"""2020-01-01: what a clock says before that was never set."""


def engine(case: FleetCase) -> Iterator[Finding]:
    """Whether it answers, and is one that is known to do what a fleet needs."""
    try:
        case.facts = case.ask(lambda engine: engine.about())
    except DeniedError as error:
        case.denied = error
        yield ok(f"{case.fleet.host} answers; what it is it tells none whom it does not let in")
        return
    facts = case.facts
    named = f"{facts.name} {facts.version}".strip() or "an engine that does not tell its version"
    if facts.name in FLOORS and _numbers(facts.version) < FLOORS[facts.name]:
        yield problem(
            f"{named} at {case.fleet.host} is too old", "update it to Redis 6.2, Valkey 7.2, or newer", "unsupported"
        )
        return
    yield ok(f"{named} at {case.fleet.host}, {_way(case)}")


def account(case: FleetCase) -> Iterator[Finding]:
    """Who is let in, and whether it may do more than it should."""
    if case.denied is not None:
        yield failed(case.refused(case.denied))
        return
    user, rights = case.facts.user, list(case.facts.rights)
    try:
        case.ahead = case.ask(lambda engine: engine.get(case.new_name())).now - case.case.clock.now()
    except DeniedError as error:
        yield failed(case.refused(error))
        return
    try:
        case.ask(lambda engine: engine.get(f"{case.settings.namespace}-{new_token()}"))
        if "~*" not in rights:
            rights.append("keys outside of the namespace")
    except DeniedError:
        pass
    if not rights:
        yield ok(f"{user}: nothing beside what a fleet needs")
        return
    yield warning(
        f"{user} may do more than a fleet needs: {', '.join(rights)}",
        f"have an administrator say: ACL SETUSER {user} resetkeys resetchannels ~{case.settings.namespace}:* {_RIGHTS}",
    )


def clock(case: FleetCase) -> Iterator[Finding]:
    """By how much it goes before or behind this machine's."""
    now, ahead = case.case.clock.now(), case.ahead
    if now < _EARLIEST:
        yield warning(
            f"this machine takes it to be {rfc3339(now)[:10]}, the engine {rfc3339(now + ahead)[:10]}",
            "set its clock: certificates and whatever has an end are judged by it",
        )
    elif abs(ahead) < _SAME_SECONDS:
        yield ok("the engine's and this machine's say the same")
    else:
        side = "ahead of" if ahead > 0 else "behind"
        yield ok(f"the engine is {span(abs(ahead))} {side} this machine; not a problem, ages are the engine's")


def durability(case: FleetCase) -> Iterator[Finding]:
    """What a failure costs."""
    facts = case.facts
    if not facts.durable:
        yield _not_told(case, "INFO persistence, CONFIG GET appendfsync")
    elif facts.durable == "no":
        yield warning(
            "it keeps no log on a disk: a restart forgets all sessions, which costs one login each",
            "have it keep one: appendonly yes",
        )
    else:
        when = {"always": "before it is confirmed", "second": "within a second, so that a crash may cost one login"}
        yield ok(f"what is written is on a disk {when[facts.durable]}")
    if facts.replicas > 0:
        yield ok(f"it has {facts.replicas} replica(s): a failover may cost one login")


def eviction(case: FleetCase) -> Iterator[Finding]:
    """Whether it drops documents to make room."""
    policy = case.facts.eviction
    if not policy:
        yield _not_told(case, "INFO memory")
    elif policy == "noeviction":
        yield ok("it drops nothing to make room (noeviction)")
    else:
        yield warning(
            f"maxmemory-policy {policy}: it may forget sessions at any time", "set maxmemory-policy to noeviction"
        )


def _not_told(case: FleetCase, question: str) -> Finding:
    return skipped(f"{case.facts.user} may not ask that, as it should be", f"an administrator may: {question}")


def _way(case: FleetCase) -> str:
    if not case.settings.url.startswith("rediss:"):
        return "in clear"
    return f"{case.facts.tls or 'TLS'}, verified by {case.settings.ca_file or 'what the platform trusts'}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:2]))
