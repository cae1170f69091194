"""The tests of the simulated vCenter make sessions by hand: its sessions are what they are about."""

from __future__ import annotations

import pytest


@pytest.fixture
def sessions_counted() -> None:
    """Nothing is counted here; what there is to say of sessions, these tests say."""
