"""Every way in which a few runners come to a session, by the real transitions: all interleavings, and what may fail.

Between any two of its steps a runner may be paused, or die; a lease may run out; the answer to a `put` may be lost, and
what was sent then takes effect later or never; the engine may forget everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from fleet.made import NOW
from fleet.runner import ENDS, KIND, WINDOW, Runner, bare, of_the_server, put, started
from vsphere_session.fleet import document as documents

_LEASE_OVER = documents.LEASE_SECONDS + 1

read = lru_cache(maxsize=None)(documents.read)


class Faults(NamedTuple):
    """How often each may happen. The lease of one who no longer works runs out in any case."""

    deaths: int = 0
    expiries: int = 0
    lost: int = 0
    resets: int = 0


class State(NamedTuple):
    """All there is at a moment.

    passed     how often the time of a lease has gone by
    alive      the sessions that vCenter has
    flying     a `put` whose answer was lost and that may still take effect, until something else is put
    explained  sessions that no document has for a good reason: a death at the one bad moment, a reset
    """

    document: bytes
    alive: frozenset[str]
    runners: tuple[Runner, ...]
    faults: Faults
    flying: bytes | None = None
    explained: frozenset[str] = frozenset()
    passed: int = 0

    @property
    def now(self) -> float:
        """The engine's time."""
        return NOW + _LEASE_OVER * self.passed


@dataclass
class Searched:
    """What a search has seen. `lost`, `wrong` and `stuck` are states that must not be.

    lost   all have ended, and vCenter has a session that no document has, without a reason
    wrong  a dead session is handed out as alive
    stuck  nobody can go on, or nothing leads to an end
    """

    states: int = 0
    ends: int = 0
    logins: int = 0
    lost: list[State] = field(default_factory=list)
    wrong: list[State] = field(default_factory=list)
    stuck: list[State] = field(default_factory=list)


def search(first: State, *, conditional: bool = True, most_states: int = 1_000_000) -> Searched:
    """Visit every state. `conditional`: whether the engine replaces a document only if it is the one that was read."""
    found = Searched()
    numbers = {first: 0}
    waiting, befores, ends = [first], [list[int]()], list[int]()
    while waiting:
        state = waiting.pop()
        number = numbers[state]
        if _hands_out_a_dead_one(state):
            found.wrong.append(state)
        following = list(steps(state, conditional=conditional))
        if all(runner.at in ENDS for runner in state.runners):
            ends.append(number)
            found.logins = max(found.logins, sum(runner.logins for runner in state.runners))
            if _lost(state):
                found.lost.append(state)
        for each in following:
            if each not in numbers:
                numbers[each] = len(numbers)
                befores.append([])
                waiting.append(each)
            befores[numbers[each]].append(number)
        if len(numbers) > most_states:
            raise AssertionError(f"more than {most_states} states")
    found.states, found.ends = len(numbers), len(ends)
    leading = _leading_to(ends, befores)
    found.stuck = [state for state, number in numbers.items() if number not in leading]
    return found


def steps(state: State, *, conditional: bool) -> Iterator[State]:
    """Every state that may come next."""
    for number, runner in enumerate(state.runners):
        if runner.at not in ENDS:
            yield from _step(state, number, runner, conditional=conditional)
            if state.faults.deaths and runner.at != "start":
                yield _died(state, number, runner)
    lease, faults = read(state.document).lease, state.faults
    if lease and documents.lease_left(read(state.document), state.now):
        if not any(runner.name == lease.owner and runner.at not in (*ENDS, "start") for runner in state.runners):
            yield state._replace(passed=state.passed + 1)
        elif faults.expiries:
            yield state._replace(passed=state.passed + 1, faults=faults._replace(expiries=faults.expiries - 1))
    if state.flying is not None:
        yield _replaced(state, state.flying, conditional=conditional)
    if faults.resets and state.document:
        document = read(state.document)
        kept = {session for session in state.alive if documents.knows(document, session)}
        forgotten = _replaced(state, b"", conditional=conditional)
        yield forgotten._replace(
            faults=faults._replace(resets=faults.resets - 1), explained=state.explained | kept, passed=state.passed + 1
        )


def _step(state: State, number: int, runner: Runner, *, conditional: bool) -> Iterator[State]:
    if runner.at == "start":
        gone_on = started(runner, read(state.document), state.now)
        if gone_on is not None:
            yield _with(state, number, gone_on._replace(seen=None if gone_on.at in ENDS else state.document))
        return
    answered = of_the_server(runner, state.alive)
    if answered is not None:
        yield _with(state, number, answered[0])._replace(alive=answered[1])
        return
    if runner.seen is None:  # a conflict brings the document that is there
        yield _with(state, number, runner._replace(seen=state.document))
        return
    document, after = put(runner, read(runner.seen), state.now)
    if document is None:
        yield _with(state, number, after)
        return
    written = documents.written(bare(document))
    if state.faults.lost:
        lost = state._replace(faults=state.faults._replace(lost=state.faults.lost - 1), flying=written)
        yield _with(lost, number, runner._replace(seen=None))
    if after.at not in (*ENDS, "start"):
        after = after._replace(seen=written)
    yield _with(_replaced(state, written, conditional=conditional), number, after)


def _replaced(state: State, data: bytes, *, conditional: bool) -> State:
    """The engine has another document: whoever has seen the one before finds out when it puts."""
    runners = state.runners
    if conditional:
        runners = tuple(runner if runner.seen is None else runner._replace(seen=None) for runner in runners)
    return state._replace(document=data, runners=runners, flying=None)


def _died(state: State, number: int, runner: Runner) -> State:
    state = state._replace(faults=state.faults._replace(deaths=state.faults.deaths - 1))
    if runner.at == "aside" and not documents.knows(read(state.document), runner.made):
        state = state._replace(explained=state.explained | {runner.made})
    return _with(state, number, Runner(runner.name, runner.job, "dead", logins=runner.logins))


def _with(state: State, number: int, runner: Runner) -> State:
    return state._replace(runners=(*state.runners[:number], runner, *state.runners[number + 1 :]))


def _hands_out_a_dead_one(state: State) -> bool:
    entry = read(state.document).entries.get(KIND)
    return entry is not None and documents.age(entry, state.now) < WINDOW and entry.digest not in state.alive


def _lost(state: State) -> bool:
    document = read(state.document)
    return any(not documents.knows(document, session) for session in state.alive - state.explained)


def _leading_to(ends: list[int], befores: list[list[int]]) -> set[int]:
    found, waiting = set(ends), list(ends)
    while waiting:
        for before in befores[waiting.pop()]:
            if before not in found:
                found.add(before)
                waiting.append(before)
    return found
