"""Fixtures: a home directory, the program in it, servers to log in to, and the count of their sessions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import peers
from simulated_vcenter import SimulatedVCenter
from support import afresh
from support.counting import no_session_is_lost
from support.program import PASSWORD, USER, Helper


def pytest_configure(config: pytest.Config) -> None:
    """Nothing of who started this counts: here, and so in all that the tests start, pytest's workers included."""
    if afresh.must_restart():
        config.pluginmanager.getplugin("capturemanager").stop_global_capturing()
        afresh.restart()
    afresh.reset_process()
    afresh.reset_environment()


@pytest.fixture(autouse=True)
def sessions_counted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the end of every server that a test runs, each session on it is in a file of that test: none is lost.

    Tests that make sessions in other ways are marked `sessions_counted_by_hand` and count by themselves.
    """
    if request.node.get_closest_marker("sessions_counted_by_hand") is None:
        place = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
        for kind in (SimulatedVCenter, peers.VcSim):
            monkeypatch.setattr(kind, "at_end", lambda server: no_session_is_lost(server, place))


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
def vcenter() -> Iterator[SimulatedVCenter]:
    """A simulated vCenter."""
    with SimulatedVCenter() as server:
        yield server


@pytest.fixture
def vcsim() -> Iterator[peers.VcSim]:
    """The real simulator of govmomi."""
    with peers.VcSim(user=USER, password=PASSWORD) as server:
        yield server
