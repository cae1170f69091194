"""How long N cold callers at once take, beside one login and N warm calls: a ratio of times that were measured in turn."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from promises.crowd import PROCESS, crowd, mixed
from promises.rows import Progress, Row
from simulated_vcenter import SimulatedVCenter

TIMES = 5


def row(numbers: Sequence[int], of: Sequence[str], progress: Progress) -> Row:
    """1.00 is what is promised: no later than one login plus the time that as many warm calls take."""
    told = []
    for number in numbers:
        found = [_once(number, of, progress) for _ in range(TIMES)]
        told.append(f"N = {number}: × {median(found):.2f} (of {TIMES} runs {min(found):.2f}–{max(found):.2f})")
    return Row("the last of N cold callers is answered, against one login plus N warm calls", "; ".join(told))


def _once(number: int, of: Sequence[str], progress: Progress) -> float:
    with SimulatedVCenter() as vcenter, tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        login = _seconds(vcenter, Path(first), [PROCESS])
        cold = _seconds(vcenter, Path(second), mixed(number, of))
        warm = _seconds(vcenter, Path(second), mixed(number, of))
        assert [session.kind for session in vcenter.logins] == ["soap", "rest"] * 2
        progress(2 * number + 1)
    return cold / (login + warm)


def _seconds(vcenter: SimulatedVCenter, home: Path, of: Sequence[str]) -> float:
    """From the first caller's start to the last one's answer."""
    started = time.perf_counter()
    with crowd(vcenter, home, of) as callers:
        for caller in callers:
            assert "error" not in caller.answer(), caller.name
        return time.perf_counter() - started
