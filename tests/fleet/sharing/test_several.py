"""A fleet that shares several sessions of each kind: each machine uses one, by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.sharing.runners import Runner, crowd, farm
from fleet.sharing.scripted import Store
from simulated_vcenter import SimulatedVCenter
from vsphere_session.errors import LoginRefusedError

SEVERAL = 3


@pytest.fixture
def machines(vcenter: SimulatedVCenter, store: Store, tmp_path: Path) -> list[Runner]:
    """So many that each session has some."""
    return several(farm(vcenter, tmp_path, 24, store))


def several(runners: list[Runner]) -> list[Runner]:
    """The same, of a fleet that shares several sessions."""
    for number, runner in enumerate(runners):
        runner.sessions, runner.machine = SEVERAL, f"machine-{number}"
    return runners


def by_number(runners: list[Runner]) -> dict[int, list[Runner]]:
    """Who uses which."""
    found: dict[int, list[Runner]] = {number: [] for number in range(SEVERAL)}
    for runner in runners:
        found[runner.fleet().number].append(runner)
    return found


def test_each_machine_uses_one_and_together_they_use_all(machines: list[Runner], vcenter: SimulatedVCenter) -> None:
    """As many logins as sessions, and not one for each machine."""
    answers = crowd(machines)
    assert len(answers) == len(machines)
    assert all(isinstance(each, list) for each in answers), answers
    assert len(vcenter.logins) == 2 * SEVERAL
    for users in by_number(machines).values():
        assert len({tuple(runner.get()) for runner in users}) == 1
    assert len({tuple(runner.get()) for runner in machines}) == SEVERAL


def test_a_machine_that_comes_back_with_an_empty_home_gets_the_same(
    machines: list[Runner], vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """Its name alone chooses."""
    first = machines[0]
    had = first.get()
    machines[1].get()
    again = Runner(vcenter, store, tmp_path / "again")
    again.sessions, again.machine = SEVERAL, first.machine
    assert again.get() == had


def test_without_the_setting_the_name_of_the_document_is_as_ever(machines: list[Runner]) -> None:
    """A fleet of one version, half of it updated, is one fleet."""
    machines[0].sessions = 1
    assert machines[0].fleet().name("x", machines[0].fleet().number) == machines[0].fleet().name("x")
    assert machines[1].fleet().name("x", 2) == machines[1].fleet().name("x").replace("}", ".2}")


def test_erase_ends_those_of_all_machines(machines: list[Runner], vcenter: SimulatedVCenter) -> None:
    crowd(machines)
    assert machines[0].erase() == [True, True]
    assert vcenter.session_count == 0


def test_erase_ends_those_of_others_where_this_machine_has_none(
    machines: list[Runner], vcenter: SimulatedVCenter
) -> None:
    here, there = (users[0] for number, users in by_number(machines).items() if number < 2)
    there.get()
    assert here.erase() == [True, True]
    assert vcenter.session_count == 0
    assert here.erase() == [False, False]


def test_a_new_login_replaces_this_machines_alone(machines: list[Runner], vcenter: SimulatedVCenter) -> None:
    here, there = (users[0] for number, users in by_number(machines).items() if number < 2)
    had = {runner.machine: runner.get() for runner in (here, there)}
    assert set(here.get(reauth=True)).isdisjoint(had[here.machine])
    assert there.get() == had[there.machine]
    assert vcenter.session_count == 6, "what was replaced is retired: others may be at work with it"


def test_a_wrong_password_is_tried_once_for_all(machines: list[Runner], vcenter: SimulatedVCenter) -> None:
    """The account is one, whichever session it is for."""
    for runner in machines:
        runner.password = "wrong"
    answers = crowd(machines)
    assert all(isinstance(each, LoginRefusedError) for each in answers), answers
    assert len(vcenter.refusals) == 1
