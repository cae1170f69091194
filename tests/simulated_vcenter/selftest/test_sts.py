"""The simulated STS issues what vCenter's would, and refuses each thing that vCenter's would, for that reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from simulated_vcenter import SimulatedVCenter, keys
from simulated_vcenter.selftest import messages_by_hand as by_hand
from simulated_vcenter.selftest.messages_by_hand import Made
from simulated_vcenter.selftest.raw import Answer, Raw
from simulated_vcenter.sts import Sts

USER, PASSWORD = "administrator@vsphere.local", "VMware1!"
ROBOT = keys.new_pair("robot-1")
STRANGER = keys.new_pair("robot-2")


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with SimulatedVCenter(sts=Sts()) as server:
        server.sts.register_solution_user("robot-1", ROBOT.certificate_pem)
        yield server


def ask(vc: SimulatedVCenter, message: Made, *, action: str = "Issue", path: str = "/sts/STSService") -> Answer:
    headers = {"Content-Type": 'text/xml; charset="utf-8"', "SOAPAction": f'"{by_hand.WST}/RST/{action}"'}
    return Raw(vc.url, vc.ca_file).ask("POST", path, headers, message.text())


def by_password(vc: SimulatedVCenter, **asked: object) -> Made:
    now = vc.clock.now()
    return Made(now, by_hand.issue(now, **asked), before=by_hand.password(USER, PASSWORD))  # type: ignore[arg-type]


def by_certificate(vc: SimulatedVCenter, pair: keys.KeyPair = ROBOT, **asked: object) -> Made:
    now = vc.clock.now()
    content = by_hand.issue(now, **{"key_type": "PublicKey", "extra": by_hand.USE_KEY, **asked})  # type: ignore[arg-type]
    return Made(now, content, before=by_hand.binary_token(pair), key=pair, key_info=by_hand.BY_BINARY_TOKEN)


def life(answer: Answer) -> float:
    """Return for how many seconds the token in the answer is valid."""
    begin, end = (
        datetime.fromisoformat(re.findall(f'<saml2:Conditions[^>]* {name}="([^"]*)"', answer.text)[0])
        for name in ("NotBefore", "NotOnOrAfter")
    )
    return (end - begin).total_seconds()


# What is granted


@pytest.mark.parametrize("path", ["/sts/STSService", "/sts/STSService/vsphere.local"])
def test_a_password_gives_a_bearer_token_in_the_users_name(vc: SimulatedVCenter, path: str) -> None:
    answer = ask(vc, by_password(vc), path=path)
    assert (answer.status, vc.refusals) == (200, [])
    assert f">{USER}</saml2:NameID>" in answer.text
    assert 'Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"' in answer.text
    assert life(answer) == pytest.approx(300, abs=1)


def test_a_registered_certificate_gives_a_token_bound_to_its_key(vc: SimulatedVCenter) -> None:
    answer = ask(vc, by_certificate(vc))
    assert (answer.status, vc.refusals) == (200, [])
    assert ">robot-1@vsphere.local</saml2:NameID>" in answer.text
    assert 'Method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"' in answer.text


def test_a_person_with_password_and_any_certificate_gets_a_token_bound_to_that(vc: SimulatedVCenter) -> None:
    message = by_certificate(vc, STRANGER)
    answer = ask(vc, message.but(before=by_hand.password(USER, PASSWORD) + message.before))
    assert (answer.status, vc.refusals) == (200, [])
    assert f">{USER}</saml2:NameID>" in answer.text
    assert 'Method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"' in answer.text


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_signatures_over_each_digest_of_the_sha_2_family_are_taken(vc: SimulatedVCenter, algorithm: str) -> None:
    assert ask(vc, by_certificate(vc).but(algorithm=algorithm)).status == 200


def test_a_token_gives_another_one_to_the_holder_of_its_key(vc: SimulatedVCenter) -> None:
    token = vc.sts.issue_for_test("alice@vsphere.local", holder_of_key=ROBOT.certificate_pem)
    identifier = re.findall(' ID="([^"]*)"', token)[0]
    message = by_certificate(vc).but(before=token, key_info=by_hand.by_assertion(identifier))
    answer = ask(vc, message)
    assert (answer.status, vc.refusals) == (200, [])
    assert ">alice@vsphere.local</saml2:NameID>" in answer.text


def test_no_token_lives_longer_than_the_policy_and_its_certificate_allow(vc: SimulatedVCenter) -> None:
    assert life(ask(vc, by_password(vc, life=60))) == pytest.approx(60, abs=1)
    assert life(ask(vc, by_password(vc, life=3600))) == pytest.approx(300, abs=1)
    assert life(ask(vc, by_certificate(vc, life=100 * 86400))) == pytest.approx(30 * 86400, abs=1)
    short = keys.new_pair("robot-1", not_after=datetime.now(UTC) + timedelta(hours=2))
    vc.sts.register_solution_user("robot-1", short.certificate)
    assert life(ask(vc, by_certificate(vc, short, life=86400))) == pytest.approx(7200, abs=5)


def test_the_action_is_taken_without_quotes(vc: SimulatedVCenter) -> None:
    headers = {"Content-Type": "text/xml", "SOAPAction": f"{by_hand.WST}/RST/Issue"}
    assert Raw(vc.url, vc.ca_file).ask("POST", "/sts/STSService", headers, by_password(vc).text()).status == 200


def test_groups_come_as_typed_attributes_of_the_wanted_prefix() -> None:
    for string_type in ("xs:string", "xsd:string"):
        with SimulatedVCenter(sts=Sts(string_type=string_type, groups=["vsphere.local\\Admins"])) as vc:
            text = ask(vc, by_password(vc)).text
            assert f'xsi:type="{string_type}">vsphere.local\\Admins<' in text
            assert f'PrefixList="{string_type.partition(":")[0]} xsi"' in text


def test_the_assertions_prefixes_can_be_declared_outside_of_it() -> None:
    with SimulatedVCenter(sts=Sts(namespaces_outside=True)) as vc:
        text = ask(vc, by_password(vc)).text
        assert '<saml2:Assertion ID="' in text
        assert 'xmlns:xs="http://www.w3.org/2001/XMLSchema"' in text.partition("<S:Body>")[0]


def test_anybody_may_ask_where_the_sts_is(vc: SimulatedVCenter) -> None:
    told = Raw(vc.url, vc.ca_file).call(
        "QueryOptions", "OptionManager:VpxSettings", "<name>config.vpxd.sso.sts.uri</name>"
    )
    assert f"https://{vc.authority}/sts/STSService/vsphere.local<" in told.text
    other = Raw(vc.url, vc.ca_file).call("QueryOptions", "OptionManager:VpxSettings", "<name>mail.sender</name>")
    assert "NotAuthenticatedFault" in other.text


# What is refused: by which fault, and for which reason

Change = Callable[[SimulatedVCenter], Made]


def text(old: str, new: str, count: int = 1) -> Callable[[str], str]:
    """Replace text in a finished message."""

    def spoil(message: str) -> str:
        assert old in message
        return message.replace(old, new, count)

    return spoil


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
            spoil=text("</wsu:Timestamp>", f'</wsu:Timestamp><wsu:Timestamp xmlns:wsu="{by_hand.WSU}"></wsu:Timestamp>')
        ),
        "InvalidSecurity",
        "twice",
    ),
    "two Security headers": (
        lambda vc: by_password(vc).but(
            spoil=text("</S:Header>", f'<wsse:Security xmlns:wsse="{by_hand.WSSE}"></wsse:Security></S:Header>')
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
        lambda vc: by_password(vc).but(spoil=text("<wst:RequestSecurityToken", "\n<wst:RequestSecurityToken")),
        "InvalidRequest",
        "first child",
    ),
    "two Bodies": (
        lambda vc: by_password(vc).but(spoil=text("</S:Envelope>", "<S:Body></S:Body></S:Envelope>")),
        "InvalidRequest",
        "one Body",
    ),
    "a DOCTYPE": (
        lambda vc: by_password(vc).but(spoil=lambda t: "<!DOCTYPE x>" + t),
        "InvalidRequest",
        "DOCTYPE",
    ),
    "the same Id twice": (
        lambda vc: by_password(vc).but(spoil=text('wsu:Id="_body"', 'wsu:Id="_time"')),
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
ACT_AS = '<wst14:ActAs xmlns:wst14="http://docs.oasis-open.org/ws-sx/ws-trust/200802"></wst14:ActAs>'
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
            spoil=text("SAML:2.0:assertion</wst:TokenType>", "SAML:2.0:assertion </wst:TokenType>")
        ),
        "FailedCheck",
        "InvalidDigest",
    ),
    "a Timestamp that was changed": (
        lambda vc: by_certificate(vc).but(spoil=text("<wsu:Created>", "<wsu:Created> ")),
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
        lambda vc: by_certificate(vc).but(spoil=text('URI="#_bst"', 'URI="#_else"')),
        "SecurityTokenUnavailable",
        "#_else",
    ),
    "KeyInfo with two references": (
        lambda vc: by_certificate(vc).but(
            spoil=text(
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


@pytest.mark.parametrize("case", [*BY_PASSWORD, *BY_CERTIFICATE])
def test_what_is_wrong_is_refused_for_that_reason(vc: SimulatedVCenter, case: str) -> None:
    change, fault, reason = {**BY_PASSWORD, **BY_CERTIFICATE}[case]
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
