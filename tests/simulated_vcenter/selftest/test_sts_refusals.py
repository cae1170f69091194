"""The simulated STS refuses each thing that vCenter's would, for that very reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from simulated_vcenter import SimulatedVCenter, keys
from simulated_vcenter.selftest import messages_by_hand as by_hand
from simulated_vcenter.selftest.raw import Raw
from simulated_vcenter.selftest.sts_client import (
    ACT_AS,
    PASSWORD,
    ROBOT,
    STRANGER,
    USER,
    Change,
    ask,
    by_certificate,
    by_password,
    changed,
    with_sts,
)


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with with_sts() as server:
        yield server


def later(seconds: float) -> Change:
    return lambda vc: by_password(vc).but(now=vc.clock.now() + seconds)


BY_PASSWORD: dict[str, tuple[Change, str, str]] = {
    "wrong password": (
        lambda vc: by_password(vc).but(before=by_hand.password(USER, "wrong")),
        "FailedAuthentication",
        "wrong password",
    ),
    "unknown user": (
        lambda vc: by_password(vc).but(before=by_hand.password("nobody@vsphere.local", PASSWORD)),
        "FailedAuthentication",
        "wrong password",
    ),
    "empty user": (
        lambda vc: by_password(vc).but(before=by_hand.password("", PASSWORD)),
        "RequestFailed",
        "Empty principal name",
    ),
    "nothing that proves anything": (
        lambda vc: by_password(vc).but(before=""),
        "FailedAuthentication",
        "neither password nor signature",
    ),
    "no password": (
        lambda vc: by_password(vc).but(spoil=lambda t: re.sub("<wsse:Password>.*</wsse:Password>", "", t)),
        "UnsupportedSecurityToken",
        "0 passwords",
    ),
    "clock 11 minutes ahead": (later(660), "MessageExpired", "clock skew"),
    "clock 12 minutes behind": (later(-720), "MessageExpired", "clock skew"),
    "token to begin in 11 minutes": (
        lambda vc: by_password(vc).but(content=by_hand.issue(vc.clock.now() + 660)),
        "InvalidTimeRange",
        "Lifetime starts",
    ),
    "token that ends before it begins": (
        lambda vc: by_password(vc, life=-1),
        "InvalidTimeRange",
        "ends before it begins",
    ),
    "no Timestamp": (lambda vc: by_password(vc).but(timestamp=False), "InvalidSecurity", "no Timestamp"),
    "two Timestamps": (
        lambda vc: by_password(vc).but(
            spoil=changed(
                "</wsu:Timestamp>", f'</wsu:Timestamp><wsu:Timestamp xmlns:wsu="{by_hand.WSU}"></wsu:Timestamp>'
            )
        ),
        "InvalidSecurity",
        "twice",
    ),
    "two Security headers": (
        lambda vc: by_password(vc).but(
            spoil=changed("</S:Header>", f'<wsse:Security xmlns:wsse="{by_hand.WSSE}"></wsse:Security></S:Header>')
        ),
        "InvalidSecurity",
        "exactly one Security",
    ),
    "no Security header": (
        lambda vc: by_password(vc).but(spoil=lambda t: re.sub("<wsse:Security.*</wsse:Security>", "", t)),
        "InvalidSecurity",
        "exactly one Security",
    ),
    "white space in the Body": (
        lambda vc: by_password(vc).but(spoil=changed("<wst:RequestSecurityToken", "\n<wst:RequestSecurityToken")),
        "InvalidRequest",
        "first child",
    ),
    "two Bodies": (
        lambda vc: by_password(vc).but(spoil=changed("</S:Envelope>", "<S:Body></S:Body></S:Envelope>")),
        "InvalidRequest",
        "one Body",
    ),
    "a DOCTYPE": (
        lambda vc: by_password(vc).but(spoil=lambda t: "<!DOCTYPE x>" + t),
        "InvalidRequest",
        "DOCTYPE",
    ),
    "the same Id twice": (
        lambda vc: by_password(vc).but(spoil=changed('wsu:Id="_body"', 'wsu:Id="_time"')),
        "InvalidSecurity",
        "same Id",
    ),
    "another request than the action's": (
        lambda vc: by_password(vc, kind="Renew"),
        "InvalidRequest",
        "RequestType is not the action's",
    ),
    "a public key without a signature": (
        lambda vc: by_password(vc, key_type="PublicKey"),
        "InvalidRequest",
        "a public key, and not signed",
    ),
    "no KeyType": (lambda vc: by_password(vc, key_type="Symmetric"), "InvalidRequest", "KeyType"),
    "a bearer token for somebody else": (
        lambda vc: by_password(vc, extra=ACT_AS),
        "InvalidRequest",
        "a bearer token for somebody else",
    ),
    "a bearer token as proof": (
        lambda vc: by_certificate(vc).but(before=vc.sts.issue_for_test(USER)),
        "UnsupportedSecurityToken",
        "a bearer token",
    ),
    "a token as proof, not signed": (
        lambda vc: by_password(vc).but(before=vc.sts.issue_for_test(USER)),
        "UnsupportedSecurityToken",
        "a token, and no signature",
    ),
    "a forged token as proof": (
        lambda vc: by_certificate(vc).but(
            before=vc.sts.issue_for_test(USER, holder_of_key=ROBOT.certificate, signer=STRANGER)
        ),
        "FailedAuthentication",
        "not the STS's",
    ),
}


@pytest.mark.parametrize("case", BY_PASSWORD)
def test_what_is_wrong_is_refused_for_that_reason(vc: SimulatedVCenter, case: str) -> None:
    change, fault, reason = BY_PASSWORD[case]
    answer = ask(vc, change(vc))
    assert (answer.status, re.findall(r"ns0:(\w+)</faultcode>", answer.text)) == (500, [fault])
    (told,) = vc.refusals
    assert reason in told


def test_a_disabled_solution_user_and_an_expired_certificate_are_refused(vc: SimulatedVCenter) -> None:
    vc.sts.disable_solution_user("robot-1")
    assert "Invalid credentials" in ask(vc, by_certificate(vc)).text
    old = keys.new_pair("robot-9", not_after=datetime.now(UTC) - timedelta(hours=1))
    vc.sts.register_solution_user("robot-9", old.certificate)
    assert "Invalid credentials" in ask(vc, by_certificate(vc, old)).text
    assert vc.refusals == ["the solution user is disabled", "the solution user's certificate is not valid now"]


def test_an_expired_signing_certificate_stops_every_token(vc: SimulatedVCenter) -> None:
    vc.sts.expire_signing_certificate()
    answer = ask(vc, by_password(vc))
    assert "ns0:InvalidTimeRange" in answer.text
    assert "Signing certificate is not valid at" in answer.text


def test_a_locked_account_and_an_expired_password_are_told_apart(vc: SimulatedVCenter) -> None:
    vc.sts.locked.add(USER)
    assert "User account locked" in ask(vc, by_password(vc)).text
    vc.sts.locked.clear()
    vc.sts.password_expired.add(USER)
    assert "password of the user logging on is expired" in ask(vc, by_password(vc)).text


def test_renew_is_refused(vc: SimulatedVCenter) -> None:
    answer = ask(vc, by_certificate(vc, kind="Renew"), action="Renew")
    assert "ns0:UnableToRenew" in answer.text


def test_an_unknown_tenant_and_an_unknown_action_are_not_there(vc: SimulatedVCenter) -> None:
    assert ask(vc, by_password(vc), path="/sts/STSService/other.local").status == 404
    assert ask(vc, by_password(vc), action="Cancel").status == 404


def test_a_vcenter_without_an_sts_has_none() -> None:
    with SimulatedVCenter() as vc:
        assert Raw(vc.url, vc.ca_file).ask("POST", "/sts/STSService").status == 404
