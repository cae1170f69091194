"""The bench of the cache, and a Session that trusts its server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cache.bench import Bench
from simulated_vcenter import SimulatedVCenter


@pytest.fixture
def bench(vcenter: SimulatedVCenter, home: Path) -> Iterator[Bench]:
    """A simulated vCenter and a home to cache its sessions in."""
    bench = Bench(vcenter, home)
    yield bench
    bench.close()
