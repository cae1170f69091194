"""A provider and a browser for the logins of persons."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from login.oauth.canned import Canned, canned
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
