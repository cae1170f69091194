"""The table of sessions, by itself: the time comes from a clock that stands still."""

from __future__ import annotations

import pytest

from simulated_vcenter import Clock
from simulated_vcenter.clock import iso_time
from simulated_vcenter.sessions import SessionLimitReached, SessionTable

IDLE, AGE = 1800.0, 86400.0


def table(clock: Clock, *, limit: int | None = None, unified: bool = False) -> SessionTable:
    return SessionTable(clock, idle_limit=IDLE, age_limit=AGE, limit=limit, unified=unified)


@pytest.fixture
def clock() -> Clock:
    return Clock(1_700_000_000.0)


def test_a_session_lives_to_its_idle_limit_and_no_longer(clock: Clock) -> None:
    sessions = table(clock)
    session = sessions.open("user", "soap")
    clock.advance(IDLE)
    assert sessions.find(session.id, "soap") == session
    clock.advance(1)
    assert sessions.find(session.id, "soap") is None
    assert sessions.touch(session.id) is None
    assert sessions.live() == []


def test_being_used_starts_the_idle_time_anew(clock: Clock) -> None:
    sessions = table(clock)
    session = sessions.open("user", "soap")
    clock.advance(IDLE)
    touched = sessions.touch(session.id)
    assert touched is not None
    assert (touched.last_active, touched.call_count) == (session.created + IDLE, 1)
    clock.advance(IDLE)
    assert sessions.find(session.id, "soap") == touched


def test_being_looked_at_does_not_start_the_idle_time_anew(clock: Clock) -> None:
    sessions = table(clock)
    session = sessions.open("user", "soap")
    clock.advance(IDLE)
    sessions.find(session.id, "soap")
    sessions.live()
    clock.advance(1)
    assert sessions.live() == []


def test_no_use_carries_a_session_past_its_age_limit(clock: Clock) -> None:
    sessions = table(clock)
    session = sessions.open("user", "rest")
    for _ in range(int(AGE / IDLE) - 1):
        clock.advance(IDLE)
        assert sessions.touch(session.id) is not None
    clock.advance(IDLE)
    assert sessions.touch(session.id) is None


def test_soap_and_rest_ids_are_not_interchangeable(clock: Clock) -> None:
    sessions = table(clock)
    assert sessions.find(sessions.open("user", "soap").id, "rest") is None
    assert sessions.find(sessions.open("user", "rest").id, "soap") is None


def test_a_unified_id_serves_both(clock: Clock) -> None:
    sessions = table(clock, unified=True)
    session = sessions.open("user", "rest")
    assert session.kind == "unified"
    assert sessions.find(session.id, "soap") == sessions.find(session.id, "rest") == session


def test_the_limit_is_per_user_and_kind_and_frees_with_expiry(clock: Clock) -> None:
    sessions = table(clock, limit=2)
    for user in ("one", "other"):
        sessions.open(user, "rest")
        sessions.open(user, "rest")
        sessions.open(user, "soap")
    with pytest.raises(SessionLimitReached, match=r"limited to 2\. Existing session count is 2 for user one"):
        sessions.open("one", "rest")
    clock.advance(IDLE + 1)
    sessions.open("one", "rest")


def test_unified_sessions_share_one_pool(clock: Clock) -> None:
    sessions = table(clock, limit=2, unified=True)
    sessions.open("user", "soap")
    sessions.open("user", "rest")
    with pytest.raises(SessionLimitReached):
        sessions.open("user", "soap")


def test_a_session_ends_by_its_id_or_its_key_and_only_once(clock: Clock) -> None:
    sessions = table(clock)
    one, two, three = (sessions.open("user", "soap") for _ in range(3))
    assert sessions.close(one.id)
    assert not sessions.close(one.id)
    assert sessions.close_by_key(two.key)
    assert not sessions.close_by_key(two.key)
    assert not sessions.close_by_key(three.id)
    assert sessions.live() == [three]
    sessions.close_all()
    assert sessions.live() == []


def test_a_clock_without_a_start_runs_along_and_can_be_set() -> None:
    clock = Clock()
    clock.set(1_000_000.0)
    clock.advance(500.0)
    assert 1_000_500.0 <= clock.now() < 1_000_600.0


def test_a_time_is_printed_in_utc() -> None:
    assert iso_time(1_700_000_000.25) == "2023-11-14T22:13:20.250000Z"
