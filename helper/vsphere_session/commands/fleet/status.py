"""`fleet status`: what a fleet has for an endpoint. It asks the engine alone, and writes nothing."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import click

from vsphere_session.clock import rfc3339
from vsphere_session.commands.durations import seen_from
from vsphere_session.commands.examining.case import Case
from vsphere_session.commands.examining.sharing.case import FleetCase
from vsphere_session.commands.fleet.shared import shared
from vsphere_session.commands.options import command, host_argument, json_option, request_of
from vsphere_session.version import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vsphere_session.commands.fleet.shared import Handed, Shared
    from vsphere_session.commands.invocation import Invocation
    from vsphere_session.fleet.contents import Lease

_LOGGED = 10
"""So many of the last lines of the log are shown."""


@command(
    "Show what the fleet has for an endpoint: its sessions, who confirmed and who made them, who is logging in, what is to be ended, "
    "what was refused, and what happened last. The engine alone is asked, and nothing is changed, so that an account which may only "
    "read is enough; without the fleet's key all is shown but what is sealed.",
    f"{PROGRAM} fleet status\n{PROGRAM} fleet status vc.example.com --username terraform@vsphere.local --json",
    name="status",
)
@host_argument
@click.option(
    "--number",
    metavar="N",
    type=click.IntRange(min=0),
    help="Which one to show of several sessions that the machines share, from 0; by default this machine's.",
)
@click.option("--show-secret", is_flag=True, help="Show the session ids, too: whoever reads one can use it.")
@json_option
def status_command(
    invocation: Invocation, *, host: str | None, number: int | None, show_secret: bool, as_json: bool
) -> None:
    """See above."""
    base = Case(invocation.environ, invocation.common, fields=request_of(invocation, host), build=invocation.build)
    invocation.connecting()
    case = FleetCase(base)
    try:
        found = shared(case, number)
        if as_json:
            invocation.screen.json(_document(case, found, show_secret=show_secret))
        else:
            _show(invocation, case, found, show_secret=show_secret)
    finally:
        case.close()


def _show(invocation: Invocation, case: FleetCase, found: Shared, *, show_secret: bool) -> None:
    screen = invocation.screen
    screen.facts(_facts(case, found, show_secret=show_secret))
    if found.document.log:
        screen.line()
        rows = [[rfc3339(line.at), line.who, line.what, line.digest] for line in found.document.log[-_LOGGED:]]
        screen.records(["TIME", "RUNNER", "WHAT", "SESSION"], rows)


def _facts(case: FleetCase, found: Shared, *, show_secret: bool) -> Iterator[tuple[str, str]]:
    asked = case.case.known()
    yield "Endpoint", asked.place
    yield "User", asked.user() or "nobody is named"
    yield "Fleet", f"{case.fleet.namespace} at {case.fleet.host}"
    if case.fleet.sessions > 1:
        mine = "this machine's" if found.number == case.fleet.number else f"this machine uses {case.fleet.number}"
        yield "Number", f"{found.number} of 0 to {case.fleet.sessions - 1}; {mine}"
    yield "Key", found.no_keys or ", ".join(found.keys)
    for one in found.handed:
        yield one.kind.upper(), _in_words(one, found.now)
        if show_secret and one.session_id:
            yield f"{one.kind.upper()} session id", one.session_id
    if not found.handed:
        yield "Sessions", "none yet"
    yield "Lease", _lease(found.lease, found.now)
    ends = [each.until for each in found.retired]
    yield "Retired", f"{len(ends)}{f', the next to be ended {seen_from(found.now, min(ends))}' if ends else ''}"
    yield "To be ended", str(len(found.to_be_ended))
    yield "Refused passwords", _refused(found)


def _in_words(one: Handed, now: float) -> str:
    confirmed = "not confirmed" if one.age == inf else f"confirmed {seen_from(now, now - one.age)}"
    by = f" by {one.confirmed_by}" if one.confirmed_by and one.age != inf else ""
    maker = f" by {one.logged_in_by}" if one.logged_in_by else ""
    whose = f", of {one.username}" if one.username else ""
    return (
        f"{one.state}; {confirmed}{by}, logged in {seen_from(now, one.entry.made)}{maker}{whose}, key {one.key or 'unknown'}, "
        f"fence {one.entry.fence}"
    )


def _lease(lease: Lease | None, now: float) -> str:
    if lease is None:
        return "free"
    return f"{lease.owner} ({lease.purpose}) since {seen_from(now, _since(lease))}, free {seen_from(now, lease.until)} at the latest"


def _refused(found: Shared) -> str:
    refused = found.refused
    if not refused.server_known and not refused.count and refused.turn is None:
        return "not known: this machine has not asked yet which server that is"
    until = f", the last until {rfc3339(refused.until)}" if refused.count else ""
    whose = "" if refused.turn is None else f"; {refused.turn.owner} is trying one"
    return f"{refused.count}{until}{whose}"


def _since(lease: Lease) -> float:
    """A fence is the engine's time in microseconds when the lease was taken, or a little more."""
    return min(lease.fence / 1e6, lease.until)


def _document(case: FleetCase, found: Shared, *, show_secret: bool) -> dict[str, object]:
    asked, refused = case.case.known(), found.refused
    return {
        "endpoint": asked.place,
        "username": asked.user() or None,
        "engine": case.fleet.host,
        "namespace": case.fleet.namespace,
        "document": found.name,
        "number": found.number,
        "numbers": case.fleet.sessions,
        "now": rfc3339(found.now),
        "keys": list(found.keys),
        "no_keys": found.no_keys or None,
        "sessions": [_session(one, show_secret=show_secret) for one in found.handed],
        "lease": _fields(found.lease),
        "retired": [{"kind": each.kind, "until": rfc3339(each.until)} for each in found.retired],
        "to_be_ended": [{"kind": each.kind, "why": each.why} for each in found.to_be_ended],
        "refused": {
            "server_known": refused.server_known,
            "passwords": refused.count,
            "until": rfc3339(refused.until) if refused.count else None,
            "turn": _fields(refused.turn),
        },
        "log": [
            {"at": rfc3339(line.at), "runner": line.who, "what": line.what, "session": line.digest or None}
            for line in found.document.log
        ],
    }


def _session(one: Handed, *, show_secret: bool) -> dict[str, object]:
    fields: dict[str, object] = {
        "kind": one.kind,
        "state": one.state,
        "identity": one.username or None,
        "confirmed_at": rfc3339(one.entry.confirmed) if one.age != inf else None,
        "confirmed_by": one.confirmed_by or None,
        "logged_in_at": rfc3339(one.entry.made),
        "logged_in_by": one.logged_in_by or None,
        "key": one.key or None,
        "fence": one.entry.fence,
    }
    return fields | ({"session_id": one.session_id} if show_secret and one.session_id else {})


def _fields(lease: Lease | None) -> dict[str, object] | None:
    if lease is None:
        return None
    return {
        "runner": lease.owner,
        "for": lease.purpose,
        "since": rfc3339(_since(lease)),
        "until": rfc3339(lease.until),
    }
