"""README's rows of the measurements are five of the page's, of the same run."""

from __future__ import annotations

from benchmarks import pages, rows


def cells(text: str) -> list[list[str]]:
    """The rows of the table in a text, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_readme_has_five_of_the_pages_rows_without_their_targets() -> None:
    short, full = pages.shown(pages.README, pages.TABLE), pages.shown(pages.PAGE, pages.TABLE)
    without_targets = [[name, *figures] for name, _, *figures in cells(full)]
    assert len(cells(short)) == len(rows.FOR_README) == 5
    assert all(row in without_targets for row in cells(short))
    assert short.splitlines()[-1] == full.splitlines()[-1]


def test_both_tables_are_written_as_they_stand_there() -> None:
    """By the code that writes them after a measurement."""
    full = pages.shown(pages.PAGE, pages.TABLE)
    shown = {name for name, *_ in cells(pages.shown(pages.README, pages.TABLE))}
    measured = [
        rows.Row(name, goal, (first, second, third, last), rows.FOR_README[0] if name in shown else "")
        for name, goal, first, second, third, last in cells(full)
    ]
    assert full.startswith(f"{rows.full_table(measured)}\n\nMedians of ")
    assert pages.shown(pages.README, pages.TABLE).startswith(f"{rows.short_table(measured)}\n\nMedians of ")
