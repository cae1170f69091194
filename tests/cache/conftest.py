"""The bench that the tests of the cache share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cache.bench import Bench
from simulated_vcenter import SimulatedVCenter
from support.connect_proxy import ConnectProxy


@pytest.fixture
def bench(vcenter: SimulatedVCenter, home: Path) -> Iterator[Bench]:
    """A simulated vCenter and a home to cache its sessions in."""
    bench = Bench(vcenter, home)
    yield bench
    bench.close()


@pytest.fixture
def proxy(vcenter: SimulatedVCenter) -> Iterator[ConnectProxy]:
    """An HTTP proxy on the loopback interface that leads to the simulated vCenter."""
    host, _, port = vcenter.authority.rpartition(":")
    with ConnectProxy((host, int(port))) as proxy:
        yield proxy
