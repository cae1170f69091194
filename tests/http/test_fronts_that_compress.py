"""A front between here and the server, which compresses whatever it is not asked to leave alone (RFC 9110, 12.5.3)."""

from __future__ import annotations

import gzip
from dataclasses import replace

import pytest

from simulated_vcenter import Fault, SimulatedVCenter
from simulated_vcenter.exchange import Exchange
from support.program import PASSWORD, Helper, request


def front() -> Fault:
    """Honest: as the standard has it, no header means that any encoding will do."""

    def act(exchange: Exchange) -> None:
        answer = exchange.perform()
        if exchange.request.headers.get("accept-encoding", "gzip") == "identity" or not answer.body:
            exchange.send(answer)
        else:
            headers = {**answer.headers, "Content-Encoding": "gzip"}
            exchange.send(replace(answer, body=gzip.compress(answer.body), headers=headers))

    return Fault(act, work_first=True)


@pytest.mark.parametrize("rest", ["/api/session", "/rest/com/vmware/cis/session"])
def test_a_front_that_compresses_by_default_is_asked_not_to(helper: Helper, rest: str) -> None:
    with SimulatedVCenter(api_session=rest.startswith("/api")) as vcenter:
        for where in ("/sdk", rest):
            vcenter.faults.add(where, front())
        assert helper.ok("get", request(vcenter, password=PASSWORD))["source"] == "login"
        assert helper.ok("get", request(vcenter, verify="always"))["source"] == "cache"
        assert helper.ok("erase", request(vcenter)) == {"erased": "soap,rest"}
        assert {each.headers["accept-encoding"] for each in vcenter.requests} == {"identity"}
