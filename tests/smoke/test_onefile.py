"""What belongs to the single file alone: its origin, its size, and what it leaves behind."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest

from contract.processes import finished, running
from simulated_vcenter import SimulatedVCenter, faults
from support import PASSWORD, Helper, request


@pytest.fixture
def temporary(helper: Helper, tmp_path: Path) -> Path:
    """The directory that the file unpacks itself in, with a name that wants quoting."""
    path = tmp_path / "temporary files"
    path.mkdir()
    helper.environment["TMPDIR"] = str(path)
    return path


def test_the_version_names_the_commit_and_the_builder(helper: Helper) -> None:
    said = helper.run("--version").stdout.decode()
    assert re.fullmatch(
        r"vsphere-session \d+\.\d+\.\d+ \((commit [0-9a-f]{7,} \((clean|changed)\)|a source distribution), "
        r"built with PyInstaller 6\.[\d.]+, C?Python 3\.[\d.]+, \w+ \w+\)\n",
        said,
    )


def test_the_file_has_at_most_20_mb(helper: Helper) -> None:
    assert Path(helper.program[0]).stat().st_size <= 20_000_000


def test_nothing_is_left_behind(vcenter: SimulatedVCenter, helper: Helper, temporary: Path) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    helper.ok("get", request(vcenter))
    assert helper.run("get", stdin=b"{").kind == "invalid-request"
    assert list(temporary.iterdir()) == []


def test_nothing_is_left_behind_by_one_that_is_told_to_end(
    vcenter: SimulatedVCenter, helper: Helper, temporary: Path
) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    held = vcenter.faults.add("*", faults.stall(), times=1)
    with running(helper, "get", request(vcenter, verify="always")) as process:
        assert held.reached.wait(20)
        process.send_signal(signal.SIGTERM)
        assert finished(process).status == 143
    assert list(temporary.iterdir()) == []


def test_nothing_is_left_behind_by_one_that_is_killed_on_its_way_to_the_server(
    vcenter: SimulatedVCenter, helper: Helper, temporary: Path
) -> None:
    """The caller kills the process that it started, which had only unpacked the other. That one dies, too."""
    held = vcenter.faults.add("=RetrieveServiceContent", faults.stall(), times=1)
    with running(helper, "get", request(vcenter, password=PASSWORD), "--timeout", "50") as process:
        assert held.reached.wait(20)
        process.kill()
        assert finished(process).stdout == b""  # which ends with the last process that has it open
    assert list(temporary.iterdir()) == []


def test_nothing_is_left_behind_by_one_that_is_killed_while_it_reads(helper: Helper, temporary: Path) -> None:
    """It ends at the end of its input."""
    with helper.start() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"{}\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["error"] == "invalid-request"
        process.kill()
        process.wait()
        process.stdin.close()
        assert process.stdout.read() == b""
    assert list(temporary.iterdir()) == []
