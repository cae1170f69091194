"""SIGINT and SIGTERM: exit 130 and 143, lock released, no half-written file, no session left that no file knows."""

from __future__ import annotations

import json
import signal
import subprocess
import threading

import pytest

from contract.processes import finished, running, snapshot
from simulated_vcenter import SimulatedVCenter, faults
from support.program import PASSWORD, Helper, Reply, request

pytestmark = pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
PADDING = b" " * 200_000
"""More than a pipe holds: once it is written, the program is awake and reading."""
STEPS = ["RetrieveServiceContent", "=Login", "POST /api/session", "GET /api/session"]


def is_quiet(reply: Reply, status: int) -> bool:
    """It ended with that status, and left half an answer on no stream."""
    return (reply.status, reply.stdout, reply.stderr) == (status, b"", "")


def write(process: subprocess.Popen[bytes], data: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(data)
    process.stdin.flush()


def left_behind(helper: Helper) -> list[str]:
    """Files that a writer who was interrupted would leave."""
    return [str(path) for path in helper.home.rglob("*.tmp")]


@pytest.mark.parametrize("step", STEPS)
def test_a_signal_in_the_middle_of_a_login(
    vcenter: SimulatedVCenter, helper: Helper, number: int, status: int, step: str
) -> None:
    """The server has done its work, the answer is on its way: the session must end up in a file or be ended.

    The fixture counts: every session on the server is in a file.
    """
    goes_on = threading.Event()
    held = vcenter.faults.add(step, faults.wait_for(goes_on), times=1)
    with running(helper, "get", request(vcenter, password=PASSWORD)) as process:
        assert held.reached.wait(20)
        process.send_signal(number)
        goes_on.set()
        assert is_quiet(finished(process), status)
    assert left_behind(helper) == []
    assert {session.id for session in vcenter.sessions} <= helper.sessions_in_files
    reply = helper.ok("get", request(vcenter, password=PASSWORD, verify="always"), "--timeout", "10")
    assert {reply["soap_session_id"], reply["rest_session_id"]} == helper.sessions_in_files, "the lock is free"


@pytest.mark.parametrize("step", STEPS)
def test_a_signal_in_the_middle_of_a_passthrough_login_leaves_no_session_at_all(
    vcenter: SimulatedVCenter, helper: Helper, number: int, status: int, step: str
) -> None:
    goes_on = threading.Event()
    held = vcenter.faults.add(step, faults.wait_for(goes_on), times=1)
    with running(helper, "get", request(vcenter, password=PASSWORD, passthrough=True)) as process:
        assert held.reached.wait(20)
        process.send_signal(number)
        goes_on.set()
        assert is_quiet(finished(process), status)
    assert vcenter.session_count == 0


@pytest.mark.parametrize("step", ["=Login", "POST /api/session", "Logout"])
def test_a_signal_in_the_middle_of_reauth_leaves_good_sessions_in_the_cache(
    vcenter: SimulatedVCenter, helper: Helper, number: int, status: int, step: str
) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    goes_on = threading.Event()
    held = vcenter.faults.add(step, faults.wait_for(goes_on), times=1)
    with running(helper, "get", request(vcenter, password=PASSWORD, reauth=True)) as process:
        assert held.reached.wait(20)
        process.send_signal(number)
        goes_on.set()
        assert is_quiet(finished(process), status)
    reply = helper.ok("get", request(vcenter, verify="always"))
    assert {session.id for session in vcenter.sessions} == {reply["soap_session_id"], reply["rest_session_id"]}


def test_a_signal_during_a_login_that_is_never_answered_is_obeyed_at_the_timeout(
    vcenter: SimulatedVCenter, helper: Helper, number: int, status: int
) -> None:
    held = vcenter.faults.add("=Login", faults.stall(), times=1)
    with running(helper, "get", request(vcenter, password=PASSWORD), "--timeout", "1") as process:
        assert held.reached.wait(20)
        process.send_signal(number)
        assert is_quiet(finished(process), status)
    assert helper.ok("get", request(vcenter, password=PASSWORD), "--timeout", "10")["source"] == "login"


def test_a_signal_while_another_process_logs_in(
    vcenter: SimulatedVCenter, helper: Helper, number: int, status: int
) -> None:
    held = vcenter.faults.add("=Login", faults.stall(), times=1)
    with running(helper, "get", request(vcenter, password=PASSWORD)) as leader:
        assert held.reached.wait(20)
        with helper.start("get") as follower:
            write(follower, json.dumps(request(vcenter, password=PASSWORD)).encode() + PADDING)
            follower.send_signal(number)
            assert is_quiet(finished(follower), status)
        assert leader.poll() is None
        assert vcenter.login_attempts == 1


def test_a_signal_while_the_server_is_asked_about_a_cached_session_keeps_that(
    vcenter: SimulatedVCenter, helper: Helper, number: int, status: int
) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    before = snapshot(helper.home)
    held = vcenter.faults.add("RetrievePropertiesEx", faults.stall(), times=1)
    with running(helper, "get", request(vcenter, password=PASSWORD, verify="always")) as process:
        assert held.reached.wait(20)
        process.send_signal(number)
        assert is_quiet(finished(process), status)
    assert snapshot(helper.home) == before


def test_a_signal_in_the_middle_of_erase_keeps_the_file_of_a_session_that_lives(
    vcenter: SimulatedVCenter, helper: Helper, number: int, status: int
) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    before = snapshot(helper.home)
    held = vcenter.faults.add("Logout", faults.stall(), times=1)
    with running(helper, "erase", request(vcenter)) as process:
        assert held.reached.wait(20)
        process.send_signal(number)
        assert is_quiet(finished(process), status)
    assert vcenter.session_count == 2
    assert snapshot(helper.home) == before
    assert helper.ok("erase", request(vcenter), "--timeout", "10")["erased"] == "soap,rest"


def test_a_signal_before_the_request_is_complete(helper: Helper, number: int, status: int) -> None:
    with helper.start("get") as process:
        write(process, b'{"url": ' + PADDING)
        process.send_signal(number)
        assert process.wait(20) == status


def test_a_signal_in_a_conversation_ends_it(helper: Helper, number: int, status: int) -> None:
    with helper.start() as process:
        write(process, b'{"action": "erase", "url": "vc"}\n')
        assert process.stdout is not None
        assert process.stdout.readline() == b'{"erased": ""}\n'
        process.send_signal(number)
        assert process.wait(20) == status


def test_a_signal_after_the_answer_changes_nothing_of_it(
    vcenter: SimulatedVCenter, helper: Helper, number: int, status: int
) -> None:
    """It finds the program at its end; ten tries find it in different places."""
    first = helper.ok("get", request(vcenter, password=PASSWORD))
    for _ in range(10):
        with running(helper, "get", request(vcenter)) as process:
            assert process.stdout is not None
            answer = process.stdout.readline()
            process.send_signal(number)
            reply = finished(process)
        assert json.loads(answer) == first | {"source": "cache"}
        assert reply.status in {0, status, -number}, "a shell shows the last one as 128 + the number, too"
        assert reply.stderr == ""
