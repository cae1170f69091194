"""Promise 3: whatever callers do and whatever goes wrong, the sessions on the server are those in the files.

The books are balanced after each step, not only at the end; a failure names the step and those before it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from promises import govc_at_once, half_made
from promises.ledger import KILLED, KILLED_OUTSIDE, REFUSED_LOGOUT, SET_ASIDE, UNANSWERED, Ledger
from promises.mishaps import MISHAPS
from promises.operations import PASSWORDS, STEPS, World
from promises.rows import Progress, Row, Size, seed
from promises.struck import interrupted, killed
from simulated_vcenter import SimulatedVCenter

NUMBERS = {Size.SHORT: 150, Size.LONG: 10_000}
CALLS_OF_GOVC = {Size.SHORT: 12, Size.LONG: 100}
ALL_STEPS: list[tuple[float, Callable[[World], None]]] = [*STEPS, (5.0, killed), (3.0, interrupted)]


def rows(size: Size, progress: Progress) -> Iterator[Row]:
    """The rows of this promise; a step is an operation, or a login that is broken half-way."""
    number = NUMBERS[size]
    with world(seed()) as made:
        _run(made, number, progress)
        yield from _told(made, number, govc_at_once.left_behind(CALLS_OF_GOVC[size], seed()))
    yield half_made.row(progress)


@contextmanager
def world(chosen: int) -> Iterator[World]:
    """A world at its beginning. The seed chooses the steps; what threads, processes and ids come to may differ between runs."""
    with SimulatedVCenter(PASSWORDS) as vcenter, tempfile.TemporaryDirectory(prefix="promise-3-") as directory:
        homes = [Path(directory) / name for name in ("one", "two")]
        for home in homes:
            home.mkdir(mode=0o700)
        ledger = Ledger(vcenter, homes, f"python3 tests/run.py promises 3 --seed {chosen}")
        yield World(vcenter, homes, Random(chosen), ledger)


def _run(made: World, number: int, progress: Progress) -> None:
    weights = [weight for weight, _ in ALL_STEPS]
    for _ in range(number):
        (_, step), *_ = made.rng.choices(ALL_STEPS, weights)
        try:
            step(made)
        except Exception as error:
            raise AssertionError(made.ledger.failure(repr(error))) from error
        progress(1)
    _end_well(made)


def _end_well(made: World) -> None:
    """Callers end what they own, and each user logs in once more, so that the files have no dead sessions."""
    ledger = made.ledger
    ledger.begin("the end: everybody ends what is theirs, and logs in once more")
    for session_id, (user, kind) in list(ledger.owned.items()):
        made.ask("erase", made.homes[0], user, {"passthrough": "true", f"{kind}_session_id": session_id})
    for home in made.homes:
        for user, password in PASSWORDS.items():
            made.ask("store", home, user, {"password": password})  # what a fault made the server refuse counts again
            reply = made.ask("get", home, user, {"password": password, "reauth": "true"})
            ledger.check("error" not in reply, f"{user} in {home.name}: {reply}")
    ledger.balance({})
    ledger.check(not ledger.aside, "a login has not ended what a killed call had set aside")
    ledger.check(not ledger.owned, f"still in callers' hands: {list(ledger.owned.values())}")


def _told(made: World, number: int, theirs: str) -> Iterator[Row]:
    ledger, counts = made.ledger, made.ledger.counts
    alive, files = {session.id for session in made.vcenter.sessions}, ledger.cached()
    ledger.check(alive - ledger.lost == files, "the sessions on the server are not those in the files")
    yield Row(
        f"{number:,} mixed operations by {len(PASSWORDS)} users in {len(made.homes)} homes: get, reauth, passthrough, erase, "
        f"store, expiry, {len(MISHAPS)} faults of the server, its session limit and restarts, processes killed and interrupted "
        f"(seed {seed()})",
        f"sessions at the end: {len(files)} on the server and in files, 0 others but those of the next rows; "
        f"{counts['answered']:,} calls answered, {counts['failed']:,} failed, {len(made.vcenter.logins):,} logins",
        theirs,
    )
    yield Row(
        "of these, processes that got SIGKILL at a random request",
        f"{counts['killed']} killed, of each at most 1 session (2 with passthrough) that no cache file has; "
        f"{_fate(ledger, KILLED)}, each of a login whose answer was on its way; with passthrough, which writes no file: "
        f"{counts[KILLED_OUTSIDE]}",
    )
    yield Row(
        "of these, processes that got SIGINT or SIGTERM at a random request",
        f"{counts['SIGINT']} and {counts['SIGTERM']}: 0 sessions in no file",
    )
    yield Row(
        "of these, faults of the server after which a session lives on",
        f"{UNANSWERED}: {_fate(ledger, UNANSWERED)}; {REFUSED_LOGOUT}: {_fate(ledger, REFUSED_LOGOUT)}",
    )


def _fate(ledger: Ledger, reason: str) -> str:
    aside, lost = ledger.counts[SET_ASIDE + reason], ledger.counts[reason]
    return f"set aside and ended by the user's next login: {aside}, left to idle out: {lost}"
