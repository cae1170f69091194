"""What a runner leaves that is killed or stopped at any step, and what the others do meanwhile."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from fleet.sharing.runners import Runner, crowd, farm
from fleet.sharing.scripted import Store
from simulated_vcenter import SimulatedVCenter

OVER = 11.0
"""Seconds after which a lease has ended."""


class Stopped:
    """A runner in a thread that stands still before its n-th `put`, until `resume`."""

    def __init__(self, runner: Runner, number: int) -> None:
        self.answers: list[object] = []
        self._reached, self._go = threading.Event(), threading.Event()
        self._number = number
        self._runner = runner
        runner.door.before = self._before
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait(self) -> bool:
        """Until it stands still, or has its answer; whether it stands still."""
        while self._thread.is_alive() and not self._reached.wait(0.01):
            pass
        return self._reached.is_set()

    def resume(self) -> object:
        """Its answer."""
        self._go.set()
        self._thread.join(60)
        return self.answers[0]

    def _run(self) -> None:
        self.answers += crowd([self._runner], lambda runner: runner.get("soap"))

    def _before(self, method: str, _: int) -> None:
        if method == "put":
            self._number -= 1
            if self._number == 0:
                self._reached.set()
                self._go.wait(60)


@pytest.mark.parametrize("step", range(1, 9))
def test_a_runner_that_stops_at_any_step_holds_up_the_others_for_a_lease_and_loses_nothing(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path, step: int
) -> None:
    """They share one session. Awake again, it uses theirs, and ends its own if it made one."""
    first, *others = farm(vcenter, tmp_path, 4, store)
    stopped = Stopped(first, step)
    if not stopped.wait():
        assert vcenter.session_count == 1
        return
    going = threading.Timer(0.2, lambda: store.advance(OVER))
    going.start()
    answers = crowd(others, lambda runner: runner.get("soap"))
    going.join()
    assert len({tuple(answer) for answer in answers}) == 1, answers  # type: ignore[arg-type]
    assert len(vcenter.logins) <= 2
    assert stopped.resume() == answers[0]
    store.advance(61)
    assert others[0].get("soap") == answers[0]
    assert [session.id for session in vcenter.sessions] == answers[0]


@pytest.mark.parametrize("step", range(1, 9))
def test_what_a_runner_has_left_that_was_killed_at_any_step_the_next_one_ends(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path, step: int
) -> None:
    """But for a session whose answer nobody has written down yet: that one idles out."""
    first, *others = farm(vcenter, tmp_path, 3, store)
    killed = Stopped(first, step)
    if not killed.wait():
        return
    unwritten = {session.id for session in vcenter.sessions} and not store.digests()
    threading.Timer(0.2, lambda: store.advance(OVER)).start()
    answers = crowd(others, lambda runner: runner.get("soap"))
    assert len({tuple(answer) for answer in answers}) == 1, answers  # type: ignore[arg-type]
    assert vcenter.session_count == (2 if unwritten else 1)
    first.door.down = True
    killed.resume()


@pytest.mark.parametrize("number", range(1, 9))
def test_an_answer_of_the_engine_that_is_lost_loses_no_session(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path, number: int
) -> None:
    """The runner asks what became of its write, and goes on."""
    first, second = farm(vcenter, tmp_path, 2, store)

    def before(method: str, count: int) -> None:
        if method == "put" and count == number:
            first.door.lost = 1

    first.door.before = before
    made = first.get("soap")
    assert second.get("soap") == made
    assert len(vcenter.logins) == 1


# ---- the engine is away


@pytest.mark.parametrize("engine_down", ["refuse", "login"])
def test_without_the_engine_a_session_that_is_here_serves(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path, engine_down: str
) -> None:
    """The vCenter is asked about it, as without a fleet."""
    (runner,) = farm(vcenter, tmp_path, 1, store, engine_down=engine_down)
    made = runner.get()
    runner.door.down = True
    assert runner.get() == made
    store.advance(61)
    assert runner.get() == made
    assert len(vcenter.logins) == 2


def test_without_the_engine_and_a_session_nobody_logs_in(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """Unless that is configured: a thousand runners would."""
    runners = farm(vcenter, tmp_path, 5, store)
    for runner in runners:
        runner.door.down = True
    answers = crowd(runners)
    assert {getattr(answer, "kind", "") for answer in answers} == {"storage"}
    assert "engine.example.com does not answer" in str(answers[0])
    assert vcenter.login_attempts == 0


def test_a_session_that_was_made_without_the_engine_is_offered_when_it_is_back(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """Or ended, where the fleet has another one by then."""
    first, second, third = farm(vcenter, tmp_path, 3, store, engine_down="login")
    first.door.down = second.door.down = True
    own, others = first.get("soap"), second.get("soap")
    assert own != others
    first.door.down = second.door.down = False
    store.advance(61)
    assert first.get("soap") == own
    assert third.get("soap") == own
    assert second.get("soap") == own
    assert [session.id for session in vcenter.sessions] == own


@pytest.mark.parametrize("engine_down", ["refuse", "login"])
@pytest.mark.parametrize("step", range(1, 9))
def test_an_engine_that_goes_away_at_any_step_costs_no_session(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path, step: int, engine_down: str
) -> None:
    """With `refuse` a login that nobody would know of is ended; with `login` its runner keeps it."""
    first, second = farm(vcenter, tmp_path, 2, store, engine_down=engine_down)

    def before(method: str, count: int) -> None:
        if method == "put" and count == step:
            first.door.down = True

    first.door.before = before
    (answer,) = crowd([first], lambda runner: runner.get("soap"))
    if engine_down == "login":
        assert isinstance(answer, list), answer
    kept = vcenter.session_count
    assert kept == (1 if isinstance(answer, list) else 0), answer
    first.door.down, first.door.before = False, lambda *_: None
    store.advance(OVER)
    made = second.get("soap")
    store.advance(61)
    assert first.get("soap") == second.get("soap")
    assert vcenter.session_count == 1, made


@pytest.mark.parametrize("step", range(1, 6))
def test_an_engine_that_is_started_again_within_a_call_is_waited_for(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path, step: int
) -> None:
    """Whoever has spoken to it in this call looks again, for some seconds, before it counts as away."""
    first, second = farm(vcenter, tmp_path, 2, store)
    looks = 0

    def before(method: str, count: int) -> None:
        nonlocal looks
        first.door.down = first.door.down or (method, count) == ("put", step)
        looks += first.door.down
        if looks == 3:
            first.door.down = False

    first.door.before = before
    answers = crowd([first], lambda runner: runner.get("soap"))
    store.advance(OVER)
    made = second.get("soap")
    assert answers == [made]
    assert vcenter.session_count == 1


def test_where_an_engine_was_away_a_moment_ago_other_calls_do_not_wait_for_it(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """For ten seconds, on that machine."""
    (runner,) = farm(vcenter, tmp_path, 1, store)
    runner.door.down = True
    crowd([runner])
    asked = runner.door.counts["get"]
    crowd([runner])
    assert runner.door.counts["get"] == asked
    runner.door.down = False
    store.advance(10)
    assert runner.get()


def test_an_engine_that_forgot_everything_is_told_again(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """By whoever has the session: no login is made."""
    runners = farm(vcenter, tmp_path, 5, store)
    made = crowd(runners)[0]
    store.forget()
    store.advance(61)
    answers = crowd(runners)
    assert answers == [made] * 5
    assert len(vcenter.logins) == 2
