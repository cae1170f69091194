"""Durations in words."""

from __future__ import annotations

import pytest

from vsphere_session.commands.durations import seen_from, span


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (0.9, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (86399, "23 h 59 min"),
        (86400, "1 d"),
        (90000, "1 d 1 h"),
        (4e9, "46296 d 7 h"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float, words: str) -> None:
    assert span(seconds) == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [(1000.0, "now"), (1000.9, "now"), (999.0, "1 s ago"), (820.0, "3 min ago"), (2320.0, "in 22 min")],
)
def test_a_moment_is_seen_from_now(moment: float, words: str) -> None:
    assert seen_from(1000.0, moment) == words
