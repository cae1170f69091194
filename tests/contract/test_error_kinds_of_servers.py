"""`unreachable`, `untrusted` and `session-limit`: what a server can do to a caller, and that the cache survives it."""

from __future__ import annotations

from typing import Literal

import pytest

from contract.processes import snapshot
from simulated_vcenter import Fault, SimulatedVCenter, faults
from support.program import PASSWORD, Helper, request

LIMIT_ID = b'{"messages": [{"id": "com.vmware.vapi.endpoint.failedToLoginMaxUserSessionCountReached"}]}'

# ---- unreachable


def test_unreachable_is_5_where_nobody_listens_and_the_cached_session_is_kept(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    before = snapshot(helper.home)
    with vcenter.offline():
        for fields in ({"verify": "always"}, {"reauth": True}):
            reply = helper.call("get", request(vcenter, password=PASSWORD, **fields))
            assert (reply.kind, reply.status) == ("unreachable", 5)
            assert vcenter.authority in reply.stderr
    assert snapshot(helper.home) == before
    assert helper.ok("get", request(vcenter, verify="always"))["source"] == "cache"


def test_unreachable_is_a_host_name_that_cannot_be_found(helper: Helper) -> None:
    reply = helper.call("get", {"url": "no-such-host.invalid", "username": "u", "password": "p"})
    assert (reply.kind, reply.status) == ("unreachable", 5)
    assert "no-such-host.invalid" in reply.stderr


@pytest.mark.parametrize(
    "fault",
    [
        faults.status(500),
        faults.status(502, b"<html>bad gateway</html>"),
        faults.status(503),
        faults.status(503, b"Service Unavailable"),
        faults.status(504),
        faults.reset(),
        faults.close_mid_answer(),
        faults.html(),
        faults.redirect("https://elsewhere.example/sdk"),
        faults.gzip_bomb(),
        faults.entity_bomb(),
        faults.deep_xml(),
    ],
    ids=["500", "502", "503", "503 in words", "504", "reset", "cut", "html", "redirect", "gzip", "entities", "deep"],
)
@pytest.mark.parametrize("where", ["RetrievePropertiesEx", "GET /api/session"])
def test_unreachable_is_an_answer_that_is_none_and_the_cached_session_is_kept(
    vcenter: SimulatedVCenter, helper: Helper, where: str, fault: Fault
) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    before = snapshot(helper.home)
    logins = vcenter.login_attempts
    vcenter.faults.add(where, fault)
    reply = helper.call("get", request(vcenter, password=PASSWORD, verify="always"))
    assert (reply.kind, reply.status) == ("unreachable", 5)
    after = snapshot(helper.home)
    assert after == before
    assert vcenter.login_attempts == logins


@pytest.mark.parametrize("fault", [faults.stall(), faults.drip(), faults.slow_headers()], ids=["stall", "drip", "slow"])
def test_unreachable_is_a_server_that_takes_longer_than_the_timeout(
    vcenter: SimulatedVCenter, helper: Helper, fault: Fault
) -> None:
    vcenter.faults.add("/sdk", fault)
    reply = helper.call("get", request(vcenter, password=PASSWORD), "--timeout", "0.5")
    assert (reply.kind, reply.status) == ("unreachable", 5)
    assert "--timeout" in reply.stderr


def test_unreachable_in_the_middle_of_a_login_leaves_no_half_made_one(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    vcenter.faults.add("POST /api/session", faults.status(500))
    assert helper.call("get", request(vcenter, password=PASSWORD)).kind == "unreachable"
    assert vcenter.session_count == 0
    assert snapshot(helper.home) == {}


# ---- untrusted


def test_untrusted_is_6_shows_both_fingerprints_and_nothing_was_sent(vcenter: SimulatedVCenter, helper: Helper) -> None:
    expected = "AB:" * 31 + "AB"
    reply = helper.call("get", request(vcenter, password=PASSWORD, thumbprint=expected))
    assert (reply.kind, reply.status) == ("untrusted", 6)
    assert expected in reply.stderr
    assert vcenter.thumbprint in reply.stderr
    assert vcenter.requests == []


def test_untrusted_by_the_authorities_shows_the_actual_fingerprint(vcenter: SimulatedVCenter, helper: Helper) -> None:
    fields = request(vcenter, password=PASSWORD)
    vcenter.new_certificate()
    reply = helper.call("get", fields)
    assert (reply.kind, reply.status) == ("untrusted", 6)
    assert "expected" in reply.stderr
    assert vcenter.thumbprint in reply.stderr
    assert vcenter.requests == []


@pytest.mark.parametrize("names", [("other.example",), ()], ids=["for another name", "expired"])
def test_untrusted_is_a_certificate_for_another_name_or_time(
    vcenter: SimulatedVCenter, helper: Helper, names: tuple[str, ...]
) -> None:
    vcenter.new_certificate(*names, expired=not names)
    reply = helper.call("get", request(vcenter, password=PASSWORD))
    assert reply.kind == "untrusted"
    assert vcenter.requests == []


@pytest.mark.parametrize("pinned", [True, False], ids=["thumbprint", "ca_file"])
@pytest.mark.parametrize("fields", [{"verify": "always"}, {"reauth": True}], ids=["verify", "reauth"])
def test_untrusted_keeps_the_cached_session_and_does_not_send_it(
    vcenter: SimulatedVCenter, helper: Helper, pinned: bool, fields: dict[str, object]
) -> None:
    pin = {"thumbprint": vcenter.thumbprint} if pinned else {}
    asked = request(vcenter, password=PASSWORD, **pin)
    helper.ok("get", asked)
    before, seen = snapshot(helper.home), len(vcenter.requests)
    vcenter.new_certificate()
    assert helper.call("get", asked | fields).kind == "untrusted"
    assert helper.call("erase", asked).kind == "untrusted"
    assert len(vcenter.requests) == seen
    assert snapshot(helper.home) == before


# ---- session-limit, and the two meanings of 503


@pytest.mark.sessions_counted_by_hand
@pytest.mark.parametrize("service", ["api_session", "rest_session"])
def test_session_limit_is_7_where_rest_says_so_in_a_503(helper: Helper, service: str) -> None:
    """Both REST services answer 503 with the id of the limit in the body."""
    newer, older = service == "api_session", service == "rest_session"
    with SimulatedVCenter(session_limit=1, api_session=newer, rest_session=older) as vcenter:
        foreign = vcenter.add_session("administrator@vsphere.local", "rest")
        reply = helper.call("get", request(vcenter, password=PASSWORD))
        assert (reply.kind, reply.status) == ("session-limit", 7)
        assert [session.id for session in vcenter.sessions] == [foreign], "the SOAP session is ended again"
        assert vcenter.login_attempts == 2


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "unreachable"),
        (b'{"error_type": "SERVICE_UNAVAILABLE", "messages": []}', "unreachable"),
        (LIMIT_ID, "session-limit"),
        (b"User session count is limited to 550. Existing session count is 550", "session-limit"),
    ],
)
@pytest.mark.parametrize("where", ["POST /api/session", "=Login", "RetrieveServiceContent"])
def test_a_503_is_a_session_limit_only_where_it_says_so(
    vcenter: SimulatedVCenter, helper: Helper, where: str, body: bytes, kind: str
) -> None:
    vcenter.faults.add(where, faults.status(503, body))
    assert helper.call("get", request(vcenter, password=PASSWORD)).kind == kind
    assert vcenter.session_count == 0


def test_session_limit_of_soap_in_the_words_of_its_http_server(vcenter: SimulatedVCenter, helper: Helper) -> None:
    vcenter.faults.add("=Login", faults.status(503, b"Out of HTTP sessions: Limited to 2000"))
    assert helper.call("get", request(vcenter, password=PASSWORD)).kind == "session-limit"


def test_session_limit_keeps_the_cached_session(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    before = snapshot(helper.home)
    vcenter.faults.add("=Login", faults.status(503, LIMIT_ID))
    assert helper.call("get", request(vcenter, password=PASSWORD, reauth=True)).kind == "session-limit"
    assert snapshot(helper.home) == before
    assert helper.ok("get", request(vcenter, verify="always"))["source"] == "cache"


def test_an_unreachable_half_of_reauth_leaves_a_session_of_each_kind_in_the_cache(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    """SOAP is replaced, then REST fails: what was cached before is cached still, old or new, and good."""
    helper.ok("get", request(vcenter, password=PASSWORD))
    vcenter.faults.add("POST /api/session", faults.status(500))
    assert helper.call("get", request(vcenter, password=PASSWORD, reauth=True)).kind == "unreachable"
    vcenter.faults.clear()
    reply = helper.ok("get", request(vcenter, verify="always"))
    assert reply["source"] == "cache"
    assert {session.id for session in vcenter.sessions} == {reply["soap_session_id"], reply["rest_session_id"]}


# ---- what all of them have in common


@pytest.mark.parametrize(
    "fault",
    [faults.status(500, b"pw=%s sid=abc" % PASSWORD.encode()), faults.html(), faults.invalid_login(), faults.reset()],
    ids=["500", "html", "refused", "reset"],
)
def test_an_error_is_one_line_of_json_and_one_of_text_without_a_secret(
    vcenter: SimulatedVCenter, helper: Helper, fault: Fault
) -> None:
    vcenter.faults.add("=Login", fault)
    reply = helper.call("get", request(vcenter, password=PASSWORD))
    assert reply.kind in {"unreachable", "login-refused"}
    assert reply.stderr.count("\n") == 1
    assert PASSWORD not in reply.stderr + reply.stdout.decode()


@pytest.mark.sessions_counted_by_hand
@pytest.mark.parametrize("kind", ["soap", "rest"])
def test_an_error_is_one_line_also_where_a_server_has_put_line_breaks_into_its_words(
    helper: Helper, kind: Literal["soap", "rest"]
) -> None:
    """Nor can a server steer the terminal on which the line is read."""
    with SimulatedVCenter({"evil": "pw"}, reported_names={"evil": "e\x85v\u2028i\u2029l\x9b31m\u202e"}) as vcenter:
        fields = request(vcenter) | {f"{kind}_session_id": vcenter.add_session("evil", kind)}
        reply = helper.call("store", fields)
        assert vcenter.session_count == 1, "somebody else's, still"
    assert reply.kind == "login-refused"
    assert "e v i l 31m" in reply.stderr
    assert reply.stderr.removesuffix("\n").isprintable()
