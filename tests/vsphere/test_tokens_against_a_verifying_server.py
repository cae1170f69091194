"""Our requests for tokens, and logins by them, against a vCenter that verifies each of them as a real one does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from simulated_vcenter import SimulatedVCenter, keys
from simulated_vcenter.judges import verdicts
from simulated_vcenter.sts import Sts
from support.program import PASSWORD, USER
from vsphere_session.clock import Clock
from vsphere_session.endpoint import Endpoint, parse_endpoint
from vsphere_session.errors import LoginRefusedError
from vsphere_session.http.connection import host_header
from vsphere_session.http.response import Response
from vsphere_session.http.transport import Transport
from vsphere_session.http.trust import Trust
from vsphere_session.login.pem import KeyPair, key_pair
from vsphere_session.vsphere import sts_location
from vsphere_session.vsphere.saml import Assertion, read_token
from vsphere_session.vsphere.sign import sign_header
from vsphere_session.vsphere.token_messages import Credential, login_message

ROBOT, STRANGER = keys.new_pair("robot-1"), keys.new_pair("robot-1")
BOTH = {"signxml": "", "xmlsec": ""}
PATHS = ("/api/session", "/rest/com/vmware/cis/session")
pytestmark = pytest.mark.sessions_counted_by_hand


def pair_of(made: keys.KeyPair) -> KeyPair:
    return key_pair(made.certificate_pem.encode(), made.key_pem.encode())


@pytest.fixture(params=[False, True], ids=["declared in the token", "declared around it"])
def vc(request: pytest.FixtureRequest) -> Iterator[SimulatedVCenter]:
    """With an STS that declares a token's prefixes in it, or only around it."""
    with SimulatedVCenter(sts=Sts(namespaces_outside=request.param)) as server:
        server.sts.register_solution_user("robot-1", ROBOT.certificate)
        yield server


def connect_to(vc: SimulatedVCenter) -> Callable[[Endpoint], Transport]:
    return lambda endpoint: Transport(endpoint, Trust(ca_file=vc.ca_file), clock=Clock(), timeout=30)


def issue(vc: SimulatedVCenter, asking: Credential, life: float = 300.0) -> Assertion:
    return sts_location.issue(
        asking,
        parse_endpoint(vc.url),
        connect_to(vc),
        Clock(),
        sts_url=f"https://{vc.authority}/sts/STSService",
        life=life,
    )


def send(vc: SimulatedVCenter, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Response:
    transport = connect_to(vc)(parse_endpoint(vc.url))
    try:
        return transport.send(method, path, headers, body)
    finally:
        transport.close()


def log_in(vc: SimulatedVCenter, token: Assertion, pair: KeyPair | None = None) -> list[int]:
    """The statuses of a login to SOAP, and to both forms of REST."""
    sign = pair.key.sign if pair else None
    now = Clock().now()
    soap = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": "urn:vim25/8.0.2.0"}
    found = [send(vc, "POST", "/sdk", soap, login_message(token, now, sign)).status]
    host = host_header(parse_endpoint(vc.url))
    return found + [
        send(vc, "POST", path, {"Authorization": sign_header(token, "POST", path, host, now=now, sign=sign)}).status
        for path in PATHS
    ]


@pytest.mark.parametrize(
    ("asking", "pair", "owner"),
    [
        (Credential(USER, PASSWORD), None, USER),
        (Credential(key_holder=pair_of(ROBOT).holder), pair_of(ROBOT), "robot-1@vsphere.local"),
        (Credential(USER, PASSWORD, pair_of(STRANGER).holder), pair_of(STRANGER), USER),
    ],
    ids=["a person", "a solution user", "a person with a certificate of their own"],
)
def test_a_token_is_issued_and_logs_in_by_all_ways(
    vc: SimulatedVCenter, asking: Credential, pair: KeyPair | None, owner: str
) -> None:
    token = issue(vc, asking)
    assert token.name_id == owner
    assert token.holder_of_key is (pair is not None)
    assert log_in(vc, token, pair) == [200, 201, 200]
    assert [(session.user, session.kind) for session in vc.sessions] == [
        (owner, "soap"),
        (owner, "rest"),
        (owner, "rest"),
    ]
    assert vc.refusals == []
    assert verdicts(token.text, vc.sts.signer.certificate) == BOTH


def test_a_life_is_granted_up_to_the_limit_and_no_longer(vc: SimulatedVCenter) -> None:
    def granted(life: float) -> float:
        token = issue(vc, Credential(USER, PASSWORD), life)
        assert token.not_before is not None
        assert token.not_on_or_after is not None
        return round(token.not_on_or_after - token.not_before)

    assert (granted(60), granted(3600)) == (60, 300)


# ---- each check is there: a client that fails it is refused


@pytest.mark.parametrize(
    ("asking", "counts"),
    [
        (Credential(USER, "wrong"), True),
        (Credential("nobody@corp", PASSWORD), True),
        (Credential(key_holder=pair_of(STRANGER).holder), False),
        (Credential(key_holder=replace(pair_of(ROBOT).holder, sign=pair_of(STRANGER).key.sign)), False),
    ],
    ids=["wrong password", "unknown user", "another certificate of the same name", "signed by another key"],
)
def test_who_cannot_prove_it_gets_no_token(vc: SimulatedVCenter, asking: Credential, counts: bool) -> None:
    with pytest.raises(LoginRefusedError) as caught:
        issue(vc, asking)
    assert caught.value.of_credential is counts
    assert len(vc.refusals) == 1


@pytest.mark.parametrize(("ahead", "said"), [(660, "11 minutes ahead of"), (-660, "11 minutes behind")])
def test_a_clock_that_is_wrong_by_eleven_minutes_is_told_by_how_much(
    vc: SimulatedVCenter, ahead: float, said: str
) -> None:
    vc.clock.advance(ahead)
    with pytest.raises(LoginRefusedError, match=rf"its clock is {said} this machine's; set the clocks"):
        issue(vc, Credential(USER, PASSWORD))


def test_a_token_is_nothing_without_its_key_or_once_it_is_changed_or_over(vc: SimulatedVCenter) -> None:
    token = issue(vc, Credential(key_holder=pair_of(ROBOT).holder))
    assert 200 not in log_in(vc, token, pair_of(STRANGER))
    assert 200 not in log_in(vc, replace(token, holder_of_key=False))
    assert 200 not in log_in(vc, read_token(token.text.replace("robot-1@", "admin@").encode()), pair_of(ROBOT))
    bearer = issue(vc, Credential(USER, PASSWORD))
    vc.clock.advance(vc.sts.bearer_life + 650)
    assert 200 not in log_in(vc, bearer)
    assert vc.session_count == 0
