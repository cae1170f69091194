"""The single file unpacks itself: what, when, and what it says where that fails."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hostile.surroundings import limited, mounted
from simulated_vcenter import SimulatedVCenter
from support import PASSWORD, Helper, request


class Conversation:
    """The program at work, with its temporary directory in sight."""

    def __init__(self, process: subprocess.Popen[bytes], temporary: Path) -> None:
        self._process = process
        self._temporary = temporary

    def ask(self, **fields: object) -> dict[str, str]:
        """One request and its reply."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(fields).encode() + b"\n")
        self._process.stdin.flush()
        reply: dict[str, str] = json.loads(self._process.stdout.readline())
        return reply

    @property
    def unpacked(self) -> Path:
        """The directory with what has been unpacked."""
        (directory,) = self._temporary.iterdir()
        return directory

    @property
    def modules(self) -> set[str]:
        """The names of what has been unpacked, up to the first dot."""
        return {path.name.partition(".")[0] for path in self.unpacked.rglob("*") if path.is_file()}


@pytest.fixture
def conversation(helper: Helper, tmp_path: Path) -> Iterator[Conversation]:
    """The program, waiting for its first request."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with helper.start(TMPDIR=str(temporary)) as process:
        yield Conversation(process, temporary)


SHA256 = "_sha256" if sys.version_info < (3, 12) else "_sha2"
FOR_EVERY_ANSWER = {"base_library", "libpython3", "entry_points", "_json", SHA256, "_struct", "fcntl", "zlib"}


def test_only_what_every_answer_needs_is_unpacked_for_a_warm_one(
    vcenter: SimulatedVCenter, helper: Helper, conversation: Conversation
) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    assert conversation.ask(action="get", **request(vcenter))["source"] == "cache"
    assert conversation.modules == FOR_EVERY_ANSWER


def test_the_network_is_unpacked_when_it_is_needed_and_the_keyring_is_not(
    vcenter: SimulatedVCenter, conversation: Conversation
) -> None:
    assert conversation.ask(action="get", **request(vcenter, password=PASSWORD))["source"] == "login"
    assert conversation.modules > FOR_EVERY_ANSWER | {"_ssl", "_socket"}
    assert "_rust" not in conversation.modules


def test_what_cannot_be_unpacked_later_is_a_storage_error_that_says_what_to_do(
    vcenter: SimulatedVCenter, conversation: Conversation
) -> None:
    assert conversation.ask(action="get", url="file:///etc")["error"] == "invalid-request"
    (modules,) = conversation.unpacked.glob("python3.*/lib-dynload")
    modules.rename(modules.with_name("elsewhere"))
    modules.touch()
    reply = conversation.ask(action="get", **request(vcenter, password=PASSWORD))
    assert reply["error"] == "storage"
    assert "TMPDIR" in reply["message"]
    assert vcenter.login_attempts == 0


def test_a_full_temporary_directory_is_named_with_the_way_out(helper: Helper, tmp_path: Path) -> None:
    with mounted(tmp_path / "full", 'mount -t tmpfs -o size=1m none "$place"') as place:
        if place is not None:
            reply = helper.run("--version", TMPDIR=str(place))
        else:  # nobody may mount here
            reply = limited(helper, "RLIMIT_FSIZE", 1_000_000).run("--version")
    assert reply.status == 255
    assert reply.stdout == b""
    assert re.search(r"cannot unpack libpython3\.\S+; set TMPDIR\n$", reply.stderr)


def test_little_room_in_the_temporary_directory_is_a_storage_error_or_enough(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path
) -> None:
    """Room for the start, and none for the way to the server."""
    with mounted(tmp_path / "little", 'mount -t tmpfs -o size=8m none "$place"') as place:
        directory = tmp_path if place is None else place
        reply = helper.call("get", request(vcenter, password=PASSWORD), TMPDIR=str(directory))
        if place is not None:
            assert (reply.kind, reply.status) == ("storage", 9)
            assert "TMPDIR" in reply.stderr
            assert list(place.iterdir()) == []
        else:  # nobody may mount here
            assert reply.status == 0


def test_a_temporary_directory_that_forbids_programs_is_named_with_the_way_out(helper: Helper, tmp_path: Path) -> None:
    with mounted(tmp_path / "noexec", 'mount -t tmpfs -o noexec none "$place"') as place:
        if place is None:  # nobody may mount here: the words stand in the file
            assert b"cannot run %s (%s); set TMPDIR elsewhere" in Path(helper.program[0]).read_bytes()
            return
        reply = helper.run("--version", TMPDIR=str(place))
        assert reply.status != 0
        assert reply.stdout == b""
        (line,) = reply.stderr.splitlines()
        assert "failed to map segment" in line
        assert line.endswith("; set TMPDIR elsewhere")
        assert list(place.iterdir()) == []


def test_a_temporary_directory_that_is_missing_or_closed_is_passed_over(helper: Helper, tmp_path: Path) -> None:
    assert helper.run("--version", TMPDIR=str(tmp_path / "missing")).status == 0
    assert helper.run("--version", TMPDIR="/proc").status == 0


def test_no_temporary_directory_at_all_is_one_line_with_the_way_out(helper: Helper) -> None:
    script = """
        mount -t tmpfs none /mnt && cp "$0" /mnt/vsphere-session || exit 99  # the program itself may lie below /tmp
        for directory in /tmp /var/tmp /usr/tmp; do
            [ ! -d $directory ] || mount -t tmpfs -o ro none $directory || exit 99
        done
        cd /proc && exec /mnt/vsphere-session "$@"
    """
    namespace = Helper(helper.home, helper.environment)
    namespace.program = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(Path(helper.program[0]))]
    reply = namespace.run("--version")
    if b"--version" in reply.stdout or reply.status in (1, 99):  # nobody may mount here: the words stand in the file
        assert b"no writable temp folder; set TMPDIR" in Path(helper.program[0]).read_bytes()
        return
    assert reply.status == 255
    (line,) = reply.stderr.splitlines()
    assert line.endswith("no writable temp folder; set TMPDIR")
