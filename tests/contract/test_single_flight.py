"""Many callers at once: one login for all of them."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from contract.processes import finished, running
from simulated_vcenter import SimulatedVCenter, faults
from support.program import PASSWORD, Helper, request


def test_twenty_cold_callers_at_once_make_one_login_per_kind_and_get_the_same_sessions(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    with ExitStack() as stack:
        callers = [stack.enter_context(running(helper, "get", request(vcenter, password=PASSWORD))) for _ in range(20)]
        replies = [finished(caller).fields for caller in callers]
    assert [session.kind for session in vcenter.logins] == ["soap", "rest"]
    assert len({(reply["soap_session_id"], reply["rest_session_id"]) for reply in replies}) == 1
    assert sum(reply["source"] == "login" for reply in replies) in {1, 2}


def test_twenty_callers_whose_session_has_ended_make_one_login_per_kind(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    vcenter.end_all()
    with ExitStack() as stack:
        fields = request(vcenter, password=PASSWORD, verify="always")
        callers = [stack.enter_context(running(helper, "get", fields)) for _ in range(20)]
        replies = [finished(caller).fields for caller in callers]
    assert len(vcenter.logins) == 4
    assert vcenter.session_count == 2
    assert len({(reply["soap_session_id"], reply["rest_session_id"]) for reply in replies}) == 1


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


def test_a_leader_that_is_refused_does_not_make_the_others_try_the_same_password(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    """One attempt for each credential, however many callers have it; see test_refused_logins."""
    with ExitStack() as stack:
        callers = [
            stack.enter_context(running(helper, "get", request(vcenter, password=password)))
            for password in ("wrong", "wrong too") * 4
        ]
        replies = [finished(caller) for caller in callers]
    assert [reply.kind for reply in replies] == ["login-refused"] * 8
    assert vcenter.login_attempts == 2
