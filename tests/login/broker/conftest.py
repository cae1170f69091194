"""A site with a broker, and the real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from login.broker.site import Opened, Site, open_site
from peers.browser import Browser
from support.program import Helper


@pytest.fixture
def site(helper: Helper) -> Iterator[Site]:
    """A vCenter with a broker, and the program that knows it."""
    with open_site(helper) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The real browser."""
    with Browser() as started:
        yield started


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """The browser that the program starts."""
    made = Opened(tmp_path)
    yield made
    made.close()
