"""What a warm answer costs in counts, which do not depend on the machine's mood: modules, files, system calls.

The limits are upper bounds, set to what was counted where they stand, with the slack that is named there. A change that
makes a count smaller lowers its limit with it; one that needs more raises it and says why in its commit. What the counts
are now is in the message of a failing test, and in `python3 -m pytest tests/smoke/test_counts.py -rP`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fastpath.test_warm_path import PROBE, ROOTS
from peers import strace
from simulated_vcenter import SimulatedVCenter
from smoke.test_remembered_answers import answers
from support.program import PASSWORD, Helper, request, settle

# By the launcher alone. Opened: the filter of core files, the file itself, the key of answers, what is known of the call,
# the answer, the two session files.
REMEMBERED_OPENED, REMEMBERED_CALLS = 7, 80
# By Python. Opened: the first two of those, and no key; the time zone, the configuration (which is not there), three files of
# the cache; to remember the answer the directory, the key (not there, made, and its directory), and the two new files.
PYTHON_OPENED, PYTHON_CALLS, PYTHON_MODULES = 14, 251, 57
# Asking about both sessions. Opened besides: OpenSSL's configuration, the authority's file; and to note what was said, once
# for both sessions, what was noted before, and the new file; and the file of the REST session twice. A third of the
# calls are for OpenSSL's memory, which musl asks for and gives back piece by piece.
ASKING_OPENED, ASKING_CALLS, ASKING_MODULES = 16, 503, 81
# Of the modules seven are the rooms themselves (`__init__`, a docstring each), and ten for a call that asks.
"""The calls have 5 % of slack, for another C library and for how a server's bytes arrive; files and modules have none."""


@pytest.fixture(scope="module")
def copy() -> Iterator[str]:
    """The single file where it is always the same number of directories away from the root, all of which Python looks into."""
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        yield shutil.copy2(Helper(Path(directory)).program[0], directory)


@pytest.fixture
def warm(vcenter: SimulatedVCenter, helper: Helper, copy: str) -> Helper:
    """Both sessions are cached and confirmed, the files are no news any more, and nothing is remembered."""
    helper.program = [copy]
    helper.ok("get", request(vcenter, password=PASSWORD))
    settle(helper)
    assert answers(helper) == []
    return helper


def counted(helper: Helper, fields: dict[str, object]) -> dict[str, int]:
    """How many system calls a `get` makes, and how many files it tries to open."""
    log = helper.home.parent / "calls"
    traced = Helper(helper.home, helper.environment)
    traced.program = [*strace(), "-f", "-qq", "-e", "signal=none", "-o", str(log), *helper.program]
    assert traced.ok("get", fields)["source"] == "cache"
    calls = [line.split(None, 1)[1].partition("(")[0] for line in log.read_text().splitlines()]
    found = {"calls": len(calls), "opened": sum(call in ("open", "openat") for call in calls)}
    sys.stdout.write(f"{found}\n")
    return found


def imported(helper: Helper, fields: dict[str, object]) -> int:
    """How many modules the same code imports for a `get`, by an interpreter that has nothing to show but them."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROBE, "|".join(ROOTS), "get"],
        input=json.dumps(fields).encode(),
        capture_output=True,
        env=helper.environment,
        check=True,
    )
    found = len(json.loads(done.stderr)["modules"])
    sys.stdout.write(f"modules: {found}\n")
    return found


def test_a_remembered_answer(vcenter: SimulatedVCenter, warm: Helper) -> None:
    warm.ok("get", request(vcenter))
    assert len(answers(warm)) == 1
    found = counted(warm, request(vcenter))
    assert found["opened"] <= REMEMBERED_OPENED
    assert found["calls"] <= REMEMBERED_CALLS


def test_a_warm_answer_by_python(vcenter: SimulatedVCenter, warm: Helper) -> None:
    found = counted(warm, request(vcenter))
    assert len(answers(warm)) == 1
    assert found["opened"] <= PYTHON_OPENED
    assert found["calls"] <= PYTHON_CALLS
    assert imported(warm, request(vcenter)) <= PYTHON_MODULES


def test_a_warm_answer_that_asks_the_server_about_both_sessions(vcenter: SimulatedVCenter, warm: Helper) -> None:
    before = len(vcenter.requests)
    found = counted(warm, request(vcenter, verify="always"))
    assert len(vcenter.requests) == before + 2
    assert found["opened"] <= ASKING_OPENED
    assert found["calls"] <= ASKING_CALLS
    assert imported(warm, request(vcenter, verify="always")) <= ASKING_MODULES
