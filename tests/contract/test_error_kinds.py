"""Every kind of error with its exit status; what the server had to endure, and what became of the cache."""

from __future__ import annotations

import pytest

from contract.processes import snapshot
from credential_protocol.messages import KINDS
from simulated_vcenter import SimulatedVCenter, faults
from support.program import PASSWORD, Helper, request

WRONG = "wr0ng-Omega"


def test_the_kinds_and_their_exit_statuses_are_those_of_the_contract() -> None:
    assert KINDS == {
        "invalid-request": 2,
        "not-found": 3,
        "login-refused": 4,
        "unreachable": 5,
        "untrusted": 6,
        "session-limit": 7,
        "busy": 8,
        "storage": 9,
        "unsupported": 10,
        "interaction-required": 11,
        "internal": 70,
    }


# ---- invalid-request


@pytest.mark.parametrize(
    "stdin",
    [
        b"{",
        b"url=vc",
        b'{"url": "vc"} {"url": "vc"}',
        b'"vc"',
        b"[]",
        b"7",
        b"true",
        b'{"url": ["vc"]}',
        b'{"url": {"host": "vc"}}',
        b'{"url": "vc", "insecure": []}',
        b'{"url": "vc", "url": "other"}',
        b'{"url": "vc", "nonsense": "x"}',
        b'{"username": "u"}',
        b'{"url": "vc", "username": "a\\nb"}',
        b'{"url": "vc", "username": "a\\u0000b"}',
        b'{"url": "vc", "username": "a\\u009bb"}',
        b'{"url": "vc", "username": "\\ud800"}',
        b'{"url": "vc", "password": "a\\rb"}',
        b'{"url": "a%0Ab:pw@vc"}',
        b'{"url": "a:p%01w@vc"}',
        b'{"url": "v c"}',
        b'{"url": "https://"}',
        b'{"url": "vc:0"}',
        b'{"url": "::1"}',
        b'{"url": "%s.example"}' % (b"a" * 64),
        b'{"url": "%s.example"}' % ("ü" * 64).encode(),
        b'{"url": "vc"\xff}',
        b'{"url": "vc", "password": NaN}',
        b"[" * 100_000,
        b'{"url": "vc", "password": "' + b"a" * 1024 * 1024 + b'"}',
    ],
    ids=lambda stdin: repr(stdin[:45]),
)
def test_invalid_request_is_2_and_says_what_is_wrong_with_the_request(helper: Helper, stdin: bytes) -> None:
    reply = helper.run("get", stdin=stdin)
    assert (reply.kind, reply.status) == ("invalid-request", 2)
    assert len(reply.stderr) < 300


@pytest.mark.parametrize(
    "arguments",
    [["frobnicate"], ["get", "erase"], ["--nonsense", "get"], ["get", "--timeout"], ["--timeout", "0", "get"],
     ["--timeout", "soon", "get"], ["--secret-store", "vault", "get"], ["-x", "get"], ["capability"], [""]],
    ids=" ".join,
)  # fmt: skip
def test_invalid_request_is_also_a_command_line_that_makes_no_sense(helper: Helper, arguments: list[str]) -> None:
    reply = helper.run(*arguments, stdin=b'{"url": "vc"}')
    assert (reply.kind, reply.status) == ("invalid-request", 2)


# ---- not-found


def test_not_found_is_3_where_there_is_no_session_and_nothing_to_log_in_with(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    reply = helper.call("get", request(vcenter))
    assert (reply.kind, reply.status) == ("not-found", 3)
    assert "password" in reply.stderr
    reply = helper.call("get", {"url": vcenter.authority, "password": PASSWORD, "insecure": True})
    assert (reply.kind, reply.status) == ("not-found", 3)
    assert "user name" in reply.stderr
    assert vcenter.login_attempts == 0


def test_not_found_is_also_a_cached_session_that_the_server_has_ended(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    vcenter.end_all()
    assert helper.call("get", request(vcenter, verify="always")).kind == "not-found"


# ---- login-refused


def test_login_refused_is_4_and_the_server_saw_exactly_one_attempt(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """Accounts lock out: no second try, and none over REST after SOAP has refused."""
    reply = helper.call("get", request(vcenter, password=WRONG))
    assert (reply.kind, reply.status) == ("login-refused", 4)
    assert vcenter.login_attempts == 1
    assert not any("/session" in seen.path for seen in vcenter.requests)
    assert WRONG not in reply.stderr


@pytest.mark.parametrize("api", ["soap", "rest"])
def test_login_refused_by_either_api_is_not_tried_again(vcenter: SimulatedVCenter, helper: Helper, api: str) -> None:
    assert helper.call("get", request(vcenter, password=WRONG, api=api)).kind == "login-refused"
    assert vcenter.login_attempts == 1


def test_login_refused_by_rest_leaves_no_half_made_login_behind(vcenter: SimulatedVCenter, helper: Helper) -> None:
    vcenter.faults.add("POST /api/session", faults.invalid_login())
    assert helper.call("get", request(vcenter, password=PASSWORD)).kind == "login-refused"
    assert vcenter.session_count == 0
    assert snapshot(helper.home) == {}


# ---- unsupported


def test_unsupported_is_10_where_an_esxi_host_is_asked_for_a_rest_session(helper: Helper) -> None:
    with SimulatedVCenter({"root": "pw"}, esxi=True) as esxi:
        reply = helper.call("get", request(esxi, username="root", password="pw", api="rest"))
        assert (reply.kind, reply.status) == ("unsupported", 10)
        assert esxi.session_count == 0


def test_unsupported_is_also_a_protocol_that_this_build_does_not_speak(helper: Helper) -> None:
    reply = helper.run("--protocol", "telepathy", "get")
    assert (reply.kind, reply.status) == ("unsupported", 10)
