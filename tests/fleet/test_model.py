"""Every interleaving of a few runners, with all that may fail between two steps: no session is lost, and no dead one handed out."""

from __future__ import annotations

import pytest

from fleet.model import Faults
from fleet.scenes import PLAIN, SMALL, Scene


@pytest.mark.parametrize("scene", SMALL, ids=str)
def test_whatever_happens_no_session_is_lost_and_none_is_handed_out_that_is_dead(scene: Scene) -> None:
    """Every runner gets a session or dies; what no document has was made by one who died before it could say so, or forgotten."""
    found = scene.search()
    assert found.ends
    assert (found.lost[:1], found.wrong[:1], found.stuck[:1]) == ([], [], [])


@pytest.mark.parametrize("scene", PLAIN, ids=str)
def test_where_nothing_fails_one_runner_logs_in_for_all(scene: Scene) -> None:
    assert scene.search().logins == 1


@pytest.mark.parametrize("runners", [2, 3])
@pytest.mark.parametrize("pauses", [1, 2])
def test_a_pause_longer_than_the_lease_costs_one_login(runners: int, pauses: int) -> None:
    assert Scene(("get",) * runners, Faults(expiries=pauses)).search().logins == 1 + pauses


def test_as_many_as_want_another_session_at_once_share_one_login() -> None:
    assert Scene(("reauth",) * 3, Faults(), "trusted", began=True).search().logins == 1


def test_the_search_finds_a_lost_session_where_the_engine_replaces_without_a_condition() -> None:
    """So it can fail: it is the conditional write that all rests on."""
    assert Scene(("get",) * 2, Faults(expiries=1)).search(conditional=False).lost


def test_the_search_finds_a_dead_session_handed_out_where_erase_ends_it_in_its_place() -> None:
    """Whoever takes the lease over between the two would confirm it once more: it is withdrawn first."""
    assert Scene(("get", "erase in place"), Faults(expiries=1), "over").search().wrong
    assert not Scene(("get", "erase"), Faults(expiries=1), "over").search().wrong
