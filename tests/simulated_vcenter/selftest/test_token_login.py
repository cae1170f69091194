"""LoginByToken verifies what vCenter verifies; each refusal is for its own reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from simulated_vcenter import Clock, SimulatedVCenter, keys
from simulated_vcenter.selftest import messages_by_hand as by_hand
from simulated_vcenter.selftest.messages_by_hand import Made
from simulated_vcenter.selftest.raw import Answer, Raw
from simulated_vcenter.sts import Sts

ALICE = "alice@vsphere.local"
ROBOT = keys.new_pair("robot-1")
STRANGER = keys.new_pair("robot-2")


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with SimulatedVCenter(sts=Sts()) as server:
        yield server


def log_in(vc: SimulatedVCenter, message: Made, version: str = "8.0.2.0") -> Answer:
    headers = {"Content-Type": "text/xml", "SOAPAction": f"urn:vim25/{version}"}
    return Raw(vc.url, vc.ca_file).ask("POST", "/sdk", headers, message.text())


def bearer(vc: SimulatedVCenter, token: str) -> Made:
    return Made(vc.clock.now(), by_hand.LOGIN, before=token)


def bound(vc: SimulatedVCenter, token: str = "", **changes: object) -> Made:
    """Sign with the robot's key, by default under a token that is bound to it."""
    token = token or vc.sts.issue_for_test(ALICE, holder_of_key=ROBOT.certificate)
    info = by_hand.by_assertion(re.findall(' ID="([^"]*)"', token)[0])
    return bearer(vc, token).but(**{"key": ROBOT, "key_info": info, "signature_id": "_s", **changes})


def test_a_bearer_token_opens_sessions_of_its_subject_as_often_as_one_likes(vc: SimulatedVCenter) -> None:
    message = bearer(vc, vc.sts.issue_for_test(ALICE))
    first, second = log_in(vc, message), log_in(vc, message)
    assert first.element("userName") == "VSPHERE.LOCAL\\alice"
    assert Raw(vc.url, vc.ca_file).whoami(first.session_id) == "VSPHERE.LOCAL\\alice"
    assert first.session_id != second.session_id
    assert (vc.login_attempts, vc.session_count, vc.refusals) == (2, 2, [])


def test_a_bearer_token_needs_no_timestamp(vc: SimulatedVCenter) -> None:
    assert log_in(vc, bearer(vc, vc.sts.issue_for_test(ALICE)).but(timestamp=False)).status == 200


def test_a_name_that_has_an_account_is_spelled_as_that(vc: SimulatedVCenter) -> None:
    log_in(vc, bearer(vc, vc.sts.issue_for_test("Administrator@VSPHERE.LOCAL")))
    assert [session.user for session in vc.sessions] == ["administrator@vsphere.local"]


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_a_bound_token_opens_a_session_for_the_holder_of_its_key(vc: SimulatedVCenter, algorithm: str) -> None:
    assert log_in(vc, bound(vc, algorithm=algorithm)).status == 200
    assert [session.user for session in vc.sessions] == [ALICE]


def test_every_spelling_of_the_attribute_type_survives_the_way(vc: SimulatedVCenter) -> None:
    vc.sts.string_type = "xsd:string"
    assert log_in(vc, bearer(vc, vc.sts.issue_for_test(ALICE))).status == 200


Change = Callable[[SimulatedVCenter], Made]


def tampered(old: str, new: str) -> Change:
    def change(vc: SimulatedVCenter) -> Made:
        token = vc.sts.issue_for_test(ALICE)
        assert old in token
        return bearer(vc, token.replace(old, new, 1))

    return change


REFUSED: dict[str, tuple[Change, str]] = {
    "no token": (lambda vc: bearer(vc, ""), "no assertion"),
    "expired": (lambda vc: bearer(vc, vc.sts.issue_for_test(ALICE, begins=-301)), "expired"),
    "not valid yet": (lambda vc: bearer(vc, vc.sts.issue_for_test(ALICE, begins=601)), "not valid yet"),
    "for somebody else": (
        lambda vc: bearer(vc, vc.sts.issue_for_test(ALICE, audience="https://other/sdk")),
        "the token is for https://other/sdk",
    ),
    "by another STS": (lambda vc: bearer(vc, vc.sts.issue_for_test(ALICE, signer=STRANGER)), "not the STS's"),
    "another name in it": (tampered(">alice@", ">root@"), "InvalidDigest"),
    "one space more": (tampered("<saml2:Subject>", "<saml2:Subject> "), "InvalidDigest"),
    "another prefix": (tampered("xs:string", "string"), "InvalidDigest"),
    "not signed at all": (
        lambda vc: bearer(vc, re.sub("<ds:Signature.*</ds:Signature>", "", vc.sts.issue_for_test(ALICE))),
        "not over the token",
    ),
    "two tokens": (lambda vc: bearer(vc, vc.sts.issue_for_test(ALICE) * 2), "twice"),
    "a bound token without a signature": (lambda vc: bound(vc, key=None), "the message is not signed"),
    "a bound token and another key": (lambda vc: bound(vc, key=STRANGER), "InvalidSignature"),
    "only the Body signed": (lambda vc: bound(vc, covered=("_body",)), "not Timestamp and Body"),
    "no Timestamp": (lambda vc: bound(vc, timestamp=False), "not Timestamp and Body"),
    "the key named by another token": (
        lambda vc: bound(vc, key_info=by_hand.by_assertion("_other")),
        "KeyInfo names _other",
    ),
    "SHA-1": (lambda vc: bound(vc, algorithm="sha1"), "rsa-sha1"),
    "an old message": (lambda vc: bound(vc, now=vc.clock.now() - 720), "clock skew"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_token_that_is_not_good_is_an_invalid_login(vc: SimulatedVCenter, case: str) -> None:
    change, reason = REFUSED[case]
    answer = log_in(vc, change(vc))
    assert (answer.status, "InvalidLoginFault" in answer.text, vc.session_count) == (500, True, 0)
    (told,) = vc.refusals
    assert reason in told


def test_a_token_within_a_wrapper_is_not_believed(vc: SimulatedVCenter) -> None:
    """A good assertion hidden inside a made-up one: the outer one's name counts for nothing."""
    good = vc.sts.issue_for_test(ALICE)
    evil = re.sub(">alice@", ">root@", good).replace("</saml2:Assertion>", f"{good}</saml2:Assertion>")
    assert log_in(vc, bearer(vc, re.sub(' ID="_', ' ID="_e', evil, count=1))).status == 500
    assert vc.session_count == 0


def test_a_session_can_end_with_the_token_that_made_it() -> None:
    with SimulatedVCenter(sts=Sts(session_ends_with_token=True), clock=Clock(1_900_000_000)) as vc:
        log_in(vc, bearer(vc, vc.sts.issue_for_test(ALICE, life=300)))
        vc.clock.advance(299)
        assert vc.session_count == 1
        vc.clock.advance(1)
        assert vc.session_count == 0


def test_otherwise_it_outlives_the_token(vc: SimulatedVCenter) -> None:
    log_in(vc, bearer(vc, vc.sts.issue_for_test(ALICE, life=300)))
    vc.clock.advance(301)
    assert vc.session_count == 1


def test_a_version_that_the_server_does_not_have_is_refused_where_it_is_strict() -> None:
    with SimulatedVCenter(sts=Sts(strict_version=True)) as vc:
        message = bearer(vc, vc.sts.issue_for_test(ALICE))
        assert "Unsupported version URI" in log_in(vc, message, "9.9.0.0").text
        assert log_in(vc, message, "8.0.2.0").status == 200


@pytest.mark.parametrize(("locale", "told"), [("de", "de"), ("en_US", "en_US"), ("", "en")])
def test_a_session_keeps_the_locale_of_its_login(vc: SimulatedVCenter, locale: str, told: str) -> None:
    content = by_hand.LOGIN.replace("</LoginBy", f"<locale>{locale}</locale></LoginBy")
    assert log_in(vc, bearer(vc, vc.sts.issue_for_test(ALICE)).but(content=content)).element("locale") == told
    raw = Raw(vc.url, vc.ca_file)
    given = f"<userName>administrator@vsphere.local</userName><password>VMware1!</password><locale>{locale}</locale>"
    assert raw.call("Login", "SessionManager", given).element("locale") == told


def test_a_locale_that_is_none_is_an_invalid_locale(vc: SimulatedVCenter) -> None:
    content = by_hand.LOGIN.replace("</LoginBy", "<locale>Deutsch!</locale></LoginBy")
    assert "InvalidLocaleFault" in log_in(vc, bearer(vc, vc.sts.issue_for_test(ALICE)).but(content=content)).text
    assert vc.session_count == 0
