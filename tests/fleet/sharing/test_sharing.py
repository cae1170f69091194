"""Runners with empty homes share one session: who asks the vCenter, who logs in, and what becomes of the session before."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.sharing.runners import Runner, crowd, crowd_that_has_looked, farm
from fleet.sharing.scripted import Store
from simulated_vcenter import Clock, SimulatedVCenter
from support.program import PASSWORD, USER
from vsphere_session.cache.clients import SoapClient


def test_a_crowd_in_empty_homes_makes_one_login_for_each_kind(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """Each is handed the same session."""
    answers = crowd(farm(vcenter, tmp_path, 20, store))
    assert len({tuple(answer) for answer in answers}) == 1, answers  # type: ignore[arg-type]
    assert len(vcenter.logins) == 2
    assert vcenter.session_count == 2


def test_a_warm_answer_does_not_ask_the_engine(vcenter: SimulatedVCenter, store: Store, tmp_path: Path) -> None:
    """Nor the vCenter."""
    (runner,) = farm(vcenter, tmp_path, 1, store)
    first = runner.get()
    asked, requests = len(store.calls), len(vcenter.requests)
    assert runner.get() == first
    assert (len(store.calls), len(vcenter.requests)) == (asked, requests)


def test_where_trust_is_over_one_runner_asks_for_all(
    vcenter: SimulatedVCenter, store: Store, clock: Clock, tmp_path: Path
) -> None:
    """One question of each kind, and no login."""
    runners = farm(vcenter, tmp_path, 20, store)
    crowd(runners)
    asked = len(vcenter.requests)
    clock.advance(61)
    answers = crowd(runners)
    assert len({tuple(answer) for answer in answers}) == 1, answers  # type: ignore[arg-type]
    assert len(vcenter.requests) == asked + 2
    assert len(vcenter.logins) == 2


def test_after_a_restart_of_the_vcenter_one_runner_finds_out_and_logs_in(
    vcenter: SimulatedVCenter, store: Store, clock: Clock, tmp_path: Path
) -> None:
    """For all of them."""
    runners = farm(vcenter, tmp_path, 20, store)
    crowd(runners)
    vcenter.end_all()
    clock.advance(61)
    answers = crowd(runners)
    assert len({tuple(answer) for answer in answers}) == 1, answers  # type: ignore[arg-type]
    assert len(vcenter.logins) == 4
    assert vcenter.session_count == 2


@pytest.mark.parametrize("ahead", [86400.0, -86400.0, -1.79e9])
def test_the_clock_of_a_runner_does_not_count(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path, ahead: float
) -> None:
    """A day before or behind, or in 1970: it is handed what the others have, and they what it has made."""
    right, wrong = farm(vcenter, tmp_path, 1, store)[0], Runner(vcenter, store, tmp_path / "wrong", ahead=ahead)
    made = wrong.get()
    assert right.get() == made == Runner(vcenter, store, tmp_path / "late", ahead=-ahead / 2).get()
    assert wrong.get() == made
    assert len(vcenter.logins) == 2


# ---- the session before


def test_what_is_replaced_lives_on_for_those_who_use_it(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """`reauth` retires a session that others have been handed; it does not end it."""
    first, second = farm(vcenter, tmp_path, 2, store)
    old = first.get()
    new = second.get(reauth=True)
    assert new != old
    assert {session.id for session in vcenter.sessions} == {*old, *new}
    vcenter.clock.advance(61)
    assert first.get() == new


def test_many_who_want_another_one_get_the_same(vcenter: SimulatedVCenter, store: Store, tmp_path: Path) -> None:
    """`reauth` means "not the one that I saw when I began"."""
    runners = farm(vcenter, tmp_path, 10, store)
    old = runners[0].get()
    answers = crowd_that_has_looked(runners, lambda runner: runner.get(reauth=True))
    assert len({tuple(answer) for answer in answers}) == 1, answers  # type: ignore[arg-type]
    assert answers[0] != old
    assert len(vcenter.logins) == 4


def test_retired_sessions_end_when_nobody_can_need_them_any_more(
    vcenter: SimulatedVCenter, store: Store, clock: Clock, tmp_path: Path
) -> None:
    """By the next one who has the lease, after half an hour; and never more than four of a kind are left."""
    (runner,) = farm(vcenter, tmp_path, 1, store)
    runner.get("soap")
    for _ in range(8):
        runner.get("soap", reauth=True)
    assert vcenter.session_count <= 6
    clock.advance(1801)
    runner.get("soap")
    assert vcenter.session_count == 1


def test_what_is_old_is_replaced_before_it_ends(
    vcenter: SimulatedVCenter, store: Store, clock: Clock, tmp_path: Path
) -> None:
    """After twelve hours a new one is made, and jobs that began with the old one have as long again."""
    first, second = farm(vcenter, tmp_path, 2, store)
    old = first.get("soap")
    for _ in range(50):
        clock.advance(900)
        first.get("soap")
    new = second.get("soap")
    assert new != old
    assert {session.id for session in vcenter.sessions} == {*old, *new}


def test_erase_ends_the_session_for_all_and_those_before_it(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """The next runner logs in."""
    first, second = farm(vcenter, tmp_path, 2, store)
    first.get()
    second.get(reauth=True)
    assert second.erase() == [True, True]
    assert vcenter.session_count == 0
    assert first.erase() == [True, True], "its own files"
    assert len(set(first.get() + second.get())) == 2


# ---- what must not end it


def test_a_session_of_before_the_fleet_becomes_the_fleets(
    vcenter: SimulatedVCenter, store: Store, clock: Clock, tmp_path: Path
) -> None:
    """Whoever has one offers it: the engine was emptied, or is new."""
    first, second = farm(vcenter, tmp_path, 2, store)
    had = first.get(fleet=None)
    clock.advance(61)
    assert first.get() == had
    assert second.get() == had
    assert len(vcenter.logins) == 2


def test_another_runners_session_does_not_end_the_one_that_is_here(
    vcenter: SimulatedVCenter, store: Store, clock: Clock, tmp_path: Path
) -> None:
    """Others may use it: the engine was emptied, and somebody was quicker."""
    first, second, third = farm(vcenter, tmp_path, 3, store)
    old = first.get()
    assert second.get() == old
    store.forget()
    new = third.get()
    clock.advance(61)
    assert first.get() == new
    assert {session.id for session in vcenter.sessions} == {*old, *new}
    clock.advance(1801)
    second.get()
    assert {session.id for session in vcenter.sessions} == set(new)


def test_a_call_that_fails_later_leaves_the_fleets_session_alone(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """SOAP was everybody's already when REST failed."""
    first, second = farm(vcenter, tmp_path, 2, store)
    (made,) = first.get("soap")
    session = first.session()
    client = SoapClient()
    session.login(client)
    session.undo(client)
    assert second.get("soap") == [made]
    assert vcenter.session_count == 1


def test_passthrough_has_a_session_of_its_own(vcenter: SimulatedVCenter, store: Store, tmp_path: Path) -> None:
    """The fleet's is not touched. Whose turn it is to try a password is everybody's, too."""
    (runner,) = farm(vcenter, tmp_path, 1, store)
    shared = runner.get("soap")
    before = store.digests()
    session = runner.session(passthrough=True)
    client = SoapClient()
    session.login(client)
    assert [client.session_id] != shared
    session.logout(client)
    assert store.digests() == before
    assert [each.id for each in vcenter.sessions] == shared


# ---- who logs in


def test_a_runner_without_a_password_uses_what_the_others_have_made(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """And says what is missing where there is nothing."""
    keeper, job = Runner(vcenter, store, tmp_path / "keeper"), Runner(vcenter, store, tmp_path / "job", password=None)
    (error,) = crowd([job])
    assert getattr(error, "kind", "") == "not-found"
    made = keeper.get()
    assert job.get() == made


def test_a_runner_that_may_only_read_uses_what_the_others_have_made(
    vcenter: SimulatedVCenter, store: Store, clock: Clock, tmp_path: Path
) -> None:
    """It asks the vCenter by itself where nobody else has lately, and never logs in."""
    keeper, reader = farm(vcenter, tmp_path, 2, store)
    reader.door.denied = {"put"}
    (error,) = crowd([reader])
    assert getattr(error, "kind", "") == "not-found"
    assert "may only read" in str(error)
    made = keeper.get()
    assert reader.get() == made
    clock.advance(61)
    assert reader.get() == made
    vcenter.end_all()
    clock.advance(61)
    (error,) = crowd([reader])
    assert getattr(error, "kind", "") == "not-found"
    assert len(vcenter.logins) == 2
    assert getattr(crowd([reader], Runner.erase)[0], "kind", "") == "unsupported"


def test_a_wrong_password_is_tried_once_for_all(vcenter: SimulatedVCenter, store: Store, tmp_path: Path) -> None:
    """And the right one at once."""
    answers = crowd(farm(vcenter, tmp_path, 20, store, password="wrong"))
    assert {getattr(answer, "kind", "") for answer in answers} == {"login-refused"}, answers
    assert vcenter.login_attempts == 1
    right = Runner(vcenter, store, tmp_path / "right", password=PASSWORD)
    assert right.get("soap")
    assert vcenter.login_attempts == 2


def test_what_was_refused_is_tried_again_by_every_runner_once_it_is_stored(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """By a machine that has never spoken to that server: `store` and `erase` of a password forget refusals for all."""
    first, second = farm(vcenter, tmp_path, 2, store, password="new")
    crowd([first])
    assert vcenter.login_attempts == 1
    vcenter.set_password(USER, "new")
    crowd([second])
    assert vcenter.login_attempts == 1, "it was refused a moment ago"
    Runner(vcenter, store, tmp_path / "third").session().refusals.forget()
    assert second.get("soap")
    assert vcenter.login_attempts == 2


def test_a_crowd_with_a_wrong_password_asks_the_vcenter_once(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """Whoever waits finds the refusal in the engine, and does not ask the server who it is before."""
    runners = farm(vcenter, tmp_path, 20, store, password="wrong")
    answers = crowd_that_has_looked(runners, lambda runner: runner.get("soap"))
    assert {getattr(answer, "kind", "") for answer in answers} == {"login-refused"}
    assert vcenter.login_attempts == 1
    assert len(vcenter.requests) <= 6
