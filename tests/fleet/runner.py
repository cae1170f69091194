"""A runner of the model: what `get`, `reauth` and `erase` do with a place, each step a call of the engine or of vCenter."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from fleet.made import NOW, digest, token
from vsphere_session.fleet import document as documents
from vsphere_session.fleet.document import Aside, Document, Entry, Lease

KIND = "soap"
WINDOW = 600.0
ENDS = ("done", "dead")
_LATER = NOW + 3600
_ENDED_WHILE_HANDED_OUT = "erase in place"


class Runner(NamedTuple):
    """Where a runner is in its program, and what it knows. Sessions are named by their digests.

    job     `get`, `reauth`, `erase`; `erase in place` ends the session while it is the entry, only not trusted
    seen    the document by its last answer; None once the engine has another one, which a `put` would find out
    made    the session that it has logged in with; in the end, the one that it got
    about   the one that it asks about, or ends
    avoid   the one that a `reauth` found at its start
    local   one in a file of its own
    """

    name: str
    job: str
    at: str = "start"
    seen: bytes | None = None
    lease: Lease | None = None
    made: str = ""
    about: str = ""
    avoid: str = ""
    local: str = ""
    logins: int = 0


Put = tuple[Document | None, Runner]
"""What is to be put, None if nothing needs to be; and the runner after that."""


def started(runner: Runner, document: Document, now: float) -> Runner | None:
    """Take what is trusted, or be the one who logs in; None: wait for who does."""
    found = document.entries.get(KIND)
    if runner.job == "reauth" and not runner.avoid:
        runner = runner._replace(avoid=found.digest if found else "none")
    if found and not _erases(runner) and found.digest != runner.avoid and documents.age(found, now) < WINDOW:
        return _done(runner, found.digest)
    return None if documents.lease_left(document, now) else runner._replace(at="take")


def of_the_server(runner: Runner, alive: frozenset[str]) -> tuple[Runner, frozenset[str]] | None:
    """The runner after its question to vCenter, and the sessions that are alive then; None where it asks nothing now."""
    match runner.at:
        case "ask" if runner.about in alive:
            return runner._replace(at="confirm"), alive
        case "ask" | "ask of own":
            return runner._replace(at="offer" if runner.local in alive else "login"), alive
        case "login":
            made = digest(f"{runner.name}.{runner.logins}")
            return runner._replace(at="aside", made=made, logins=runner.logins + 1), alive | {made}
        case "end":
            return runner._replace(at="settle"), alive - {runner.about}
        case "end entry":
            return runner._replace(at="drop"), alive - {runner.about}
    return None


def put(runner: Runner, document: Document, now: float) -> Put:
    """What a runner puts at this step that has just seen this document."""
    if runner.at == "take":
        return _take(runner, document, now)
    if runner.at == "settle":  # it was ended, whoever has the lease
        settled = documents.settle(document, runner.about)
        return settled, _held(runner, settled, now)
    lease = runner.lease
    assert lease is not None
    if runner.at in ("aside", "commit"):
        return _put_made(runner, lease, document, now)
    return (
        _put_by_holder(runner, lease, document, now) if documents.is_held(document, lease) else (None, _again(runner))
    )


def _take(runner: Runner, document: Document, now: float) -> Put:
    own = document.lease
    if own and own.token == token(runner.name) and documents.lease_left(document, now):
        return None, _held(runner._replace(lease=own), document, now)  # the answer was lost
    again = started(runner._replace(at="start"), document, now)
    if again is None or again.at != "take":
        return None, again or _again(runner)
    found = documents.take(document, now, owner=runner.name, token=token(runner.name), purpose=runner.job)
    assert found is not None
    return found[0], _held(again._replace(lease=found[1]), found[0], now)


def _put_made(runner: Runner, lease: Lease, document: Document, now: float) -> Put:
    """A session that was made is in the document from the first chance on: as `new` for its maker, else as `stale`."""
    entry, held = document.entries.get(KIND), documents.is_held(document, lease)
    if entry and entry.digest == runner.made:  # the answer was lost
        return documents.release(document, lease) if held else None, _done(runner, runner.made)
    aside = next((each for each in document.aside if each.digest == runner.made), None)
    if aside and aside.why == "retired":  # committed, and replaced since: it serves whoever has it
        return None, _done(runner, runner.made)
    if not held:
        stale = documents.set_aside(document, now, _aside(runner, lease, now, "stale"))
        return stale, runner._replace(at="end", about=runner.made, made="")
    if aside is None:
        new = documents.set_aside(document, now, _aside(runner, lease, now, "new"))
        return new, runner._replace(at="commit")
    return _committed(document, now, lease, runner.made), _done(runner, runner.made)


def _put_by_holder(runner: Runner, lease: Lease, document: Document, now: float) -> Put:
    match runner.at:
        case "confirm":
            confirmed = documents.confirm(document, now, KIND, runner.about)
            return documents.release(confirmed, lease), _done(runner, runner.about)
        case "offer" if not documents.knows(document, runner.local):
            return _committed(document, now, lease, runner.local), _done(runner, runner.local)
        case "offer":
            return None, runner._replace(at="login")
        case "distrust":
            return documents.distrust(document, KIND, runner.about), runner._replace(at="end entry")
        case "withdraw" | "drop":
            take_away = documents.withdraw if runner.at == "withdraw" else documents.drop
            without = take_away(document, now, lease, KIND) or document
            return without, _held(runner, without, now)
    return documents.release(document, lease), _done(runner, "")


def _held(runner: Runner, document: Document, now: float) -> Runner:
    """What is next for a runner if it has the lease: first, what others left to be ended."""
    if runner.lease is None or not documents.is_held(document, runner.lease):
        return _again(runner)
    found = document.entries.get(KIND)
    to_end = document.aside if _erases(runner) and not found else documents.due(document, now)
    if to_end:
        return runner._replace(at="end", about=to_end[0].digest)
    runner = runner._replace(about=found.digest if found else "")
    if _erases(runner):
        away = "distrust" if runner.job == _ENDED_WHILE_HANDED_OUT else "withdraw"
        return runner._replace(at=away if found else "release")
    if found and found.digest != runner.avoid:
        return runner._replace(at="ask")
    return runner._replace(at="ask of own" if runner.local and runner.job == "get" else "login")


def _committed(document: Document, now: float, lease: Lease, session: str) -> Document:
    entry = Entry(session, b"", now, now, lease.fence)
    committed = documents.commit(document, now, lease, KIND, entry, retire_until=_LATER)
    assert committed is not None
    return documents.release(committed, lease)


def _aside(runner: Runner, lease: Lease, now: float, why: str) -> Aside:
    return Aside(KIND, runner.made, b"", lease.fence, now, why)


def _erases(runner: Runner) -> bool:
    return runner.job.startswith("erase")


def _again(runner: Runner) -> Runner:
    return runner._replace(at="start", seen=None, lease=None, made="", about="")


def _done(runner: Runner, session: str) -> Runner:
    return Runner(runner.name, runner.job, "done", made=session, logins=runner.logins)


def bare(document: Document) -> Document:
    """Without its log, which only tells how it came to that, so that two ways to one document are one."""
    return replace(document, log=())
