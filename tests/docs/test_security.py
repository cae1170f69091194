"""docs/security.md has the promises that are proven, and SECURITY.md says how to report what breaks them."""

from __future__ import annotations

import re
from pathlib import Path

from promises.table import PROMISES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
REPORTING = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def test_it_lists_every_promise_that_is_proven() -> None:
    """By its number."""
    promises = PAGE.partition("## The promises")[2].partition("## ")[0]
    assert {promise.number for promise in PROMISES} <= {
        int(number) for number in re.findall(r"^(\d)\. ", promises, re.MULTILINE)
    }


def test_reports_go_to_no_address_that_is_made_up() -> None:
    """They go through the repository's own page, which both pages lead to."""
    assert re.search(r"\S@\S+\.\w", REPORTING + PAGE) is None
    assert "Report a vulnerability" in REPORTING
    assert "](docs/security.md)" in REPORTING
    assert "](../SECURITY.md)" in PAGE
