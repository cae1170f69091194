"""The short way answers as the long way does: what it may depend on, what it may keep, and how it fails."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hostile.surroundings import mounted, within
from peers import strace
from simulated_vcenter import SimulatedVCenter
from smoke.test_remembered_answers import answers, without_python
from support.program import PASSWORD, Helper, request, settle

CANARY = "0mega-canary-1966"


@pytest.fixture
def cached(vcenter: SimulatedVCenter, helper: Helper) -> bytes:
    """A request whose sessions are in the cache; nothing is remembered yet."""
    helper.ok("get", request(vcenter, password=PASSWORD))
    settle(helper)
    return json.dumps(request(vcenter)).encode()


def three(helper: Helper, stdin: bytes, *arguments: str) -> list[tuple[int, bytes, str]]:
    """The same call by Python, from memory, and with remembering switched off."""
    calls = [(*arguments, "get"), (*arguments, "get"), ("--no-remember", *arguments, "get")]
    replies = [helper.run(*call, stdin=stdin) for call in calls]
    return [(reply.status, reply.stdout, reply.stderr) for reply in replies]


# ---- core files


def test_sigquit_at_any_system_call_leaves_no_core_file_with_what_was_on_stdin(
    helper: Helper, cached: bytes, tmp_path: Path
) -> None:
    """From exec on, of a call that is answered from memory and of one that is not: neither in time nor too early."""
    settle(helper)
    helper.run("get", stdin=cached)
    place = tmp_path / "cores"
    place.mkdir()
    for stdin in (
        cached.replace(b"}", b', "output": "files"}'),
        json.dumps({"url": "vc", "password": CANARY}).encode(),
    ):
        padded = stdin + b" " * 64 + CANARY.encode() if CANARY.encode() not in stdin else stdin
        log = tmp_path / "calls"
        counted = within(helper, f"os.chdir({str(place)!r}); resource.setrlimit(resource.RLIMIT_CORE, (-1, -1))")
        counted.program = [*counted.program[:5], *strace(), "-qq", "-o", str(log), *helper.program]
        counted.run("get", stdin=padded)
        calls = len(log.read_text().splitlines())
        assert calls > 60
        for number in range(1, calls + 1):
            struck = Helper(helper.home, helper.environment)
            inject = ["-e", f"inject=all:signal=QUIT:when={number}"]
            struck.program = [*counted.program[:5], *strace(), "-qq", "-o", "/dev/null", *inject, *helper.program]
            struck.run("get", stdin=padded)
            for core in place.iterdir():
                assert CANARY.encode() not in core.read_bytes(), number
                core.unlink()


def test_where_the_filter_of_core_files_cannot_be_written_there_are_none(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    """By the limit of their size, which exec's child has as it was again."""
    hidden = Helper(helper.home, helper.environment | {"GOVC_URL": vcenter.authority, "GOVC_PASSWORD": PASSWORD})
    hidden.environment |= {"GOVC_TLS_CA_CERTS": str(vcenter.ca_file), "GOVC_USERNAME": "administrator@vsphere.local"}
    refused = ["-e", "inject=?open,openat:error=EACCES:when=1..4", "-P", "/proc/self/coredump_filter"]
    log = helper.home.parent / "calls"
    limited = [*strace(), "-f", "-qq", "-o", str(log), *refused, "-e", "trace=?open,openat,prlimit64,read"]
    hidden.program = [
        *within(helper, "resource.setrlimit(resource.RLIMIT_CORE, (-1, -1))").program[:5],
        *limited,
        *helper.program,
    ]
    done = hidden.run("exec", "--", "sh", "-c", "ulimit -c", stdin=b"")
    assert (done.status, done.stdout) == (0, b"unlimited\n")


# ---- what an answer depends on


EXTREME = {
    "before 1970": "1960-01-01T00:00:00",
    "before that, not whole": "1931-05-05T05:05:05.123456789",
    "far away": "2400-01-01T00:00:00",
    "the epoch": "1970-01-01T00:00:00",
}


@pytest.mark.parametrize("when", EXTREME.values(), ids=EXTREME)
def test_files_with_extreme_times_give_one_answer_each_time(helper: Helper, cached: bytes, when: str) -> None:
    """Once stdout is written nothing can fail, or add to the call."""
    config = helper.home / ".config" / "vsphere-session" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('verify = "auto"\n')
    for file in (config, *helper.home.rglob("sessions/*")):
        subprocess.run(["touch", "-m", "-d", when, file], check=True)
    settle(helper)
    first, *others = three(helper, cached)
    assert (first[0], first[2], first[1].count(b"\n")) == (0, "", 1)
    assert others == [first, first]


def test_a_path_with_a_link_and_two_dots_in_it_is_the_file_that_was_read(
    helper: Helper, cached: bytes, tmp_path: Path
) -> None:
    """`link/../c.toml` is beside what the link leads to, and not beside the link."""
    there = tmp_path / "elsewhere" / "inner"
    there.mkdir(parents=True)
    (tmp_path / "link").symlink_to(there)
    (tmp_path / "c.toml").write_text("")
    meant = tmp_path / "elsewhere" / "c.toml"
    meant.write_text('output = "tokens"\n')
    settle(helper)
    option = f"--config={tmp_path}/link/../c.toml"
    before = three(helper, cached, option)
    assert len(set(before)) == 1
    meant.write_text('output = "files"\n ')
    after = three(helper, cached, option)
    assert len(set(after)) == 1
    assert b"session_id" in before[0][1]
    assert b"session_id" not in after[0][1]


def test_an_edit_within_the_second_is_seen_where_times_are_whole_seconds(
    helper: Helper, cached: bytes, tmp_path: Path
) -> None:
    """Of the same length, on a file system of 128 byte inodes."""
    image = tmp_path / "image"
    made = f'truncate -s 4M {image} && mkfs.ext4 -q -I 128 {image} && mount -o loop {image} "$place"'
    (tmp_path / "fine").mkdir()  # where nobody may mount; the same holds there
    with mounted(tmp_path / "coarse", made) as place:
        config = (place or tmp_path / "fine") / "c.toml"
        for _ in range(6):
            config.write_text('output = "tokens"\n')
            first = helper.run(f"--config={config}", "get", stdin=cached)
            config.write_text('output = "files" \n')
            second = helper.run(f"--config={config}", "get", stdin=cached)
            assert (b"session_id" in first.stdout, b"session_id" in second.stdout) == (True, False)


# ---- what is kept


def test_names_of_answers_tell_nothing_without_the_key(helper: Helper, cached: bytes) -> None:
    """Not even whether a variable has a value that was guessed: they are others for who has another key."""
    helper.environment["GOVC_GUEST_LOGIN"] = "root:hunter2"
    helper.run("get", stdin=cached)
    names = {path.name for path in helper.home.rglob("answers/*")}
    assert len(names) == 2
    key = next(helper.home.rglob("answers.key"))
    assert key.stat().st_mode & 0o777 == 0o600
    key.write_bytes(os.urandom(32))
    helper.run("get", stdin=cached)
    assert len({path.name for path in helper.home.rglob("answers/*")} - names) == 2


def test_a_variable_that_no_answer_depends_on_is_no_part_of_the_question(helper: Helper, cached: bytes) -> None:
    helper.run("get", stdin=cached)
    helper.environment |= {"GOVC_GUEST_LOGIN": "root:hunter2", "VSPHERE_ANYTHING": "x", "XDG_RUNTIME_DIR": "/x"}
    assert without_python(helper, "get", stdin=cached)[1]


def test_an_answer_that_was_copied_answers_no_other_question(
    vcenter: SimulatedVCenter, helper: Helper, cached: bytes
) -> None:
    """The question stands in it."""
    helper.run("get", stdin=cached)
    (path,) = answers(helper)
    other = json.dumps(request(vcenter, output="files")).encode()
    helper.run("get", stdin=other)
    (made,) = set(answers(helper)) - {path}
    made.write_bytes(path.read_bytes())
    reply, quick = without_python(helper, "get", stdin=other)
    assert not quick
    assert b"session_id" not in reply.stdout


def test_erase_leaves_no_answer(vcenter: SimulatedVCenter, helper: Helper, cached: bytes) -> None:
    """By whatever command line it was asked for."""
    helper.run("get", stdin=cached)
    helper.run("--field", "url", "get", stdin=cached)
    assert len(answers(helper)) == 2
    assert helper.ok("erase", request(vcenter)) == {"erased": "soap,rest"}
    assert list(helper.home.rglob("answers/*")) == []


def test_answers_whose_time_is_over_are_gone_with_the_next_call(
    vcenter: SimulatedVCenter, helper: Helper, cached: bytes
) -> None:
    """Their own time says when that is."""
    helper.run("get", stdin=cached)
    kept = list(helper.home.rglob("answers/*"))
    assert all(0 < path.stat().st_mtime - time.time() <= 60 for path in kept)
    for path in kept:
        os.utime(path, (0, 0))
    helper.run("get", stdin=json.dumps(request(vcenter, verify="always")).encode())
    assert not {path.name for path in kept} & {path.name for path in helper.home.rglob("answers/*")}


SWITCHES: dict[str, Callable[[Helper], tuple[str, ...]]] = {
    "--no-remember": lambda _helper: ("--no-remember",),
    "VSPHERE_SESSION_REMEMBER=0": lambda helper: helper.environment.update(VSPHERE_SESSION_REMEMBER="0") or (),
    "VSPHERE_SESSION_REMEMBER=off": lambda helper: helper.environment.update(VSPHERE_SESSION_REMEMBER="off") or (),
    "remember = false": lambda helper: configured(helper, "remember = false\n"),
}


def configured(helper: Helper, text: str) -> tuple[str, ...]:
    path = helper.home / ".config" / "vsphere-session" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    settle(helper)
    return ()


@pytest.mark.parametrize("switch", SWITCHES)
def test_remembering_can_be_switched_off_and_nothing_else_changes(helper: Helper, cached: bytes, switch: str) -> None:
    plain = helper.run("get", stdin=cached)
    before = set(helper.home.rglob("answers/*"))
    options = SWITCHES[switch](helper)
    for _ in range(2):
        reply, quick = without_python(helper, *options, "get", stdin=cached)
        assert not quick
        assert (reply.status, reply.stdout, reply.stderr) == (0, plain.stdout, "")
    assert set(helper.home.rglob("answers/*")) == before


def test_a_switch_that_is_neither_on_nor_off_is_an_error_that_names_it(helper: Helper, cached: bytes) -> None:
    helper.run("get", stdin=cached)
    reply = helper.run("get", stdin=cached, VSPHERE_SESSION_REMEMBER="perhaps")
    assert reply.kind == "invalid-request"
    assert "VSPHERE_SESSION_REMEMBER" in reply.stderr


# ---- how it fails


def test_an_answer_into_a_full_pipe_that_must_not_wait_is_whole(helper: Helper, cached: bytes) -> None:
    """Nobody reads before the program has found it full."""
    long = {"GOVMOMI_HOME": str(helper.home / "/".join(["x" * 200] * 12))}
    helper.environment |= long
    helper.run("get", stdin=cached.replace(b"}", f', "password": "{PASSWORD}"}}'.encode()))
    settle(helper)
    expected = [helper.run("get", stdin=cached).stdout for _ in range(2)][1]
    assert len(expected) > 5000
    reader, writer = os.pipe()
    import fcntl

    fcntl.fcntl(writer, 1031, 4096)  # F_SETPIPE_SZ
    os.set_blocking(writer, False)
    process = subprocess.Popen(
        [*helper.program, "get"],
        stdin=subprocess.PIPE,
        stdout=writer,
        stderr=subprocess.PIPE,
        env=helper.environment,
    )
    os.close(writer)
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(cached)
    process.stdin.close()
    while not re.search(r"^State:\s+S", Path(f"/proc/{process.pid}/status").read_text(), re.MULTILINE):
        assert process.poll() is None
    with os.fdopen(reader, "rb") as file:
        assert file.read() == expected
    assert (process.wait(), process.stderr.read()) == (0, b"")
    process.stderr.close()


def test_an_answer_that_cannot_be_written_says_the_same_by_both_ways(helper: Helper, cached: bytes) -> None:
    said = set()
    for options in ((), (), ("--no-remember",)):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [*helper.program, *options, "get"],
                input=cached,
                stdout=full,
                stderr=-1,
                env=helper.environment,
                check=False,
            )
        helper.run(*options, "get", stdin=cached)
        said.add((done.returncode, done.stderr))
    assert len(said) == 1
    assert said.pop()[0] == 9


def test_a_flipped_bit_anywhere_in_the_files_last_table_says_so(helper: Helper, tmp_path: Path) -> None:
    """Which says where all the rest is."""
    copy = tmp_path / "vsphere-session"
    data = bytearray(Path(helper.program[0]).read_bytes())
    copy.write_bytes(data)
    copy.chmod(0o755)
    for place in range(1, 153):
        for bit in (0x01, 0x80, 0):
            with copy.open("r+b") as file:
                file.seek(-place, os.SEEK_END)
                file.write(bytes([data[-place] ^ bit]))
            done = subprocess.run([copy, "--version"], capture_output=True, check=False) if bit else None
            assert done is None or done.returncode == 70, (place, bit)
            assert done is None or b"get the file again" in done.stderr


def test_without_proc_and_any_directory_for_temporary_files_it_runs(helper: Helper) -> None:
    """An empty /proc, and nowhere to write but HOME."""
    script = """
        mount -t tmpfs none /mnt && cp "$1" /mnt/vsphere-session || exit 99
        for directory in /tmp /var/tmp /dev/shm /proc; do
            [ ! -d $directory ] || mount -t tmpfs -o ro none $directory || exit 99
        done
        cd /mnt && exec ./vsphere-session get
    """
    namespace = Helper(helper.home, helper.environment)
    namespace.program = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", helper.program[0]]
    reply = namespace.run(stdin=b"{}")
    if reply.status in (1, 99):  # nobody may mount here
        return
    assert (reply.status, reply.kind) == (2, "invalid-request")  # no endpoint is named
    assert "Traceback" not in reply.stderr


@pytest.mark.parametrize("way", ["remembered", "by Python"])
def test_a_signal_that_the_caller_ignores_stays_ignored(
    vcenter: SimulatedVCenter, helper: Helper, cached: bytes, way: str
) -> None:
    """While a request is read, and in exec's child."""
    ignoring = within(helper, "import signal; signal.signal(2, signal.SIG_IGN); signal.signal(13, signal.SIG_IGN)")
    environment = {"GOVC_URL": vcenter.authority, "GOVC_TLS_CA_CERTS": str(vcenter.ca_file)}
    environment["GOVC_USERNAME"] = str(request(vcenter)["username"])
    helper.environment |= environment
    ignoring.environment |= environment
    shown = ignoring.run("exec", "--", "grep", "SigIgn", "/proc/self/status").stdout
    assert int(shown.split()[1], 16) & (1 << 1 | 1 << 12) == 1 << 1 | 1 << 12
    shown = helper.run("exec", "--", "grep", "SigIgn", "/proc/self/status").stdout
    assert int(shown.split()[1], 16) & (1 << 1 | 1 << 12 | 1 << 24) == 0
    if way == "remembered":
        helper.run("get", stdin=cached)
    with ignoring.start("get") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(cached[:5])
        process.stdin.flush()
        while Path(f"/proc/{process.pid}/exe").resolve() != Path(helper.program[0]).resolve():
            assert process.poll() is None
        for _ in range(3):
            process.send_signal(2)
        process.stdin.write(cached[5:])
        process.stdin.close()
        assert json.loads(process.stdout.read())["source"] == "cache"
        assert process.wait() == 0
