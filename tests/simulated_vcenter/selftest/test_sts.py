"""The simulated STS issues what vCenter's would."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from simulated_vcenter import SimulatedVCenter, keys
from simulated_vcenter.selftest import messages_by_hand as by_hand
from simulated_vcenter.selftest.raw import Raw
from simulated_vcenter.selftest.sts_client import (
    PASSWORD,
    ROBOT,
    STRANGER,
    USER,
    ask,
    by_certificate,
    by_password,
    life,
    with_sts,
)
from simulated_vcenter.sts import Sts


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with with_sts() as server:
        yield server


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
