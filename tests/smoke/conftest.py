"""The tests of what only a single file does are collected when the program under test is one."""

from __future__ import annotations

from pathlib import Path

from support.program import program


def _is_script() -> bool:
    with Path(program()[0]).open("rb") as file:
        return file.read(2) == b"#!"


collect_ignore = (
    ["test_binary.py", "test_counts.py", "test_remembered_answers.py", "test_fast_lane.py", "test_three_ways.py"]
    if _is_script()
    else []
)
