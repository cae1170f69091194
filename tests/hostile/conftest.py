"""A helper whose memory is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from hostile.measured import Measured


@pytest.fixture
def measured(home: Path, tmp_path: Path) -> Measured:
    """The program under test in `home`, with its memory counted."""
    return Measured(home, tmp_path / "memory.log")
