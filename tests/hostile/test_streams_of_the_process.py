"""Standard streams that are closed, full or something else: the right status, no session lost, none leaked."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import pytest

from hostile.canary import CANARY, silent
from hostile.surroundings import within
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, Reply

NOWHERE = {"GOVC_URL": "127.0.0.1:9", "GOVC_USERNAME": "x", "GOVC_PASSWORD": CANARY}
PASSTHROUGH = {"GOVC_PERSIST_SESSION": "false"}
STREAMS = {0: "stdin", 1: "stdout", 2: "stderr"}
CLOSED = [numbers for count in range(4) for numbers in itertools.combinations(STREAMS, count)]

closed_streams = pytest.mark.parametrize(
    "closed", CLOSED, ids=lambda numbers: "+".join(STREAMS[number] for number in numbers) or "none"
)
unwritable = pytest.mark.parametrize(
    "setup",
    [
        "os.dup2(os.open('/dev/full', os.O_WRONLY), 1)",
        "os.dup2(os.open(os.devnull, os.O_RDONLY), 1)",
    ],
    ids=["full", "read-only"],
)


@pytest.fixture
def known(vcenter: SimulatedVCenter, home: Path) -> dict[str, str]:
    """An environment in which the request needs to say nothing."""
    return {
        "GOVC_URL": vcenter.authority,
        "GOVC_USERNAME": USER,
        "GOVC_PASSWORD": PASSWORD,
        "GOVC_TLS_CA_CERTS": vcenter.ca_file,
        "GOVMOMI_HOME": str(home / ".govmomi"),
        "XDG_STATE_HOME": str(home / "state"),
    }


def run(helper: Helper, setup: str, environment: dict[str, str], verb: str = "get", stdin: bytes = b"{}") -> Reply:
    here = f"os.chdir({str(helper.home)!r})"
    reply = within(helper, f"{here}\n{setup}").run(verb, stdin=stdin, timeout=60.0, **environment)
    return silent(reply, PASSWORD)


def close(numbers: tuple[int, ...]) -> str:
    return "\n".join(f"os.close({number})" for number in numbers)


@closed_streams
def test_get_with_closed_streams_keeps_the_session_in_its_file_and_nothing_else_in_it(
    vcenter: SimulatedVCenter, helper: Helper, known: dict[str, str], closed: tuple[int, ...]
) -> None:
    """A file that took the number of a closed stream would get what is meant for that stream."""
    reply = run(helper, close(closed), known)
    assert bool(reply.stdout) == (1 not in closed)
    assert bool(reply.stderr) == (1 in closed and 2 not in closed)
    if 1 in closed:
        assert reply.status == 9
        assert vcenter.requests == [], "a login whose answer has nowhere to go"
    else:
        assert reply.status == 0
        assert {session.id for session in vcenter.sessions} == helper.sessions_in_files
        for path in (*helper.home.glob(".govmomi/*/*"), *helper.home.glob("state/*/records/*")):
            content = path.read_bytes()
            assert content.startswith(b"{")
            assert content.count(b"\n") == 1


@closed_streams
def test_a_passthrough_session_is_handed_over_or_there_is_none(
    vcenter: SimulatedVCenter, helper: Helper, known: dict[str, str], closed: tuple[int, ...]
) -> None:
    reply = run(helper, close(closed), known | PASSTHROUGH)
    if 1 in closed:
        assert reply.status == 9
    else:
        assert {value for name, value in reply.fields.items() if name.endswith("_session_id")} == {
            session.id for session in vcenter.sessions
        }
        vcenter.end_all()
    assert vcenter.session_count == 0


@closed_streams
def test_an_error_keeps_its_status_and_its_line_on_stderr_whatever_is_closed(
    helper: Helper, closed: tuple[int, ...]
) -> None:
    refused = run(helper, close(closed), {}, stdin=b'{"pasword": "%s"}' % CANARY.encode())
    assert refused.status == (9 if 1 in closed else 2)
    unreachable = run(helper, close(closed), NOWHERE)
    assert unreachable.status == (9 if 1 in closed else 5)
    for reply in (refused, unreachable):
        silent(reply)
        assert bool(reply.stdout) == (1 not in closed)
        assert bool(reply.stderr) == (2 not in closed)


@closed_streams
def test_erase_with_closed_streams_does_all_or_nothing(
    vcenter: SimulatedVCenter, helper: Helper, known: dict[str, str], closed: tuple[int, ...]
) -> None:
    run(helper, "", known)
    reply = run(helper, close(closed), known, "erase")
    assert reply.status == (9 if 1 in closed else 0)
    assert vcenter.session_count == len(helper.sessions_in_files) == (2 if 1 in closed else 0)


@unwritable
def test_an_answer_that_cannot_be_written_is_a_storage_error_and_no_session_is_lost(
    vcenter: SimulatedVCenter, helper: Helper, known: dict[str, str], setup: str
) -> None:
    assert run(helper, "", known).status == 0
    reply = run(helper, setup, known)
    assert reply.status == 9
    assert reply.stderr.startswith("vsphere-session: ")
    assert reply.stderr.count("\n") == 1
    assert {session.id for session in vcenter.sessions} == helper.sessions_in_files
    assert len(vcenter.logins) == 2


@unwritable
def test_a_passthrough_session_is_ended_where_stdout_cannot_be_written(
    vcenter: SimulatedVCenter, helper: Helper, known: dict[str, str], setup: str
) -> None:
    assert run(helper, setup, known | PASSTHROUGH).status == 9
    assert len(vcenter.logins) == 2
    assert vcenter.session_count == 0


@unwritable
def test_an_error_that_cannot_be_written_to_stdout_is_still_on_stderr_with_its_own_status(
    helper: Helper, setup: str
) -> None:
    reply = run(helper, setup, NOWHERE)
    assert reply.status == 5
    assert "127.0.0.1:9" in silent(reply).stderr


@unwritable
def test_a_conversation_ends_where_its_answers_cannot_be_written(
    vcenter: SimulatedVCenter, helper: Helper, known: dict[str, str], setup: str
) -> None:
    """Before the next login, and with the session of the answer that was lost ended."""
    line = b'{"action": "get", "passthrough": true}\n'
    reply = Reply(_conversation(helper, setup, line * 3, known))
    assert reply.status == 9
    assert len(vcenter.logins) == 2
    assert vcenter.session_count == 0


def _conversation(
    helper: Helper, setup: str, lines: bytes, known: dict[str, str]
) -> subprocess.CompletedProcess[bytes]:
    other = within(helper, f"os.chdir({str(helper.home)!r})\n{setup}")
    return subprocess.run(
        other.program, input=lines, capture_output=True, env=other.environment | known, timeout=60, check=False
    )


@pytest.mark.parametrize("verb", ["get", ""])
def test_a_stdin_that_cannot_be_read_is_an_invalid_request(helper: Helper, verb: str) -> None:
    reply = within(helper, "os.dup2(os.open(os.devnull, os.O_WRONLY), 0)").run(*([verb] if verb else []))
    assert (reply.kind, reply.status) == ("invalid-request", 2)
    assert "stdin cannot be read" in reply.stderr
