"""The single file gives the same answer to the same call without starting Python, as long as nothing has changed."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hostile.surroundings import ORDINARY, within
from peers import strace
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, Reply, request, settle


def without_python(helper: Helper, *arguments: str, stdin: bytes) -> tuple[Reply, bool]:
    """The reply, and whether it came without Python, which looks where its standard streams are when it starts."""
    log = helper.home.parent / "calls"
    traced = Helper(helper.home, helper.environment)
    traced.program = [*strace(), "-f", "-qq", "-o", str(log), "-e", "trace=lseek", *helper.program]
    reply = traced.run(*arguments, stdin=stdin)
    return reply, "lseek(2, " not in log.read_text()


def has_python(process: int) -> bool:
    """Whether a process has begun to be an interpreter, which takes its memory by the mebibyte."""
    lines = [line.split() for line in Path(f"/proc/{process}/maps").read_text().splitlines()]
    ends = [
        [int(number, 16) for number in line[0].split("-")] for line in lines if line[1] == "rw-p" and len(line) == 5
    ]
    return any(end - begin >= 1 << 20 for begin, end in ends)


@pytest.fixture
def answered(vcenter: SimulatedVCenter, helper: Helper) -> bytes:
    """A request that has been answered from the cache before, so that its answer is remembered."""
    helper.ok("get", request(vcenter, password=PASSWORD))
    settle(helper)
    stdin = json.dumps(request(vcenter)).encode()
    assert helper.run("get", stdin=stdin).status == 0
    return stdin


def answers(helper: Helper) -> list[Path]:
    """The files with answers; what is known of their calls without stdin is beside them (`.call`)."""
    return [path for path in helper.home.rglob("answers/*") if path.is_file() and path.suffix != ".call"]


def test_under_a_umask_that_takes_every_right_away_answers_are_given_again(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    """And nobody else may read them."""
    narrow = within(helper, "os.umask(0o777)")
    narrow.ok("get", request(vcenter, password=PASSWORD))
    settle(helper)
    stdin = json.dumps(request(vcenter)).encode()
    assert narrow.run("get", stdin=stdin).status == 0
    assert {stat.S_IMODE(path.stat().st_mode) for path in helper.home.rglob("answers/*")} == {0o600}
    assert without_python(helper, "get", stdin=stdin)[1]


def test_the_second_warm_answer_is_the_first_ones_bytes_without_python(helper: Helper, answered: bytes) -> None:
    remembered, quick = without_python(helper, "get", stdin=answered)
    assert quick
    (path,) = answers(helper)
    path.unlink()
    reply, quick = without_python(helper, "get", stdin=answered)
    assert not quick
    assert (reply.status, reply.stdout, reply.stderr) == (0, remembered.stdout, "")
    assert remembered.status == 0
    assert remembered.stderr == ""


@pytest.mark.usefixtures("answered")
def test_what_is_remembered_holds_no_session_id_and_only_its_owner_can_read_it(helper: Helper) -> None:
    (path,) = answers(helper)
    data = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    for session_id in helper.sessions_in_files:
        assert session_id.encode() not in data


@pytest.mark.parametrize("dialect", ["git", "docker", "field", "files"])
def test_other_protocols_are_remembered_too(vcenter: SimulatedVCenter, helper: Helper, dialect: str) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    helper.environment |= {"GOVC_URL": f"https://{vcenter.authority}/sdk", "GOVC_TLS_CA_CERTS": str(vcenter.ca_file)}
    helper.environment["GOVC_USERNAME"] = USER
    settle(helper)
    host = f"protocol=https\nhost={vcenter.authority}\n\n".encode()
    arguments, stdin = {
        "git": (("--protocol", "git", "get"), host),
        "docker": (("--protocol", "docker", "get"), f"https://{vcenter.authority}".encode()),
        "field": (("--field", "rest_session_id", "get"), b""),
        "files": (("get",), b'{"output": "files"}'),
    }[dialect]
    first, quick = without_python(helper, *arguments, stdin=stdin)
    assert not quick
    second, quick = without_python(helper, *arguments, stdin=stdin)
    assert quick
    assert (first.status, first.stderr) == (0, "")
    assert first.stdout == second.stdout


CHANGES: dict[str, Callable[[Helper], object]] = {
    "a session file is gone": lambda helper: next(helper.home.rglob("rest_sessions/*")).unlink(),
    "a session file is touched": lambda helper: next(helper.home.rglob("rest_sessions/*")).touch(),
    "a session file is another": lambda helper: replaced(next(helper.home.rglob("rest_sessions/*"))),
    "a session file has a looser mode": lambda helper: next(helper.home.rglob("rest_sessions/*")).chmod(0o644),
    "a directory has a looser mode": lambda helper: next(helper.home.rglob("rest_sessions")).chmod(0o755),
    "the record is gone": lambda helper: next(helper.home.rglob("records/*")).unlink(),
    "there is a configuration now": lambda helper: configured(helper, 'verify = "always"\n'),
    "a variable is set": lambda helper: helper.environment.update(GOVC_INSECURE="false"),
    "the user's directory is another": lambda helper: helper.environment.update(
        GOVMOMI_HOME=str(helper.home / "other")
    ),
    "the remembered answer has a looser mode": lambda helper: answers(helper)[0].chmod(0o640),
    "the remembered answer is cut short": lambda helper: os.truncate(answers(helper)[0], 100),
    "the remembered answer is empty": lambda helper: os.truncate(answers(helper)[0], 0),
    "the remembered answer is a link": lambda helper: linked(answers(helper)[0]),
}


def replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.chmod(0o600)
    other.replace(path)


def linked(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def configured(helper: Helper, text: str) -> None:
    path = helper.home / ".config" / "vsphere-session" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.sessions_counted_by_hand
def test_nothing_is_remembered_once_anything_has_changed(
    helper: Helper, answered: bytes, change: Callable[[Helper], object]
) -> None:
    """The long way is taken, whatever that comes to now."""
    change(helper)
    _, quick = without_python(helper, "get", stdin=answered)
    assert not quick


@pytest.mark.parametrize("byte", range(0, 64, 8))
def test_a_remembered_answer_with_a_flipped_bit_is_not_believed(helper: Helper, answered: bytes, byte: int) -> None:
    (path,) = answers(helper)
    data = bytearray(path.read_bytes())
    data[byte] ^= 1
    path.write_bytes(data)
    reply, quick = without_python(helper, "get", stdin=answered)
    assert not quick
    assert reply.fields["source"] == "cache"


def test_another_directory_user_argument_or_request_is_another_call(
    helper: Helper, answered: bytes, tmp_path: Path
) -> None:
    assert not without_python(helper, "--timeout", "30", "get", stdin=answered)[1]
    assert not without_python(helper, "get", stdin=answered + b" ")[1]
    assert not without_python(within(helper, f"os.chdir({str(tmp_path)!r})"), "get", stdin=answered)[1]


@pytest.mark.parametrize(
    "environment", [{"GOVC_PASSWORD": PASSWORD}, {"VSPHERE_PASSWORD": PASSWORD}, {"LANG": "C"}, {"PWD": "/"}]
)
def test_what_a_warm_answer_does_not_depend_on_makes_no_difference(
    helper: Helper, answered: bytes, environment: dict[str, str]
) -> None:
    helper.environment |= environment
    assert without_python(helper, "get", stdin=answered)[1]


@pytest.mark.parametrize(
    "fields", [{"verify": "always"}, {"verify": "never"}, {"password": PASSWORD}, {"reauth": True}]
)
def test_a_call_that_asks_the_server_or_brings_a_password_is_not_remembered(
    vcenter: SimulatedVCenter, helper: Helper, fields: dict[str, object]
) -> None:
    """Not even in the name of a file, which is made from the call."""
    before = answers(helper)
    helper.call("get", request(vcenter, **fields), GOVC_PASSWORD=PASSWORD)
    helper.call("get", request(vcenter, **fields), GOVC_PASSWORD=PASSWORD)
    assert answers(helper) == before


def test_a_caller_of_another_protocol_that_brings_a_password_is_not_remembered(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    helper.environment |= {"GOVC_URL": f"https://{USER}@{vcenter.authority}", "GOVC_TLS_CA_CERTS": str(vcenter.ca_file)}
    settle(helper)
    stdin = f"protocol=https\nhost={vcenter.authority}\npassword=old\n\n".encode()
    assert helper.run("--protocol", "git", "get", stdin=stdin).status == 0
    assert answers(helper) == []


@pytest.mark.usefixtures("answered")
def test_a_url_with_a_password_is_not_remembered(vcenter: SimulatedVCenter, helper: Helper) -> None:
    before = answers(helper)
    helper.environment["VSPHERE_SERVER"] = f"https://{USER.partition('@')[0]}:{PASSWORD}@elsewhere.example.com/sdk"
    helper.ok("get", request(vcenter))
    assert answers(helper) == before


def test_an_erased_session_is_not_handed_out_again(vcenter: SimulatedVCenter, helper: Helper, answered: bytes) -> None:
    assert helper.ok("erase", request(vcenter)) == {"erased": "soap,rest"}
    reply, quick = without_python(helper, "get", stdin=answered)
    assert not quick
    assert reply.kind == "not-found"


def test_a_caller_that_takes_its_time_is_answered_all_the_same(helper: Helper, answered: bytes) -> None:
    """The launcher waits for 20 ms, and hands over what it has read."""
    with helper.start("get") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(answered[:10])
        process.stdin.flush()
        while not has_python(process.pid):
            pass
        process.stdin.write(answered[10:])
        process.stdin.close()
        assert json.loads(process.stdout.read())["source"] == "cache"


def test_a_reader_that_has_gone_is_141_and_a_full_disk_is_9_as_without_the_short_cut(
    helper: Helper, answered: bytes
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open("/dev/full", "wb") as full, os.fdopen(writer, "wb") as broken:
        for stdout, status in ((full, 9), (broken, 141)):
            done = subprocess.run(
                [*helper.program, "get"], input=answered, stdout=stdout, env=helper.environment, check=False
            )
            assert done.returncode == status


def test_all_that_a_warm_answer_looks_at_is_checked_again(helper: Helper, answered: bytes) -> None:
    """Every file that the long way opens or asks about below HOME is among those that the launcher compares."""
    log = helper.home.parent / "calls"
    (path,) = answers(helper)
    path.unlink()
    helper.program = [*strace(), "-f", "-qq", "-o", str(log), "-e", "trace=%file", *helper.program]
    assert helper.run("get", stdin=answered).status == 0
    looked_at = {line.split('"')[1] for line in log.read_text().splitlines() if f'"{helper.home}' in line}
    (path,) = answers(helper)
    data = path.read_bytes()
    missing = {name for name in looked_at if "/answers" not in name and os.fsencode(name) not in data}
    assert missing == set()


def test_root_that_obeys_modes_and_an_ordinary_user_are_answered_alike(helper: Helper, answered: bytes) -> None:
    reply = within(helper, ORDINARY).run("get", stdin=answered)
    assert reply.fields["source"] == "cache"
