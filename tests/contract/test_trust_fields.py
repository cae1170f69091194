"""The request fields `insecure`, `ca_file`, `thumbprint` and `verify`: whom to believe, and when to ask again."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from contract.desk import Desk
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, request

LOGIN = {"username": USER, "password": PASSWORD}


# ---- insecure


@pytest.mark.parametrize("insecure", [True, "true", "1", 1, "T", "yes"])
def test_insecure_skips_the_verification_of_the_certificate(
    vcenter: SimulatedVCenter, helper: Helper, insecure: object
) -> None:
    assert helper.ok("get", {"url": vcenter.authority, **LOGIN, "insecure": insecure})["source"] == "login"


@pytest.mark.parametrize("insecure", [False, "false", "0", 0, "no", None, ""])
def test_insecure_is_off_unless_asked_for(vcenter: SimulatedVCenter, helper: Helper, insecure: object) -> None:
    assert helper.call("get", {"url": vcenter.authority, **LOGIN, "insecure": insecure}).kind == "untrusted"


@pytest.mark.parametrize("insecure", [True, False])
def test_insecure_is_part_of_the_cache_key_as_in_govmomi(
    vcenter: SimulatedVCenter, helper: Helper, insecure: bool
) -> None:
    reply = helper.ok("get", request(vcenter, password=PASSWORD, insecure=insecure))
    for kind, path in (("soap", "/sdk"), ("rest", "/rest")):
        key = f"https://administrator%40vsphere.local@{vcenter.authority}{path}#insecure={str(insecure).lower()}"
        assert Path(reply[f"{kind}_session_file"]).name == hashlib.sha256(key.encode()).hexdigest()


def test_insecure_session_is_never_handed_out_as_a_verified_one(vcenter: SimulatedVCenter, helper: Helper) -> None:
    first = helper.ok("get", request(vcenter, password=PASSWORD, insecure=True))
    second = helper.ok("get", request(vcenter, password=PASSWORD))
    assert second["source"] == "login"
    assert second["soap_session_id"] != first["soap_session_id"]


def test_insecure_that_is_no_boolean_is_refused(vcenter: SimulatedVCenter, helper: Helper) -> None:
    reply = helper.call("get", request(vcenter, insecure="perhaps"))
    assert reply.kind == "invalid-request"
    assert "insecure" in reply.stderr


# ---- ca_file


def test_ca_file_names_the_authority_to_trust(vcenter: SimulatedVCenter, helper: Helper) -> None:
    assert helper.ok("get", {"url": vcenter.authority, **LOGIN, "ca_file": vcenter.ca_file})["source"] == "login"


def test_ca_file_of_another_authority_does_not_do(vcenter: SimulatedVCenter, helper: Helper) -> None:
    stale = vcenter.ca_file
    vcenter.new_certificate()
    assert helper.call("get", {"url": vcenter.authority, **LOGIN, "ca_file": stale}).kind == "untrusted"
    assert vcenter.requests == []


def test_ca_file_that_is_not_there_is_a_storage_error(vcenter: SimulatedVCenter, helper: Helper) -> None:
    reply = helper.call("get", {"url": vcenter.authority, **LOGIN, "ca_file": "/does/not/exist.pem"})
    assert (reply.kind, reply.status) == ("storage", 9)
    assert "/does/not/exist.pem" in reply.stderr


def test_ca_file_without_a_certificate_in_it_is_refused(vcenter: SimulatedVCenter, helper: Helper) -> None:
    (helper.home / "empty.pem").write_text("no certificate")
    fields = {"url": vcenter.authority, **LOGIN, "ca_file": str(helper.home / "empty.pem")}
    assert helper.call("get", fields).kind == "invalid-request"
    assert vcenter.requests == []


# ---- thumbprint


@pytest.mark.parametrize("algorithm", ["thumbprint", "thumbprint_sha1"])
@pytest.mark.parametrize("spelling", [str.upper, str.lower, lambda text: text.replace(":", "")])
def test_thumbprint_alone_is_enough_to_trust_a_self_signed_certificate(
    vcenter: SimulatedVCenter, helper: Helper, algorithm: str, spelling: type[str]
) -> None:
    thumbprint = spelling(getattr(vcenter, algorithm))
    reply = helper.ok("get", {"url": vcenter.authority, **LOGIN, "thumbprint": thumbprint})
    assert reply["source"] == "login"


def test_thumbprint_of_another_certificate_is_refused_although_an_authority_vouches(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    reply = helper.call("get", request(vcenter, password=PASSWORD, thumbprint="AB" * 32))
    assert reply.kind == "untrusted"
    assert vcenter.requests == []


def test_thumbprint_counts_with_insecure_too(vcenter: SimulatedVCenter, helper: Helper) -> None:
    reply = helper.call("get", request(vcenter, password=PASSWORD, insecure=True, thumbprint="AB" * 32))
    assert reply.kind == "untrusted"


def test_a_session_obtained_with_a_thumbprint_is_not_sent_where_insecure_is_all_that_is_asked_for(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    """They share a cache key with govc -k. It is kept, also from erase, until the thumbprint is given again."""
    asked = request(vcenter, password=PASSWORD, insecure=True)
    pinned = asked | {"thumbprint": vcenter.thumbprint}
    helper.ok("get", pinned)
    seen = len(vcenter.requests)
    for verb, fields in (("get", {}), ("get", {"verify": "always"}), ("get", {"reauth": True}), ("erase", {})):
        reply = helper.call(verb, asked | fields)
        assert reply.kind == "untrusted"
        assert "give the thumbprint" in reply.stderr
    assert len(vcenter.requests) == seen
    assert helper.ok("get", pinned | {"verify": "always"})["source"] == "cache"


def test_a_session_obtained_with_insecure_alone_may_be_asked_about_in_a_safer_way(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    """And stays what it is for those who ask for no more."""
    asked = request(vcenter, password=PASSWORD, insecure=True, verify="always")
    helper.ok("get", asked)
    for fields in ({"thumbprint": vcenter.thumbprint}, {}):
        assert helper.ok("get", asked | fields)["source"] == "cache"


def test_a_session_obtained_with_a_thumbprint_a_day_ago_keeps_nobody_from_a_new_one(desk: Desk) -> None:
    """It is over on every server."""
    first = desk.ask("get", password=PASSWORD, insecure=True, thumbprint=desk.vcenter.thumbprint, api="soap")
    desk.vcenter.clock.advance(86400)
    again = desk.ask("get", password=PASSWORD, insecure=True, api="soap")
    assert (again["source"], again["soap_session_id"] == first["soap_session_id"]) == ("login", False)


@pytest.mark.parametrize("thumbprint", ["AB", "ZZ" * 32, "AB" * 31])
def test_thumbprint_that_is_none_is_refused(vcenter: SimulatedVCenter, helper: Helper, thumbprint: str) -> None:
    reply = helper.call("get", request(vcenter, password=PASSWORD, thumbprint=thumbprint))
    assert reply.kind == "invalid-request"


# ---- verify


def test_verify_auto_asks_nobody_about_a_session_confirmed_within_the_last_60_seconds(desk: Desk) -> None:
    desk.ask("get", password=PASSWORD)
    desk.vcenter.clock.advance(59)
    assert desk.requests_during("get") == 0
    assert desk.requests_during("get", verify="auto") == 0


def test_verify_auto_asks_the_server_after_60_seconds_and_then_trusts_its_word_again(desk: Desk) -> None:
    first = desk.ask("get", password=PASSWORD)
    desk.vcenter.clock.advance(60)
    assert desk.requests_during("get") == 2  # one per kind
    assert desk.requests_during("get") == 0
    assert desk.ask("get")["soap_session_id"] == first["soap_session_id"]


def test_verify_auto_asks_when_the_clock_was_set_back(desk: Desk) -> None:
    desk.ask("get", password=PASSWORD)
    desk.vcenter.clock.advance(-3600)
    assert desk.requests_during("get") == 2


def test_verify_auto_logs_in_again_when_the_server_has_forgotten_the_session(desk: Desk) -> None:
    first = desk.ask("get", password=PASSWORD)
    desk.vcenter.end_all()
    desk.vcenter.clock.advance(61)
    second = desk.ask("get", password=PASSWORD)
    assert second["source"] == "login"
    assert second["soap_session_id"] != first["soap_session_id"]


def test_verify_always_asks_every_time(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    for _ in range(2):
        before = len(vcenter.requests)
        assert helper.ok("get", request(vcenter, verify="always"))["source"] == "cache"
        assert len(vcenter.requests) == before + 2


def test_verify_always_finds_out_at_once_that_a_session_has_ended(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    vcenter.end_all()
    assert helper.ok("get", request(vcenter, password=PASSWORD, verify="always"))["source"] == "login"


def test_verify_never_asks_nobody_up_to_the_idle_limit(desk: Desk) -> None:
    first = desk.ask("get", password=PASSWORD)
    desk.vcenter.clock.advance(25 * 60 - 1)
    assert desk.requests_during("get", verify="never") == 0
    assert desk.ask("get", verify="never")["soap_session_id"] == first["soap_session_id"]


def test_verify_never_hands_out_a_session_of_a_server_that_is_down(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    with vcenter.offline():
        assert helper.ok("get", request(vcenter, verify="never"))["source"] == "cache"


def test_verify_that_is_none_of_the_three_is_refused(vcenter: SimulatedVCenter, helper: Helper) -> None:
    reply = helper.call("get", request(vcenter, verify="sometimes"))
    assert reply.kind == "invalid-request"
    assert all(choice in reply.stderr for choice in ("auto", "always", "never"))
