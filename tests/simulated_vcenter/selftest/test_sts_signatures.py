"""The simulated STS refuses each signature that vCenter's would, for that very reason."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from simulated_vcenter import SimulatedVCenter, keys
from simulated_vcenter.selftest import messages_by_hand as by_hand
from simulated_vcenter.selftest.sts_client import (
    ACT_AS,
    STRANGER,
    Change,
    ask,
    by_certificate,
    changed,
    with_sts,
)


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with with_sts() as server:
        yield server


DELEGATE_TO = "<wst:DelegateTo></wst:DelegateTo>"

BY_CERTIFICATE: dict[str, tuple[Change, str, str]] = {
    "unknown subject": (
        lambda vc: by_certificate(vc, STRANGER),
        "FailedAuthentication",
        "no solution user has",
    ),
    "the same subject, another certificate": (
        lambda vc: by_certificate(vc, keys.new_pair("robot-1")),
        "FailedAuthentication",
        "another certificate of this subject",
    ),
    "another key than the certificate's": (
        lambda vc: by_certificate(vc).but(key=STRANGER),
        "FailedCheck",
        "InvalidSignature",
    ),
    "a Body that was changed": (
        lambda vc: by_certificate(vc).but(
            spoil=changed("SAML:2.0:assertion</wst:TokenType>", "SAML:2.0:assertion </wst:TokenType>")
        ),
        "FailedCheck",
        "InvalidDigest",
    ),
    "a Timestamp that was changed": (
        lambda vc: by_certificate(vc).but(spoil=changed("<wsu:Created>", "<wsu:Created> ")),
        "FailedCheck",
        "InvalidDigest",
    ),
    "only the Body signed": (
        lambda vc: by_certificate(vc).but(covered=("_body",)),
        "FailedCheck",
        "not Timestamp and Body",
    ),
    "only the Timestamp signed": (
        lambda vc: by_certificate(vc).but(covered=("_time",)),
        "FailedCheck",
        "not Timestamp and Body",
    ),
    "a third reference": (
        lambda vc: by_certificate(vc).but(covered=("_time", "_body", "_body")),
        "FailedCheck",
        "found 3",
    ),
    "SHA-1": (lambda vc: by_certificate(vc).but(algorithm="sha1"), "UnsupportedAlgorithm", "rsa-sha1"),
    "SHA-1 as digest": (
        lambda vc: by_certificate(vc).but(digest="http://www.w3.org/2000/09/xmldsig#sha1"),
        "UnsupportedAlgorithm",
        "#sha1",
    ),
    "inclusive canonical form of a part": (
        lambda vc: by_certificate(vc).but(transform="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        "UnsupportedAlgorithm",
        "REC-xml-c14n",
    ),
    "inclusive canonical form of SignedInfo": (
        lambda vc: by_certificate(vc).but(form="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        "UnsupportedAlgorithm",
        "REC-xml-c14n",
    ),
    "no transform": (
        lambda vc: by_certificate(vc).but(spoil=lambda t: re.sub("<ds:Transforms>.*?</ds:Transforms>", "", t)),
        "InvalidSecurity",
        "0 transforms",
    ),
    "no UseKey": (lambda vc: by_certificate(vc, extra=""), "InvalidRequest", "UseKey"),
    "UseKey of another signature": (
        lambda vc: by_certificate(vc, extra=by_hand.USE_KEY.replace("_sig", "_other")),
        "InvalidRequest",
        "UseKey",
    ),
    "a signature without Id": (
        lambda vc: by_certificate(vc, extra='<wst:UseKey Sig=""></wst:UseKey>').but(signature_id=""),
        "InvalidRequest",
        "has no Id",
    ),
    "KeyInfo that points nowhere": (
        lambda vc: by_certificate(vc).but(spoil=changed('URI="#_bst"', 'URI="#_else"')),
        "SecurityTokenUnavailable",
        "#_else",
    ),
    "KeyInfo with two references": (
        lambda vc: by_certificate(vc).but(
            spoil=changed(
                "</wsse:SecurityTokenReference>", "<wsse:Reference></wsse:Reference></wsse:SecurityTokenReference>"
            )
        ),
        "InvalidSecurity",
        "2 references",
    ),
    "a certificate that is none": (
        lambda vc: by_certificate(vc).but(spoil=lambda t: re.sub('"_bst">[^<]*<', '"_bst">AAAA<', t)),
        "InvalidSecurityToken",
        "no certificate in it",
    ),
    "a signature and no certificate": (
        lambda vc: by_certificate(vc).but(before=""),
        "SecurityTokenUnavailable",
        "no BinarySecurityToken",
    ),
    "a certificate and no signature": (
        lambda vc: by_certificate(vc).but(key=None),
        "FailedAuthentication",
        "neither password nor signature",
    ),
    "ActAs": (
        lambda vc: by_certificate(vc, extra=by_hand.USE_KEY + ACT_AS),
        "InvalidRequest",
        "may not act",
    ),
    "ActAs and DelegateTo": (
        lambda vc: by_certificate(vc, extra=by_hand.USE_KEY + ACT_AS + DELEGATE_TO),
        "InvalidRequest",
        "ActAs and DelegateTo",
    ),
}


@pytest.mark.parametrize("case", BY_CERTIFICATE)
def test_what_is_wrong_is_refused_for_that_reason(vc: SimulatedVCenter, case: str) -> None:
    change, fault, reason = BY_CERTIFICATE[case]
    answer = ask(vc, change(vc))
    assert (answer.status, re.findall(r"ns0:(\w+)</faultcode>", answer.text)) == (500, [fault])
    (told,) = vc.refusals
    assert reason in told


def test_a_body_that_is_wrapped_away_is_not_taken_for_the_signed_one(vc: SimulatedVCenter) -> None:
    """The signed Body moves into the header, another one with another Id takes its place."""
    message = by_certificate(vc)
    other = message.but(spoil=lambda t: re.sub("(<S:Body .*</S:Body>)", r"<S:Body>\1</S:Body>", t))
    assert ask(vc, other).status == 500
    moved = message.but(
        spoil=lambda t: re.sub(
            "</S:Header>(<S:Body .*</S:Body>)",
            lambda found: f"<x>{found[1]}</x></S:Header>{found[1].replace('_body', '_evil')}",
            t,
        )
    )
    assert ask(vc, moved).status == 500
    assert all("one Body" in reason for reason in vc.refusals)
