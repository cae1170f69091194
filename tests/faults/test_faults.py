"""`python3 tests/run.py faults`, and what the promises' runs believe of strace."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from faults import CHANGES, Fault, read_calls, under_strace
from simulated_vcenter import SimulatedVCenter
from support.pages import snippet
from support.program import PASSWORD, Helper, request

TESTS = Path(__file__).resolve().parents[1]
WRITER = "import os, sys\nfor name in 'abc': os.mkdir(sys.argv[1] + '/' + name)"


def faults(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "faults", *arguments],
        env={"PYTHONPATH": str(TESTS), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
        capture_output=True,
        text=True,
        check=False,
    )


def writer(directory: Path) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", WRITER, str(directory)]


def test_without_a_fault_the_calls_that_change_files_are_listed_with_their_numbers(tmp_path: Path) -> None:
    done = faults("--", *writer(tmp_path))
    assert done.returncode == 0
    lines = [line for line in done.stderr.splitlines() if str(tmp_path) in line]
    assert [line.split()[0] for line in lines] == ["mkdir:1", "mkdir:2", "mkdir:3"]


def test_the_pages_example_lists_calls_as_the_page_shows_them(vcenter: SimulatedVCenter) -> None:
    """A `get` that logs in; `…` stands for what differs, and so do the numbers and the name of a session's file."""
    with tempfile.TemporaryDirectory() as home:  # a short name, since long lines are cut
        seen = watched(Helper(Path(home)), vcenter)
        command, *shown = snippet("docs/faults", "watched", {"/home/me": home}).splitlines()
    assert command == "$ python3 tests/run.py faults -- vsphere-session get < request.json"
    for line in shown:
        pattern = ".*".join(re.escape(part) for part in line.split("…")).replace("f929", r"[0-9a-f]+")
        pattern = re.sub(r"^(\w+):\d+", r"\1:\\d+", pattern)
        assert re.search(rf"^{pattern}$", seen, flags=re.MULTILINE), (line, seen)


def watched(helper: Helper, vcenter: SimulatedVCenter) -> str:
    """What is said of a `get` that logs in; its session ends with it."""
    done = subprocess.run(
        [sys.executable, "-m", "faults", "--", *helper.program, "get"],
        input=json.dumps(request(vcenter, password=PASSWORD)).encode(),
        env=helper.environment | {"PYTHONPATH": str(TESTS)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done
    helper.ok("erase", request(vcenter))
    return done.stderr.decode()


def test_a_kill_comes_before_the_call_and_is_the_exit_status(tmp_path: Path) -> None:
    done = faults("--kill", "mkdir:2", "--", *writer(tmp_path))
    assert done.returncode == 137
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert done.stderr.startswith("met: mkdir:2 ")


def test_an_error_takes_the_place_of_one_call_or_of_all(tmp_path: Path) -> None:
    done = faults("--error", "mkdir:EROFS:3", "--", *writer(tmp_path))
    assert done.returncode == 1
    assert "Read-only file system" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
    assert faults("--error", "mkdir:ENOSPC", "--", "mkdir", str(tmp_path / "d")).returncode == 1
    assert not (tmp_path / "d").exists()


def test_a_fault_that_was_not_met_is_said_to_be_so() -> None:
    done = faults("--kill", "rename:1", "--", "true")
    assert done.returncode == 0
    assert "met no fault" in done.stderr


@pytest.mark.parametrize("fault", ["rename", "rename:0", "rename:EIO", "RENAME:1", "rename:1 ", "rename:1:signal=KILL"])
def test_what_is_no_fault_is_refused_with_an_example(fault: str) -> None:
    done = faults("--kill", fault, "--", "true")
    assert done.returncode == 2
    assert "as in rename:2" in done.stderr


def test_calls_are_counted_as_strace_counts_them(tmp_path: Path) -> None:
    """The number of a call in a run that was watched is the number by which it is killed in the next."""
    log = tmp_path / "calls"
    subprocess.run(under_strace(writer(tmp_path), log=log), check=True)
    (last,) = [
        call for call in read_calls(log) if call.name == "mkdir" and call.text.startswith(f'mkdir("{tmp_path}/c"')
    ]
    for name in "abc":
        (tmp_path / name).rmdir()
    fault = Fault(last.name, str(last.number))
    done = subprocess.run(under_strace(writer(tmp_path), faults=[fault], log=log, calls=CHANGES), check=False)
    assert done.returncode == -9
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "calls"]
