"""Promise 1: of N cold callers at once one logs in, and everybody gets its session.

Callers are threads, processes and the single file, in turn. The login is held by a fault of the simulated vCenter until
every one of the others has been seen waiting for it.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import combinations_with_replacement
from pathlib import Path

from promises import flight_times, govc_at_once
from promises.crowd import PROCESS, THREAD, Caller, all_wait, crowd, flock_calls, kinds, mixed
from promises.rows import Progress, Row, Size
from simulated_vcenter import Fault, SimulatedVCenter, faults
from support.cache_files import session_ids
from support.program import PASSWORD, Helper, request

NUMBERS = {Size.SHORT: (2, 20), Size.LONG: (2, 20, 100)}
PATIENCE_SECONDS = 60.0
WRONG = "wr0ng-Omega"
SHORTEST_SECONDS = 0.5
"""What `--timeout` is where it is to end."""


def rows(size: Size, progress: Progress) -> Iterator[Row]:
    """The rows of this promise; a step is an answered call."""
    of, numbers = kinds(size), NUMBERS[size]
    yield _one_login(size, numbers, of, progress)
    yield _leader_killed(size, numbers, of, progress)
    yield _warm_takes_no_lock(numbers[-1], of, progress)
    yield _bounded(numbers[-1], of, progress)
    yield _uncached(numbers[-1], of, progress)
    if size is Size.LONG:
        yield flight_times.row(numbers, of, progress)


# ---- one login


def _one_login(size: Size, numbers: Sequence[int], of: Sequence[str], progress: Progress) -> Row:
    ours, theirs = [], []
    for number in numbers:
        mixes = _mixes(size, number, of)
        for chosen in mixes:
            with place() as (vcenter, home):
                _fly(vcenter, home, chosen)
                progress(number)
        ours.append(
            f"N = {number}: 1 login per session kind, the same sessions for all (in {len(mixes)} of {len(mixes)} crowds)"
        )
        logins = govc_at_once.logins(number)
        progress(number)
        theirs.append(f"N = {number}: {logins} SOAP logins, {logins - 1} of them in no file")
    return Row(
        f"N cold callers at once ({', '.join(of)}), the login held until all the others wait; govc: not held",
        "; ".join(ours),
        "; ".join(theirs),
    )


def _mixes(size: Size, number: int, of: Sequence[str]) -> list[list[str]]:
    """Of two callers every pair of kinds; of more all kinds in turn, and in the long run each kind by itself, too."""
    if number == 2:
        return [list(pair) for pair in combinations_with_replacement(of, 2)]
    return [mixed(number, of), *([[kind] * number for kind in of] if size is Size.LONG else [])]


def _fly(vcenter: SimulatedVCenter, home: Path, of: Sequence[str]) -> None:
    release = threading.Event()
    held = vcenter.faults.add("=Login", faults.wait_for(release), times=1)
    with crowd(vcenter, home, of) as callers:
        _until_reached(held, "Login")
        all_wait(callers, but=1)  # whichever was first is logging in
        release.set()
        _same_session(callers, vcenter, ["soap", "rest"], attempts=2)


def _same_session(callers: Sequence[Caller], vcenter: SimulatedVCenter, logins: list[str], attempts: int) -> None:
    """All are answered with the same sessions; the server has seen these logins and no further attempt."""
    answers = {caller.name: caller.answer() for caller in callers}
    failed = {name: answer for name, answer in answers.items() if "error" in answer}
    assert not failed, f"of {len(callers)} callers these were not answered: {failed}"
    made = [session.kind for session in vcenter.logins]
    assert made == logins, f"{len(callers)} callers made the logins {made}, not {logins}"
    assert vcenter.login_attempts == attempts, f"{vcenter.login_attempts} tries to log in, not {attempts}"
    ids = {(answer["soap_session_id"], answer["rest_session_id"]) for answer in answers.values()}
    assert len(ids) == 1, f"{len(callers)} callers were given {len(ids)} different pairs of sessions"


# ---- the leader dies


def _stall(_release: threading.Event) -> Fault:
    return faults.stall()


KILLS: dict[str, tuple[str, Callable[[threading.Event], Fault], list[str], int]] = {
    "before the login": ("RetrieveServiceContent", _stall, ["soap", "rest"], 2),
    "in the SOAP login": ("=Login", _stall, ["soap", "rest"], 3),
    "after the server has made the SOAP session": ("=Login", faults.wait_for, ["soap", "soap", "rest"], 3),
    "in the REST login": ("POST /api/session", _stall, ["soap", "rest"], 3),
}
"""Where the leader is killed, by which fault it is held there, and the logins and attempts there are in the end."""


def _leader_killed(size: Size, numbers: Sequence[int], of: Sequence[str], progress: Progress) -> Row:
    leaders = [kind for kind in of if kind != THREAD]
    kills = lost = 0
    for number in numbers:
        points = KILLS if number == 2 or size is Size.LONG else dict(list(KILLS.items())[1:2])
        for count, point in enumerate(points):
            with place(orphans=point == "after the server has made the SOAP session") as (vcenter, home):
                _kill(vcenter, home, leaders[count % len(leaders)], mixed(number - 1, of), point)
                lost += len({session.id for session in vcenter.sessions} - session_ids(home / ".govmomi"))
            kills += 1
            progress(number)
    return Row(
        f"the one that logs in gets SIGKILL ({', '.join(KILLS)}), the others waiting",
        f"{kills} of {kills} times the next took over, with 1 login per session kind and the same sessions for all; "
        f"{lost} sessions in no file, from {lost} kills between the server's answer and the file",
    )


def _kill(vcenter: SimulatedVCenter, home: Path, leader: str, of: Sequence[str], point: str) -> None:
    step, fault, logins, attempts = KILLS[point]
    held = vcenter.faults.add(step, fault(threading.Event()), times=1)
    with crowd(vcenter, home, [leader]) as (first,):
        _until_reached(held, step)
        with crowd(vcenter, home, of, timeout=PATIENCE_SECONDS) as followers:
            all_wait(followers)
            first.end()
            _same_session(followers, vcenter, logins, attempts)


# ---- no lock for a warm hit


def _warm_takes_no_lock(number: int, of: Sequence[str], progress: Progress) -> Row:
    warm = {"auto": "no question to the server", "always": "asking the server"}
    with place() as (vcenter, home):
        helper, asked = Helper(home), request(vcenter, password=PASSWORD)
        first = helper.ok("get", asked)
        calls = flock_calls(helper, asked)
        assert calls == 0, f"a warm get called flock {calls} times"
        with _locks_held(home):
            for verify in warm:
                kind_of = of if verify == "auto" else [kind for kind in of if kind != THREAD]
                with crowd(vcenter, home, mixed(number, kind_of), timeout=20, verify=verify) as callers:
                    for caller in callers:
                        answer = caller.answer()
                        assert answer.get("source") == "cache", (
                            f"{caller.name}, verify={verify}, under a lock: {answer}"
                        )
                        assert answer["soap_session_id"] == first["soap_session_id"], f"{caller.name}, verify={verify}"
                        progress(1)
        assert vcenter.login_attempts == 2, "a warm call logged in"
    return Row(
        f"{number} warm callers while another process holds the lock, and as many that ask the server",
        f"{2 * number} of {2 * number} answered from the cache; flock calls of a warm `get`: 0",
    )


@contextmanager
def _locks_held(home: Path) -> Iterator[None]:
    with ExitStack() as stack:
        locks = list((home / ".local/state/vsphere-session/locks").iterdir())
        assert locks, "there is no lock to hold"
        for path in locks:
            fcntl.flock(stack.enter_context(path.open("rb")), fcntl.LOCK_EX)
        yield


# ---- waiting has an end


def _bounded(number: int, of: Sequence[str], progress: Progress) -> Row:
    with place() as (vcenter, home):
        held = vcenter.faults.add("=Login", faults.stall(), times=1)
        with crowd(vcenter, home, [PROCESS]) as (leader,):
            _until_reached(held, "Login")
            pid = leader.pid()
            with crowd(vcenter, home, mixed(number - 1, of), timeout=SHORTEST_SECONDS) as callers:
                for caller in callers:
                    answer = caller.answer()
                    assert answer.get("error") == "busy", f"{caller.name}, timeout {SHORTEST_SECONDS} s: {answer}"
                    assert f"(pid {pid})" in answer["message"], f"{caller.name} does not name {pid}: {answer}"
                    progress(1)
        assert vcenter.login_attempts == 1, "one that did not get the lock logged in"
    return Row(
        f"{number - 1} callers behind a login that never ends, `--timeout {SHORTEST_SECONDS}`",
        f"{number - 1} of {number - 1}: `busy`, with the holder's pid, without a login",
    )


# ---- without a cache


def _uncached(number: int, of: Sequence[str], progress: Progress) -> Row:
    for password, kind, attempts in ((PASSWORD, "", 2 * number), (WRONG, "login-refused", 1)):
        with place(orphans=True) as (vcenter, home):
            release = threading.Event()
            held = vcenter.faults.add("=Login", faults.wait_for(release), times=1)
            with crowd(vcenter, home, mixed(number, of), password=password, passthrough=True) as callers:
                _until_reached(held, "Login")
                all_wait(callers, but=1)
                assert vcenter.login_attempts == 1, (
                    "one that did not wait tried a password that nobody knows to be good"
                )
                release.set()
                told = {caller.answer().get("error", "") for caller in callers}
                assert told == {kind}, f"{number} callers with passthrough were told {told}"
                progress(number)
            assert vcenter.login_attempts == attempts, f"{vcenter.login_attempts} attempts, not {attempts}"
            vcenter.end_all()  # their callers own them
    for password in (PASSWORD, WRONG):
        with place() as (vcenter, home):
            held = vcenter.faults.add("=Login", faults.stall(), times=1)
            with crowd(vcenter, home, [PROCESS], password=password, passthrough=True) as (leader,):
                _until_reached(held, "Login")
                impatient, of_others = SHORTEST_SECONDS, mixed(number - 1, of)
                with crowd(vcenter, home, of_others, timeout=impatient, password=password, passthrough=True) as callers:
                    for caller in callers:
                        answer = caller.answer()
                        assert answer.get("error") == "busy", f"{caller.name}, with passthrough: {answer}"
                        assert f"(pid {leader.pid()})" in answer["message"], f"{caller.name}: {answer}"
                        progress(1)
            assert vcenter.login_attempts == 1, "one that did not get its turn logged in"
    return Row(
        f"{number} callers at once with passthrough, the first login held until all the others wait, or for ever and they have"
        f" `--timeout {SHORTEST_SECONDS}`; the right password and a wrong one",
        f"the right one: the others go on after 1 login; a wrong one: 1 attempt; no end: {number - 1} of {number - 1} `busy`,"
        " with the holder's pid, without a login",
    )


# ---- all of them


@contextmanager
def place(*, orphans: bool = False) -> Iterator[tuple[SimulatedVCenter, Path]]:
    """A server and an empty home. At the end every session on the server is in a file, but for `orphans`."""
    with SimulatedVCenter() as vcenter, tempfile.TemporaryDirectory(prefix="promise-1-") as directory:
        home = Path(directory)
        os.chmod(home, 0o700)
        yield vcenter, home
        unknown = {session.id for session in vcenter.sessions} - session_ids(home / ".govmomi")
        assert len(unknown) <= orphans, f"{len(unknown)} sessions on the server are in no file"


def _until_reached(fault: Fault, step: str) -> None:
    assert fault.reached.wait(PATIENCE_SECONDS), f"nobody has reached {step}"
