"""A user who sets callers up, at the desk where the callers and the program meet."""

from __future__ import annotations

import pytest

from configure.setting_up import Setup
from interop.conftest import desk
from interop.desk import Desk

__all__ = ["desk", "setup"]


@pytest.fixture
def setup(desk: Desk) -> Setup:
    """A user at the desk who has installed the program and configured no caller yet."""
    return Setup(desk)
