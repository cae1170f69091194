"""The promises, in the order of their numbers, and their rows as text."""

from __future__ import annotations

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

HEAD = "| promise | tried | vsphere-session | govmomi | again |\n|---|---|---|---|---|"


def lines(promise: Promise, rows: list[Row]) -> str:
    """The rows of one promise; each ends with the command that proves it again."""
    command = f"`python3 tests/run.py promises {promise.number}`"
    return "\n".join(
        f"| {promise.number}. {promise.text} | {row.tried} | {row.ours} | {row.govmomi} | {command} |" for row in rows
    )
