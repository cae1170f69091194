"""docs/promises.md and README have the promises that are proven, and what came of each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from promises import table
from promises.rows import Promise, Row
from promises.table import PAGE, PROMISES
from support.pages import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def shown(promise: Promise) -> str:
    """What stands between the marks of a promise."""
    start, end = table.marks(promise)
    return PAGE.read_text(encoding="utf-8").partition(start)[2].partition(end)[0]


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: str(promise.number))
def test_every_promise_has_a_section_with_what_was_tried(promise: Promise) -> None:
    """Its heading, its command, and rows without an empty cell, as `promises --write` writes them."""
    page = PAGE.read_text(encoding="utf-8")
    assert f"\n## {promise.number}. {promise.text}\n" in page
    assert page.count(table.marks(promise)[0]) == 1
    cells = [re.split(r" \| ", line.strip("| ")) for line in shown(promise).splitlines() if line.startswith("| ")][1:]
    assert cells
    assert all(len(each) == 3 and all(each) for each in cells)
    assert table.section(promise, [Row(*each) for each in cells]) == shown(promise)


def test_readme_has_each_promise_in_a_line_that_leads_to_its_section() -> None:
    lines = re.findall(r"^\d\. \[.*\]\(docs/promises\.md#(.*)\)", README, flags=re.MULTILINE)
    assert [line.split("-")[0] for line in lines] == [str(promise.number) for promise in PROMISES]


def test_a_section_is_written_into_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing else of the page changes."""
    page = tmp_path / "promises.md"
    page.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(table, "PAGE", page)
    table.write(PROMISES[2], "new figures")
    assert page.read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8").replace(
        shown(PROMISES[2]), "new figures"
    )
