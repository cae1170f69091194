"""What the runs of all promises share: how large a run is, its rows in the table, and its progress."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

Progress = Callable[[int], object]  # how many more of the run's steps are done


SEED = "PROMISES_SEED"
"""The variable that chooses what a run of chance does; `--seed` sets it."""


def seed() -> int:
    """What a run of chance starts from; the same one goes the same way."""
    return int(os.environ.get(SEED, "1"))


class Size(Enum):
    """How much of a run: what every test run can afford, or all of it."""

    SHORT = "short"
    LONG = "long"


@dataclass(frozen=True)
class Row:
    """One line of the table: what was done to the helper, what came of it, and what govmomi makes of the same."""

    tried: str
    ours: str
    govmomi: str = "–"


@dataclass(frozen=True)
class Promise:
    """One promise: its number, its text, and the run that proves it and yields its rows."""

    number: int
    text: str
    rows: Callable[[Size, Progress], Iterator[Row]]
