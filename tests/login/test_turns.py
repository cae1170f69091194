"""Many callers with one account at once: a credential of which nobody knows whether it is good goes alone.

Each crowd meets a server that answers at once, and one that is slower than every wait in the program: it holds the first
login until all the others have been seen waiting, or have given up by a short `--timeout` of their own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import Popen

import pytest

from contract.processes import all_wait, finished, running
from simulated_vcenter import SimulatedVCenter, faults
from simulated_vcenter.exchange import Exchange
from support.program import PASSWORD, USER, Helper, request
from vsphere_session.clock import Clock, Deadline
from vsphere_session.errors import BusyError
from vsphere_session.login.turn import Turn

WRONG = "wr0ng-Omega"
LOGIN = {"soap": "=Login", "both": "=Login", "rest": "POST /api/session"}
Process = Popen[bytes]


@pytest.fixture(params=["cached", "passthrough", "a cache each"])
def way(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(params=["quick", "slow"])
def slow(request: pytest.FixtureRequest) -> bool:
    """Whether the server is slower than each wait in the program."""
    return str(request.param) == "slow"


@contextmanager
def crowd(
    helper: Helper, vcenter: SimulatedVCenter, count: int, way: str, *options: str, **fields: object
) -> Iterator[list[Process]]:
    """So many callers under way at once. None outlives the block."""
    asked = request(vcenter, passthrough=way == "passthrough", **fields)
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                running(
                    helper,
                    "get",
                    asked,
                    *options,
                    **({"GOVMOMI_HOME": str(helper.home / f"home-{number}")} if way == "a cache each" else {}),
                )
            )
            for number in range(count)
        ]


# ---- a wrong password


@pytest.mark.parametrize("api", LOGIN)
def test_a_crowd_with_one_wrong_password_is_one_attempt(
    vcenter: SimulatedVCenter, helper: Helper, way: str, slow: bool, api: str
) -> None:
    """Those who do not get the turn wait until it is over, and are refused by what the first has found out."""
    release = threading.Event()
    held = vcenter.faults.add(LOGIN[api], faults.wait_for(release), times=1) if slow else None
    with crowd(helper, vcenter, 20, way, "--timeout", "60", password=WRONG, api=api) as callers:
        if held is not None:
            assert held.reached.wait(30)
            all_wait(callers, but=1)
            release.set()
        replies = [finished(caller) for caller in callers]
    assert {reply.kind for reply in replies} == {"login-refused"}
    assert vcenter.login_attempts == 1


@pytest.mark.parametrize("password", [WRONG, PASSWORD], ids=["wrong", "right"])
@pytest.mark.parametrize("api", LOGIN)
def test_who_cannot_wait_any_longer_is_busy_and_never_logs_in(
    vcenter: SimulatedVCenter, helper: Helper, way: str, api: str, password: str
) -> None:
    """The message names who has the turn; the password may be the right one, which nobody knows yet.

    They find out without asking the server, which may be slow in answering anything.
    """
    held = vcenter.faults.add(LOGIN[api], faults.stall(), times=1)
    with crowd(helper, vcenter, 1, "passthrough", "--timeout", "60", password=password, api=api) as (first,):
        assert held.reached.wait(30)
        seen = len(vcenter.requests)
        with crowd(helper, vcenter, 6, way, "--timeout", "1", password=password, api=api) as callers:
            replies = [finished(caller) for caller in callers]
        assert {reply.kind for reply in replies} == {"busy"}
        assert len(vcenter.requests) == seen
        named = f"(pid {first.pid})"
        own = [reply for reply in replies if named not in reply.fields["message"]]
        assert len(own) <= (5 if way == "cached" else 0), "with one cache they wait for the one who waits"
        assert vcenter.login_attempts == 1
        assert first.poll() is None


def test_other_spellings_of_the_account_wait_too(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """Whoever asks and however user and host are spelled."""
    port = vcenter.authority.rpartition(":")[2]
    users = [USER, USER.upper(), "VSPHERE.LOCAL\\Administrator", "administrator", "administrator@other.example.com"]
    release = threading.Event()
    held = vcenter.faults.add("=Login", faults.wait_for(release), times=1)
    with ExitStack() as stack:
        callers = [
            stack.enter_context(
                running(
                    helper,
                    "get",
                    {"url": f"{host}:{port}", "username": user, "password": WRONG, "insecure": True},
                    "--timeout",
                    "60",
                )
            )
            for host in ("127.0.0.1", "localhost", "LOCALHOST")
            for user in users
        ]
        assert held.reached.wait(30)
        all_wait(callers, but=1)
        release.set()
        replies = [finished(caller) for caller in callers]
    assert {reply.kind for reply in replies} == {"login-refused"}
    assert vcenter.login_attempts == 1


def test_two_wrong_passwords_are_two_attempts_one_after_the_other(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """Another credential is tried as soon as the first one's outcome is known, and never beside it."""
    release = threading.Event()
    held = vcenter.faults.add("=Login", faults.wait_for(release), times=1)
    with (
        crowd(helper, vcenter, 6, "passthrough", "--timeout", "60", password=WRONG, api="soap") as one,
        crowd(helper, vcenter, 6, "passthrough", "--timeout", "60", password=WRONG + "2", api="soap") as two,
    ):
        assert held.reached.wait(30)
        all_wait([*one, *two], but=1)
        assert vcenter.login_attempts == 1
        release.set()
        assert {finished(caller).kind for caller in [*one, *two]} == {"login-refused"}
    assert vcenter.login_attempts == 2


# ---- the right password


@pytest.mark.sessions_counted_by_hand
@pytest.mark.parametrize("api", ["soap", "rest"])
def test_a_crowd_with_the_right_password_waits_for_one_login_and_then_goes_at_once(
    vcenter: SimulatedVCenter, helper: Helper, api: str
) -> None:
    """The server is slow: the first one's login is held until the others wait, and theirs until all have come."""
    count, release, all_here = 6, threading.Event(), threading.Event()
    first = vcenter.faults.add(LOGIN[api], faults.wait_for(release), times=1)
    with crowd(helper, vcenter, count, "passthrough", "--timeout", "60", password=PASSWORD, api=api) as callers:
        assert first.reached.wait(30)
        all_wait(callers, but=1)
        others = [vcenter.faults.add(LOGIN[api], faults.wait_for(all_here), times=1) for _ in range(count - 1)]
        release.set()
        assert all(other.reached.wait(30) for other in others), "they are at the server side by side"
        all_here.set()
        assert [finished(caller).fields["source"] for caller in callers] == ["login"] * count
    assert vcenter.login_attempts == vcenter.session_count == count


@pytest.mark.sessions_counted_by_hand
def test_a_crowd_with_the_right_password_gets_both_sessions(
    vcenter: SimulatedVCenter, helper: Helper, slow: bool
) -> None:
    release = threading.Event()
    held = vcenter.faults.add("=Login", faults.wait_for(release), times=1) if slow else None
    with crowd(helper, vcenter, 10, "passthrough", "--timeout", "60", password=PASSWORD) as callers:
        if held is not None:
            assert held.reached.wait(30)
            all_wait(callers, but=1)
            release.set()
        replies = [finished(caller).fields for caller in callers]
    assert {reply["source"] for reply in replies} == {"login"}
    assert vcenter.login_attempts == vcenter.session_count == 20


def test_a_wrong_password_waits_until_logins_under_way_with_the_right_one_are_over(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    release = threading.Event()
    held = vcenter.faults.add("=Login", faults.wait_for(release), times=1)
    with crowd(helper, vcenter, 1, "cached", "--timeout", "60", password=PASSWORD, api="soap") as (good,):
        assert held.reached.wait(30)
        with crowd(helper, vcenter, 3, "passthrough", "--timeout", "60", password=WRONG, api="soap") as bad:
            all_wait(bad)
            assert vcenter.login_attempts == 1
            release.set()
            assert {finished(caller).kind for caller in bad} == {"login-refused"}
        assert finished(good).fields["source"] == "login"
    assert vcenter.login_attempts == 2


# ---- no answer at all


@pytest.mark.parametrize("password", [WRONG, PASSWORD], ids=["wrong", "right"])
def test_after_a_login_without_an_answer_who_waited_for_it_does_not_try_either(
    vcenter: SimulatedVCenter, helper: Helper, way: str, password: str
) -> None:
    """The server may count it, whatever became of it: no crowd is a row of tries that nobody knows the outcome of."""
    release = threading.Event()

    def cut_off(exchange: Exchange) -> None:
        while not release.is_set() and not exchange.gone(0.02):
            pass
        exchange.reset()

    held = vcenter.faults.add("=Login", faults.Fault(cut_off), times=1)
    with crowd(helper, vcenter, 1, "passthrough", "--timeout", "60", password=password, api="soap") as (first,):
        assert held.reached.wait(30)
        with crowd(helper, vcenter, 8, way, "--timeout", "60", password=password, api="soap") as callers:
            all_wait(callers)
            release.set()
            assert finished(first).kind == "unreachable"
            assert {finished(caller).kind for caller in callers} == {"busy"}
    assert vcenter.login_attempts == 1


def test_a_crowd_with_one_short_timeout_and_a_server_slower_than_that_is_one_attempt(
    vcenter: SimulatedVCenter, helper: Helper, way: str
) -> None:
    """Whoever gets the turn when the first one's time is over has some time left, and does not use it for a try."""
    helper.call(
        "get", request(vcenter, password=WRONG + "2", api="soap")
    )  # so that the server need not be asked who it is
    vcenter.faults.add("=Login", faults.stall())
    with crowd(helper, vcenter, 8, way, "--timeout", "5", password=WRONG, api="soap") as callers:
        kinds = sorted(finished(caller).kind for caller in callers)
    assert kinds == ["busy"] * 7 + ["unreachable"]
    assert vcenter.login_attempts == 2


def test_who_comes_after_a_login_without_an_answer_may_try(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """It is a try of its own, one at a time."""
    vcenter.faults.add("=Login", faults.reset(), times=1)
    asked = request(vcenter, password=PASSWORD)
    assert helper.call("get", asked).kind == "unreachable"
    assert helper.ok("get", asked)["source"] == "login"


# ---- who dies, and what is left


@pytest.mark.parametrize("api", ["soap", "rest"])
def test_who_is_killed_while_it_has_the_turn_is_followed_at_once(
    vcenter: SimulatedVCenter, helper: Helper, api: str
) -> None:
    """The kernel gives the turn back; the next one goes alone again."""
    held = vcenter.faults.add(LOGIN[api], faults.stall(), times=1)
    with crowd(helper, vcenter, 1, "passthrough", "--timeout", "60", password=WRONG, api=api) as (first,):
        assert held.reached.wait(30)
        with crowd(helper, vcenter, 5, "passthrough", "--timeout", "60", password=WRONG, api=api) as callers:
            all_wait(callers)
            first.kill()
            assert {finished(caller).kind for caller in callers} == {"login-refused"}
    assert vcenter.login_attempts == 2


@pytest.mark.parametrize("accepted", [True, False])
def test_nothing_of_a_credential_stays_in_the_locks_file(tmp_path: Path, accepted: bool) -> None:
    """While it is tried there is a digest of it under a random number; afterwards that number at most."""
    path, clock = tmp_path / "turn.lock", Clock()
    turn = Turn(str(path), clock)
    notes = []
    for _ in range(2):
        turn.take("secret", clock.monotonic(), Deadline(1, clock), lambda: None)
        notes.append(path.read_bytes()[20:].split()[1])
        turn.end(accepted=accepted)
        assert path.read_bytes()[20:].split()[1:2] == [b"-"]
        assert notes[-1] not in path.read_bytes()
    assert len({len(note) for note in notes}) == 1
    assert notes[0] != notes[1]


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff" * 100, b"9" * 5000, b"1\n" * 40], ids=len)
def test_what_the_locks_file_holds_does_not_matter(tmp_path: Path, content: bytes) -> None:
    path, clock = tmp_path / "turn.lock", Clock()
    path.write_bytes(content)
    one, two = Turn(str(path), clock), Turn(str(path), clock)
    assert one.take("secret", clock.monotonic(), Deadline(1, clock), lambda: None) is False
    with pytest.raises(BusyError, match=r"pid \d+"):
        two.take("secret", clock.monotonic(), Deadline(0.01, clock), lambda: None)
    one.end(accepted=True)
    assert two.take("secret", clock.monotonic(), Deadline(1, clock), lambda: None) is False
    two.release()
