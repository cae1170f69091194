"""The promises, in the order of their numbers, and their sections on docs/promises.md."""

from __future__ import annotations

from pathlib import Path

from promises import at_rest, bounded, good_sessions, nothing_left, right_user, secrecy, single_flight, whole_files
from promises.rows import Promise, Row

PROMISES: list[Promise] = [
    Promise(1, "Single flight: of many cold callers one logs in", single_flight.rows),
    Promise(2, "No torn file", whole_files.rows),
    Promise(3, "Nothing left on the server", nothing_left.rows),
    Promise(4, "Good sessions survive bad days", good_sessions.rows),
    Promise(5, "The right user on the right server", right_user.rows),
    Promise(6, "Nothing gives it away", secrecy.rows),
    Promise(7, "Hostile input is bounded", bounded.rows),
    Promise(8, "At rest, if wanted", at_rest.rows),
]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "promises.md"


def section(promise: Promise, rows: list[Row]) -> str:
    """What was tried for one promise and what came of it, with the command that proves it again."""
    head = "| tried | vsphere-session | govmomi |\n|---|---|---|"
    lines = "\n".join(f"| {row.tried} | {row.ours} | {row.govmomi} |" for row in rows)
    return f"Again: `python3 tests/run.py promises {promise.number}`\n\n{head}\n{lines}"


def marks(promise: Promise) -> tuple[str, str]:
    """Between which lines of the page its section stands."""
    return f"<!-- promise {promise.number} -->\n\n", f"\n\n<!-- /promise {promise.number} -->"


def write(promise: Promise, text: str) -> None:
    """Put a section into its place on the page."""
    start, end = marks(promise)
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(start)
    PAGE.write_text(f"{before}{start}{text}{end}{rest.partition(end)[2]}", encoding="utf-8")
