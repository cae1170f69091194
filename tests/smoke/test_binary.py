"""What belongs to the single file alone: its origin, its size, that it unpacks nothing, and what it says when damaged."""

from __future__ import annotations

import json
import re
import struct
import subprocess
from pathlib import Path

import pytest

from contract.processes import finished, running
from hostile.surroundings import mounted
from peers import strace
from simulated_vcenter import SimulatedVCenter, faults
from support.program import PASSWORD, Helper, request

TRAILER = 176
"""Bytes at the end of the file, `struct trailer` in launcher.h; the first number is where begins what every answer needs."""


def end_of_elf(data: bytearray) -> int:
    """Where the executable ends: with the table of its sections."""
    (table,) = struct.unpack_from("<Q", data, 0x28)
    size, count = struct.unpack_from("<HH", data, 0x3A)
    return int(table + size * count)


@pytest.fixture
def temporary(helper: Helper, tmp_path: Path) -> Path:
    """The temporary directory of the program."""
    path = tmp_path / "temporary files"
    path.mkdir()
    helper.environment["TMPDIR"] = str(path)
    return path


@pytest.fixture
def copy(helper: Helper, tmp_path: Path) -> Path:
    """A copy of the file to be damaged, which is the program from now on."""
    path = tmp_path / "vsphere-session"
    path.write_bytes(Path(helper.program[0]).read_bytes())
    path.chmod(0o755)
    helper.program = [str(path)]
    return path


def refusing(helper: Helper, *calls: str) -> Helper:
    """The same program on a system that refuses these system calls, as older or hardened ones do."""
    other = Helper(helper.home, helper.environment)
    refused = [word for call in calls for word in ("-e", f"inject={call}:error=EACCES")]
    other.program = [*strace(), "-f", "-qq", "-o", "/dev/null", *refused, *helper.program]
    return other


def test_the_version_names_the_commit_and_what_is_linked_in(helper: Helper) -> None:
    said = helper.run("--version").stdout.decode()
    assert re.fullmatch(
        r"vsphere-session \d+\.\d+\.\d+ \((commit [0-9a-f]{7,} \((clean|changed)\)|a source distribution), "
        r"OpenSSL 3\.\d+\.\d+, (x86_64|aarch64)-linux-musl, Python 3\.\d+\.\d+, linux \w+\)\n",
        said,
    )


def test_the_file_has_at_most_12_5_mb(helper: Helper) -> None:
    assert Path(helper.program[0]).stat().st_size <= 12_500_000


def test_configure_knows_the_file_whatever_it_was_started_as(helper: Helper, tmp_path: Path) -> None:
    """A caller may have given it any name, and PATH need not have it."""
    done = subprocess.run(
        ["some-name", "configure", "docker", "--host", "registry.example.com", "--dry-run"],
        executable=helper.program[0],
        env=helper.environment | {"DOCKER_CONFIG": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert helper.program[0] in done.stdout


# ---- it unpacks nothing


def test_a_temporary_directory_that_is_full_closed_or_missing_is_not_even_looked_at(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path
) -> None:
    with mounted(tmp_path / "full", 'mount -t tmpfs -o size=4k,noexec none "$place"') as place:
        for directory in (place or "/proc", "/proc", tmp_path / "missing"):
            helper.environment["TMPDIR"] = str(directory)
            assert helper.ok("get", request(vcenter, password=PASSWORD, reauth=True))["source"] == "login"


def test_one_that_is_killed_on_its_way_to_the_server_leaves_no_process_and_no_file(
    vcenter: SimulatedVCenter, helper: Helper, temporary: Path
) -> None:
    """Terraform kills the process that it started, and there is no other."""
    held = vcenter.faults.add("=RetrieveServiceContent", faults.stall(), times=1)
    with running(helper, "get", request(vcenter, password=PASSWORD), "--timeout", "50") as process:
        assert held.reached.wait(20)
        assert subprocess.run(["pgrep", "-P", str(process.pid)], check=False, stdout=subprocess.PIPE).stdout == b""
        process.kill()
        assert finished(process).stdout == b""
    assert list(temporary.iterdir()) == []
    assert helper.ok("get", request(vcenter, password=PASSWORD), "--timeout", "5")["source"] == "login"


def test_where_there_are_no_files_in_memory_and_no_temporary_directory_nothing_is_missed(
    vcenter: SimulatedVCenter, helper: Helper, temporary: Path
) -> None:
    refused = refusing(helper, "memfd_create")
    refused.environment["TMPDIR"] = "/nonexistent"
    assert refused.ok("get", request(vcenter, password=PASSWORD))["source"] == "login"
    assert refused.ok("get", request(vcenter))["source"] == "cache"
    assert list(temporary.iterdir()) == []


def test_closed_standard_streams_do_not_become_the_libraries_files(vcenter: SimulatedVCenter, helper: Helper) -> None:
    fields = json.dumps(request(vcenter, password=PASSWORD))
    script = 'exec "$0" get 0<&- 1>&- 2>&-'
    done = subprocess.run(["/bin/sh", "-c", script, *helper.program], env=helper.environment, check=False, timeout=60)
    assert done.returncode == 9
    assert helper.run("get", stdin=fields.encode()).status == 0


# ---- a damaged file


@pytest.mark.parametrize("missing", [1, 1_000, 5_000_000, 9_000_000])
def test_a_file_that_is_cut_short_says_so(helper: Helper, copy: Path, missing: int) -> None:
    data = copy.read_bytes()
    copy.write_bytes(data[:-missing])
    reply = helper.run("get", stdin=b"{}")
    assert reply.status == 70
    assert reply.kind == "internal"
    assert "cut short; get the file again" in reply.stderr


@pytest.mark.parametrize("place", [-200, -3_000, -100_000], ids=["table", "early modules", "our own modules"])
def test_a_file_with_a_flipped_bit_in_what_every_answer_needs_says_so(helper: Helper, copy: Path, place: int) -> None:
    data = bytearray(copy.read_bytes())
    data[place] ^= 0x10
    copy.write_bytes(data)
    reply = helper.run("get", stdin=b"{}")
    assert reply.kind == "internal"
    assert "damaged; get the file again" in reply.stderr


def test_what_only_some_answers_need_is_read_by_those_alone_and_never_when_damaged(
    vcenter: SimulatedVCenter, helper: Helper, copy: Path
) -> None:
    """A session is cached; then all is taken away that lies between the executable and what every answer needs."""
    helper.ok("get", request(vcenter, password=PASSWORD))
    data = bytearray(copy.read_bytes())
    begin, end = end_of_elf(data), struct.unpack_from("<Q", data, len(data) - TRAILER)[0]
    assert begin < end
    data[begin:end] = bytes(end - begin)
    copy.write_bytes(data)
    logins = vcenter.login_attempts
    assert helper.ok("get", request(vcenter))["source"] == "cache"
    for fields in ({"verify": "always"}, {"password": PASSWORD, "reauth": True}):
        reply = helper.call("get", request(vcenter, **fields))
        assert (reply.kind, reply.status) == ("internal", 70)
        assert "damaged; get the file again" in reply.stderr
    assert vcenter.login_attempts == logins


@pytest.mark.parametrize("part", range(12, 100, 8))
def test_the_version_sums_up_the_whole_file(helper: Helper, copy: Path, part: int) -> None:
    """A bit is flipped at so many hundredths of it."""
    data = bytearray(copy.read_bytes())
    data[len(data) * part // 100] ^= 0x10
    copy.write_bytes(data)
    reply = helper.run("--version")
    assert reply.status == 70
    assert "damaged; get the file again" in reply.stderr


def test_a_crash_of_a_damaged_executable_is_said_to_be_that(helper: Helper, copy: Path) -> None:
    """All of the interpreter's code but the first pages is overwritten with what no processor can run."""
    data = bytearray(copy.read_bytes())
    begin, end = 3_000_000, end_of_elf(data) - 3_000_000
    data[begin:end] = b"\x00\x00" * ((end - begin) // 2) + bytes((end - begin) % 2)
    copy.write_bytes(data)
    reply = helper.run("get", stdin=b"{}")
    assert (reply.status, reply.kind) == (70, "internal")
    assert "damaged; get the file again" in reply.stderr
