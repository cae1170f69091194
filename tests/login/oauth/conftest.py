"""A provider and a browser for the logins of persons."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from login.oauth.canned import Canned, canned
from login.oauth.person import Person
from peers.browser import Browser
from peers.oidc_provider import OidcProvider


@pytest.fixture
def server() -> Iterator[Canned]:
    """A server that says what the test wants."""
    with canned() as started:
        yield started


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcProvider]:
    """The real provider."""
    with OidcProvider() as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The real browser."""
    with Browser() as started:
        yield started


@pytest.fixture
def person(provider: OidcProvider, browser: Browser) -> Iterator[Person]:
    """Somebody in front of that browser."""
    with ThreadPoolExecutor() as pool:
        somebody = Person(provider, browser, pool)
        yield somebody
        somebody.clock.time += 10_000  # who still waits gives up
