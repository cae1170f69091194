"""The tests of what only a single file does are collected when the program under test is one."""

from __future__ import annotations

from support.program import is_script

collect_ignore = (
    ["test_binary.py", "test_counts.py", "test_remembered_answers.py", "test_fast_lane.py", "test_three_ways.py"]
    if is_script()
    else []
)
