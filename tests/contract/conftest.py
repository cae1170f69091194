"""A vCenter and a helper that share a clock which only the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.desk import START, Desk
from simulated_vcenter import Clock, SimulatedVCenter


@pytest.fixture
def desk(home: Path) -> Iterator[Desk]:
    """The verbs in this process, at 2027-01-15T08:00:00Z."""
    with SimulatedVCenter(clock=Clock(START)) as server:
        yield Desk(home, server)
