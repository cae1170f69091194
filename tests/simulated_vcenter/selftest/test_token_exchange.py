"""vCenter's exchange gives SAML for the broker's tokens alone."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from simulated_vcenter import SimulatedVCenter, jwt, keys
from simulated_vcenter.identity_provider import TOKEN_EXCHANGE, IdentityProvider
from simulated_vcenter.judges import verdicts
from simulated_vcenter.selftest import messages_by_hand as by_hand
from simulated_vcenter.selftest.broker_client import TYPES, access_token, claims, post, with_broker
from simulated_vcenter.selftest.messages_by_hand import Made
from simulated_vcenter.selftest.raw import Answer, Raw
from simulated_vcenter.sts import Sts
from simulated_vcenter.token_exchange import OLD_PATH, PATH


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with with_broker() as server:
        yield server


def exchanged(vc: SimulatedVCenter, token: str, *, bearer: str = "", **changes: str) -> Answer:
    fields = {
        "grant_type": TOKEN_EXCHANGE, "requested_token_type": f"{TYPES}saml2",
        "subject_token_type": f"{TYPES}access_token", "subject_token": token, **changes,
    }  # fmt: skip
    return post(vc, PATH, fields, {"Authorization": f"Bearer {bearer or token}"})


def test_the_exchange_gives_an_assertion_that_logs_in(vc: SimulatedVCenter) -> None:
    answer = exchanged(vc, access_token(vc)).json
    assert (answer["token_type"], answer["expires_in"], answer["issued_token_type"]) == ("bearer", 299, f"{TYPES}saml2")
    saml = base64.b64decode(answer["access_token"]).decode()
    assert verdicts(saml, vc.sts.signer.certificate) == {"signxml": "", "xmlsec": ""}
    message = Made(vc.clock.now(), by_hand.LOGIN, before=saml).text()
    assert Raw(vc.url, vc.ca_file).ask("POST", "/sdk", {}, message).element("userName") == "VSPHERE.LOCAL\\robot"


REFUSED: dict[str, tuple[Callable[[SimulatedVCenter], Answer], str, str]] = {
    "another grant": (
        lambda vc: exchanged(vc, access_token(vc), grant_type="password"),
        "invalid_request",
        "grant_type password",
    ),
    "another wish": (
        lambda vc: exchanged(vc, access_token(vc), requested_token_type=f"{TYPES}saml1"),
        "invalid_request",
        "requested_token_type",
    ),
    "another kind": (
        lambda vc: exchanged(vc, access_token(vc), subject_token_type=f"{TYPES}jwt"),
        "invalid_request",
        "subject_token_type",
    ),
    "in base64": (
        lambda vc: exchanged(vc, base64.b64encode(b"x").decode(), bearer=access_token(vc)),
        "invalid_request",
        "has to be raw",
    ),
    "another's signature": (
        lambda vc: exchanged(vc, jwt.signed(claims(access_token(vc)), keys.new_pair("x")), bearer=access_token(vc)),
        "invalid_grant",
        "not the provider's",
    ),
    "another's name": (
        lambda vc: exchanged(
            vc, re.sub(r"\.[^.]*\.", f".{changed(access_token(vc))}.", access_token(vc)), bearer=access_token(vc)
        ),
        "invalid_grant",
        "not the provider's",
    ),
    "no signature": (
        lambda vc: exchanged(vc, unsigned(access_token(vc)), bearer=access_token(vc)),
        "invalid_grant",
        "a JWT by none",
    ),
    "a bearer that is none": (
        lambda vc: exchanged(vc, access_token(vc), bearer="a.b.c"),
        "invalid_token",
        "Bearer: no JWT",
    ),
}


def changed(token: str) -> str:
    told = claims(token) | {"acct": "root@vsphere.local"}
    return base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()


def unsigned(token: str) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


@pytest.mark.parametrize("case", REFUSED)
def test_the_exchange_refuses_for_that_reason(vc: SimulatedVCenter, case: str) -> None:
    ask, error, reason = REFUSED[case]
    answer = ask(vc)
    assert (answer.status, answer.json["error"]) == (401 if error == "invalid_token" else 400, error)
    (told,) = vc.refusals
    assert reason in told


def test_a_token_that_has_expired_is_not_exchanged(vc: SimulatedVCenter) -> None:
    token = access_token(vc)
    vc.clock.advance(1798)
    assert exchanged(vc, token).json["error"] == "invalid_token"
    assert vc.refusals == ["Bearer: the JWT has expired"]


@pytest.mark.parametrize(
    ("wanted", "taken"), [("raw", [True, False]), ("base64", [False, True]), ("either", [True, True])]
)
def test_the_subject_is_taken_as_it_is_or_in_base64(wanted: Any, taken: list[bool]) -> None:
    broker = IdentityProvider(subject_token=wanted, url_safe=True)
    with SimulatedVCenter(sts=Sts(), identity_provider=broker) as vc:
        broker.register_client("robot", secret="s:e/c")
        token = access_token(vc)
        packed = base64.b64encode(token.encode()).decode()
        assert [exchanged(vc, each, bearer=token).status == 200 for each in (token, packed)] == taken


def test_the_old_exchange_takes_json_and_goes_both_ways(vc: SimulatedVCenter) -> None:
    def old(kind: str, wanted: str, token: str) -> Answer:
        spec = {
            "grant_type": TOKEN_EXCHANGE, "subject_token_type": TYPES + kind, "requested_token_type": TYPES + wanted,
            "subject_token": base64.b64encode(token.encode()).decode(), "audience": "someone",
        }  # fmt: skip
        body = json.dumps({"spec": spec}).encode()
        return Raw(vc.url, vc.ca_file).ask("POST", OLD_PATH, {"Content-Type": "application/json"}, body)

    saml = base64.b64decode(old("access_token", "saml2", access_token(vc)).json["value"]["access_token"]).decode()
    assert "robot@vsphere.local</saml2:NameID>" in saml
    told = claims(old("saml2", "id_token", saml).json["value"]["access_token"])
    assert (told["acct"], told["aud"]) == ("robot@vsphere.local", "someone")
    assert old("saml2", "id_token", saml.replace("robot", "root")).json["error"] == "invalid_grant"
    assert old("saml2", "saml2", saml).json["error"] == "invalid_request"
