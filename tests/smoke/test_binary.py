"""What belongs to the single file alone: its origin, its size, that it unpacks nothing, and what it says when damaged."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from contract.processes import finished, running
from hostile.surroundings import mounted
from peers import strace
from simulated_vcenter import SimulatedVCenter, faults
from support.program import PASSWORD, Helper, request


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


def test_the_version_names_the_commit_and_the_builder(helper: Helper) -> None:
    said = helper.run("--version").stdout.decode()
    assert re.fullmatch(
        r"vsphere-session \d+\.\d+\.\d+ \((commit [0-9a-f]{7,} \((clean|changed)\)|a source distribution), "
        r"built with PyInstaller 6\.[\d.]+, C?Python 3\.[\d.]+, \w+ \w+\)\n",
        said,
    )


def test_the_file_has_at_most_20_mb(helper: Helper) -> None:
    assert Path(helper.program[0]).stat().st_size <= 20_000_000


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


def test_what_a_get_needs_to_ask_and_to_log_in_is_not_inflated(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path
) -> None:
    """Only what inflates the rest would be: a module that the build does not know to be needed costs 2 ms more."""
    log = tmp_path / "calls"
    helper.program = [*strace(), "-f", "-qq", "-o", str(log), "-e", "trace=memfd_create", *helper.program]
    for fields in ({"password": PASSWORD}, {"verify": "always"}):
        helper.ok("get", request(vcenter, **fields))
        loaded = re.findall(r'memfd_create\("([\w.]+)"', log.read_text())
        assert "_ssl" in loaded
        assert "zlib" not in loaded


def test_where_there_are_no_files_in_memory_the_temporary_directory_does_and_is_left_empty(
    vcenter: SimulatedVCenter, helper: Helper, temporary: Path
) -> None:
    refused = refusing(helper, "memfd_create")
    assert refused.ok("get", request(vcenter, password=PASSWORD))["source"] == "login"
    assert refused.ok("get", request(vcenter))["source"] == "cache"
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("name", ["vsphere-session", "git-credential-vsphere"])
def test_where_there_is_neither_memory_nor_a_directory_that_is_a_storage_error(helper: Helper, name: str) -> None:
    """In JSON for those whose protocol that is."""
    script = """
        mount -t tmpfs none /mnt && cp "$1" "/mnt/$2" || exit 99  # the program itself may lie below /tmp
        for directory in /tmp /var/tmp /dev/shm; do
            [ ! -d $directory ] || mount -t tmpfs -o ro none $directory || exit 99
        done
        cd /proc && exec "$0" -f -qq -o /dev/null -e inject=memfd_create:error=EACCES "/mnt/$2" get
    """
    namespace = Helper(helper.home, helper.environment)
    own = ["unshare", "--map-root-user", "--mount", "sh", "-c", script]
    namespace.program = [*own, *strace(), helper.program[0], name]
    reply = namespace.run()
    if reply.status in (1, 99):  # nobody may mount here
        return
    assert reply.status == 9
    assert "no room to load _json" in reply.stderr
    assert reply.stderr.endswith("free memory, or set TMPDIR\n")
    if name == "vsphere-session":
        assert reply.kind == "storage"
    else:
        assert reply.stdout == b""


def test_closed_standard_streams_do_not_become_the_libraries_files(vcenter: SimulatedVCenter, helper: Helper) -> None:
    fields = json.dumps(request(vcenter, password=PASSWORD))
    script = 'exec "$0" get 0<&- 1>&- 2>&-'
    done = subprocess.run(["/bin/sh", "-c", script, *helper.program], env=helper.environment, check=False, timeout=60)
    assert done.returncode == 9
    assert helper.run("get", stdin=fields.encode()).status == 0


# ---- a damaged file


@pytest.mark.parametrize("missing", [1, 1_000, 5_000_000])
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


def test_a_library_with_a_flipped_bit_is_not_loaded(vcenter: SimulatedVCenter, helper: Helper, copy: Path) -> None:
    """The first session was made by the file as it should be; one that cannot ask leaves it alone."""
    data = bytearray(copy.read_bytes())
    known = b"OpenSSL 3."
    data[data.index(known)] ^= 0x10
    copy.write_bytes(data)
    reply = helper.call("get", request(vcenter, password=PASSWORD))
    assert reply.kind == "storage"
    assert "damaged; get the file again" in reply.stderr
    assert vcenter.login_attempts == 0
