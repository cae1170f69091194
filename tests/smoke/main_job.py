"""The main job from beginning to end, for programs in all kinds of surroundings."""

from __future__ import annotations

from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, Helper, request


def do_main_job(helper: Helper, vcenter: SimulatedVCenter) -> None:
    """Log in, take the session from the cache, have it confirmed, end it; and check each answer."""
    cold = helper.ok("get", request(vcenter, password=PASSWORD))
    assert cold["source"] == "login"
    assert {session.id for session in vcenter.sessions} == {cold["soap_session_id"], cold["rest_session_id"]}

    seen = len(vcenter.requests)
    warm = helper.ok("get", request(vcenter))
    assert warm == cold | {"source": "cache"}
    assert len(vcenter.requests) == seen

    confirmed = helper.ok("get", request(vcenter, verify="always"))
    assert confirmed["source"] == "cache"
    assert len(vcenter.requests) > seen

    assert helper.ok("erase", request(vcenter)) == {"erased": "soap,rest"}
    assert vcenter.session_count == 0
    assert helper.call("get", request(vcenter)).kind == "not-found"
