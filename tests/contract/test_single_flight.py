"""Many callers at once: one login for all of them."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from subprocess import Popen

import pytest

from contract.processes import all_wait, finished, running
from simulated_vcenter import SimulatedVCenter, faults
from support.program import PASSWORD, Helper, request


class Gate:
    """Where the server is slower than any wait in the program: it holds that step until all the others wait."""

    def __init__(self, vcenter: SimulatedVCenter, step: str) -> None:
        self._release = threading.Event()
        self._held = vcenter.faults.add(step, faults.wait_for(self._release), times=1) if step else None

    def let_through(self, callers: list[Popen[bytes]]) -> None:
        """As soon as all but the one that is held have been seen waiting."""
        if self._held is not None:
            assert self._held.reached.wait(30)
            all_wait(callers, but=1)
            self._release.set()


STEPS = pytest.mark.parametrize("slow", ["", "=Login", "POST /api/session"], ids=["quick", "slow SOAP", "slow REST"])


@STEPS
def test_twenty_cold_callers_at_once_make_one_login_per_kind_and_get_the_same_sessions(
    vcenter: SimulatedVCenter, helper: Helper, slow: str
) -> None:
    gate = Gate(vcenter, slow)
    with ExitStack() as stack:
        callers = [stack.enter_context(running(helper, "get", request(vcenter, password=PASSWORD))) for _ in range(20)]
        gate.let_through(callers)
        replies = [finished(caller).fields for caller in callers]
    assert [session.kind for session in vcenter.logins] == ["soap", "rest"]
    assert vcenter.login_attempts == 2
    assert len({(reply["soap_session_id"], reply["rest_session_id"]) for reply in replies}) == 1
    assert sum(reply["source"] == "login" for reply in replies) in {1, 2}


@STEPS
def test_twenty_callers_whose_session_has_ended_make_one_login_per_kind(
    vcenter: SimulatedVCenter, helper: Helper, slow: str
) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    vcenter.end_all()
    gate = Gate(vcenter, slow)
    with ExitStack() as stack:
        fields = request(vcenter, password=PASSWORD, verify="always")
        callers = [stack.enter_context(running(helper, "get", fields)) for _ in range(20)]
        gate.let_through(callers)
        replies = [finished(caller).fields for caller in callers]
    assert len(vcenter.logins) == vcenter.login_attempts == 4
    assert vcenter.session_count == 2
    assert len({(reply["soap_session_id"], reply["rest_session_id"]) for reply in replies}) == 1


@pytest.mark.parametrize("step", ["RetrieveServiceContent", "=Login", "POST /api/session"])
def test_who_cannot_wait_for_a_slow_server_is_busy_and_does_not_log_in(
    vcenter: SimulatedVCenter, helper: Helper, step: str
) -> None:
    """Each by its own short `--timeout`; the one that is held has its session in the end, and nobody has another."""
    release = threading.Event()
    held = vcenter.faults.add(step, faults.wait_for(release), times=1)
    fields = request(vcenter, password=PASSWORD)
    with ExitStack() as stack:
        first = stack.enter_context(running(helper, "get", fields, "--timeout", "60"))
        assert held.reached.wait(30)
        others = [stack.enter_context(running(helper, "get", fields, "--timeout", "1")) for _ in range(9)]
        assert {finished(other).kind for other in others} == {"busy"}
        assert vcenter.login_attempts == {"RetrieveServiceContent": 0, "=Login": 1}.get(step, 2)
        release.set()
        assert finished(first).fields["source"] == "login"
    assert [session.kind for session in vcenter.logins] == ["soap", "rest"]


def test_callers_who_ask_for_different_users_do_not_wait_for_each_other(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    vcenter.set_password("somebody@vsphere.local", "other")
    held = vcenter.faults.add("=Login", faults.stall(), times=1)
    with running(helper, "get", request(vcenter, password=PASSWORD)) as first:
        assert held.reached.wait(20)
        fields = request(vcenter, username="somebody@vsphere.local", password="other")
        assert helper.ok("get", fields, "--timeout", "10")["source"] == "login"
        assert first.poll() is None


@pytest.mark.parametrize("followers", [1, 5])
def test_a_leader_that_is_killed_is_followed_at_once(vcenter: SimulatedVCenter, helper: Helper, followers: int) -> None:
    """SIGKILL while it holds the lock: the kernel releases it, one of those who wait logs in."""
    held = vcenter.faults.add("=Login", faults.stall(), times=1)
    with running(helper, "get", request(vcenter, password=PASSWORD), "--timeout", "60") as leader, ExitStack() as stack:
        assert held.reached.wait(20)
        fields = request(vcenter, password=PASSWORD)
        waiting = [stack.enter_context(running(helper, "get", fields, "--timeout", "20")) for _ in range(followers)]
        leader.kill()
        replies = [finished(follower).fields for follower in waiting]
    assert len({reply["soap_session_id"] for reply in replies}) == 1
    assert [session.kind for session in vcenter.logins] == ["soap", "rest"]


@pytest.mark.parametrize("slow", ["", "=Login"], ids=["quick", "slow"])
def test_a_leader_that_is_refused_does_not_make_the_others_try_the_same_password(
    vcenter: SimulatedVCenter, helper: Helper, slow: str
) -> None:
    """One attempt for each credential, however many callers have it; see tests/login."""
    gate = Gate(vcenter, slow)
    with ExitStack() as stack:
        callers = [
            stack.enter_context(running(helper, "get", request(vcenter, password=password)))
            for password in ("wrong", "wrong too") * 4
        ]
        gate.let_through(callers)
        replies = [finished(caller) for caller in callers]
    assert [reply.kind for reply in replies] == ["login-refused"] * 8
    assert vcenter.login_attempts == 2
