"""Every promise holds, in the short form of its run."""

from __future__ import annotations

import pytest

from promises.rows import Promise, Size
from promises.table import PROMISES


@pytest.mark.sessions_counted_by_hand
@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: f"{promise.number}-{promise.rows.__module__}")
def test_a_promise_holds_and_says_so_in_figures(promise: Promise) -> None:
    """The short run finds nothing broken, counts its steps, and yields rows without an empty cell."""
    steps: list[int] = []
    rows = list(promise.rows(Size.SHORT, steps.append))
    assert rows
    assert sum(steps) > 0
    assert all(row.tried and row.ours and row.govmomi for row in rows)
