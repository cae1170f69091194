"""SECURITY.md: its links lead somewhere, and its promises are those that are proven."""

from __future__ import annotations

import re
from pathlib import Path

from promises.table import PROMISES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def test_its_links_lead_to_files() -> None:
    """Within the repository."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", PAGE)
    assert targets
    for target in targets:
        assert (ROOT / target).exists(), target


def test_it_lists_every_promise_that_is_proven() -> None:
    """By its number."""
    promises = PAGE.partition("## The promises")[2].partition("## ")[0]
    assert {promise.number for promise in PROMISES} <= {
        int(number) for number in re.findall(r"^(\d)\. ", promises, re.MULTILINE)
    }


def test_it_invents_no_address_to_write_to() -> None:
    """Reports go through the repository's own page."""
    assert re.search(r"\S@\S+\.\w", PAGE) is None
    assert "Report a vulnerability" in PAGE
