"""Fixtures: a home directory, the program in it, servers to log in to, and the count of their sessions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import peers
from simulated_vcenter import SimulatedVCenter
from support import PASSWORD, USER, Helper


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home directory with nothing in it."""
    path = tmp_path / "home"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def helper(home: Path) -> Helper:
    """The program under test, in `home`."""
    return Helper(home)


@pytest.fixture
def vcenter(request: pytest.FixtureRequest, helper: Helper) -> Iterator[SimulatedVCenter]:
    """A simulated vCenter. At the end every session on it is in a file of `home`: none is lost, none left over.

    Tests that make sessions in other ways are marked `sessions_counted_by_hand` and count by themselves.
    """
    with SimulatedVCenter() as server:
        yield server
        server.faults.clear()
        if request.node.get_closest_marker("sessions_counted_by_hand") is None:
            assert {session.id for session in server.sessions} <= helper.sessions_in_files, "a session is in no file"


@pytest.fixture
def vcsim() -> Iterator[peers.VcSim]:
    """The real simulator of govmomi."""
    with peers.VcSim(user=USER, password=PASSWORD) as server:
        yield server
