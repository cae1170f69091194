"""Engines: each started once for all tests of a worker, and one alone for a test that harms it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from fleet.kinds import KINDS, Kind
from fleet.servers import RedisServer, redis_server


@pytest.fixture(scope="session", params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Iterator[Kind]:
    """Each kind of engine in turn."""
    with KINDS[request.param]() as running:
        yield running


@pytest.fixture(scope="session")
def redis_with_accounts() -> Iterator[RedisServer]:
    """Redis with TLS, a runner and a reader; nobody harms it."""
    with redis_server() as server:
        yield server


@pytest.fixture
def alone() -> Iterator[RedisServer]:
    """Redis in clear for one test, which may harm it."""
    with redis_server(tls=False) as server:
        yield server


@pytest.fixture
def closing() -> Iterator[contextlib.ExitStack]:
    """What is entered into it is closed at the end of the test."""
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture(scope="session")
def in_clear() -> Iterator[RedisServer]:
    """Redis without TLS; nobody harms it."""
    with redis_server(tls=False) as server:
        yield server
