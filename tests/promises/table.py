"""The promises, in the order of their numbers, and their rows as text."""

from __future__ import annotations

from promises.rows import Promise, Row

PROMISES: list[Promise] = []

HEAD = "| promise | tried | vsphere-session | govmomi | again |\n|---|---|---|---|---|"


def lines(promise: Promise, rows: list[Row]) -> str:
    """The rows of one promise; each ends with the command that proves it again."""
    command = f"`python3 tests/run.py promises {promise.number}`"
    return "\n".join(
        f"| {promise.number}. {promise.text} | {row.tried} | {row.ours} | {row.govmomi} | {command} |" for row in rows
    )
