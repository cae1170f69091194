"""The bench that the tests of the cache share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cache.bench import Bench
from cache.proxy import Proxy
from simulated_vcenter import SimulatedVCenter


@pytest.fixture
def bench(vcenter: SimulatedVCenter, home: Path) -> Iterator[Bench]:
    """A simulated vCenter and a home to cache its sessions in."""
    bench = Bench(vcenter, home)
    yield bench
    bench.close()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """An HTTP proxy on the loopback interface."""
    with closing(Proxy()) as proxy:
        yield proxy
