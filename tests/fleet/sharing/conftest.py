"""Sessions of a fleet are counted: each that is on a server is in a file, or in the engine's documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.sharing.scripted import Store
from simulated_vcenter import Clock, SimulatedVCenter
from support.counting import all_ids
from vsphere_session.digest import session_digest

START = 1_800_000_000.0


@pytest.fixture
def clock() -> Clock:
    """It stands still: nothing ends by itself."""
    return Clock(START)


@pytest.fixture
def store(clock: Clock) -> Store:
    """An engine by that clock."""
    return Store(clock)


@pytest.fixture
def vcenter(clock: Clock, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """A vCenter by that clock, which ends no session by itself."""

    def counted(server: SimulatedVCenter) -> None:
        known = store.digests() | {session_digest(each) for each in all_ids(tmp_path)}
        lost = [each for each in server.sessions if session_digest(each.id) not in known]
        assert not lost, f"{len(lost)} of {server.session_count} sessions are in no file and no document"

    monkeypatch.setattr(SimulatedVCenter, "at_end", counted)
    with SimulatedVCenter(clock=clock, idle_limit=1e9, age_limit=1e9) as server:
        yield server
