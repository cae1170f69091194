"""The tests of the peers make sessions by hand, with peers that leave them."""

from __future__ import annotations

import pytest


@pytest.fixture
def sessions_counted() -> None:
    """Nothing is counted here; what there is to say of sessions, these tests say."""
