"""The broker gives tokens for what proves something, and to nobody else."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from simulated_vcenter import SimulatedVCenter, keys
from simulated_vcenter.identity_provider import API_TOKEN, PROVIDERS, TOKEN_EXCHANGE, IdentityProvider
from simulated_vcenter.selftest.broker_client import (
    ALICE,
    BACK,
    BASE,
    PASSWORD,
    access_token,
    allowed,
    authorize,
    back,
    claims,
    post,
    redeem,
    with_broker,
)
from simulated_vcenter.selftest.raw import Answer, Raw
from simulated_vcenter.sts import Sts


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with with_broker() as server:
        yield server


# Where everything is


def test_discovery_and_the_list_of_providers_lead_to_the_endpoints(vc: SimulatedVCenter) -> None:
    raw = Raw(vc.url, vc.ca_file)
    told = raw.ask("GET", f"{BASE}/.well-known/openid-configuration").json
    assert told["issuer"] == f"https://{vc.authority}{BASE}"
    assert told["token_endpoint"] == f"https://{vc.authority}{BASE}/token"
    (provider,) = raw.ask("GET", PROVIDERS).json
    assert provider["oidc"]["auth_endpoint"] == told["authorization_endpoint"]
    assert raw.ask("GET", f"{BASE}/jwks").json["keys"][0]["kty"] == "RSA"
    assert raw.ask("GET", "/acs/t/OTHER/.well-known/openid-configuration").status == 404


@pytest.mark.parametrize(
    ("who", "anonymous", "known"), [("anybody", 200, 200), ("logged in", 403, 200), ("nobody", 403, 403)]
)
def test_the_list_may_be_for_some_only(who: Any, anonymous: int, known: int) -> None:
    with SimulatedVCenter(sts=Sts(), identity_provider=IdentityProvider(providers=who)) as vc:
        raw = Raw(vc.url, vc.ca_file)
        session = vc.add_session("administrator@vsphere.local", "rest")
        assert [raw.ask("GET", PROVIDERS).status, raw.rest("GET", PROVIDERS, session).status] == [anonymous, known]


# Authorization code


def test_a_person_allows_and_the_code_becomes_tokens(vc: SimulatedVCenter) -> None:
    assert 'name="password"' in authorize(vc).text
    answer = authorize(vc, {"user": ALICE, "password": PASSWORD, "decision": "allow"})
    told = back(answer)
    assert (told["state"], told["iss"]) == ("st", f"https://{vc.authority}{BASE}")
    tokens = redeem(vc, told["code"])
    assert tokens.headers["cache-control"] == "no-store"
    assert (tokens.json["token_type"], tokens.json["expires_in"]) == ("Bearer", 1798)
    assert claims(tokens.json["access_token"])["acct"] == ALICE
    assert (claims(tokens.json["id_token"])["nonce"], claims(tokens.json["id_token"])["aud"]) == ("no", "cli")
    assert vc.refusals == []


def test_a_person_says_no_or_mistypes(vc: SimulatedVCenter) -> None:
    told = back(authorize(vc, {"user": ALICE, "password": PASSWORD, "decision": "deny"}))
    assert (told["error"], told["state"]) == ("access_denied", "st")
    again = authorize(vc, {"user": ALICE, "password": "wrong", "decision": "allow"})
    assert (again.status, "Wrong user or password." in again.text) == (401, True)
    assert vc.refusals == ["denied", "wrong password at the broker"]


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "other"},
        {"redirect_uri": f"{BACK}/"},
        {"redirect_uri": "http://127.0.0.1:8844/auth"},
        {"redirect_uri": None},
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_registered(vc: SimulatedVCenter, changes: dict[str, Any]) -> None:
    answer = authorize(vc, **changes)
    assert (answer.status, "location" in answer.headers) == (400, False)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"response_type": "token"}, "response_type"),
        ({"scope": "profile"}, "openid"),
        ({"code_challenge": None}, "no code_challenge"),
        ({"code_challenge_method": "plain"}, "not S256"),
        ({"code_challenge_method": None}, "not S256"),
    ],
)
def test_a_request_that_is_wrong_comes_back_as_an_error(
    vc: SimulatedVCenter, changes: dict[str, Any], reason: str
) -> None:
    assert back(authorize(vc, **changes))["error"] == "invalid_request"
    (told,) = vc.refusals
    assert reason in told


@pytest.mark.parametrize(
    ("changes", "error", "reason"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant", "wrong code_verifier"),
        ({"code_verifier": ""}, "invalid_grant", "wrong code_verifier"),
        ({"redirect_uri": f"{BACK}/"}, "invalid_grant", "another redirect_uri"),
        ({"client_id": "robot", "client_secret": "s:e/c"}, "invalid_grant", "another client's code"),
        ({"client_id": "nobody"}, "invalid_client", "unknown client"),
        ({"client_secret": "guess"}, "invalid_client", "wrong client secret"),
        ({"code": "made-up"}, "invalid_grant", "unknown or used code"),
        ({"grant_type": "implicit"}, "unsupported_grant_type", "grant_type implicit"),
    ],
)
def test_a_code_is_refused_to_who_does_not_fit(
    vc: SimulatedVCenter, changes: dict[str, str], error: str, reason: str
) -> None:
    code = changes.get("code") or allowed(vc)
    answer = redeem(vc, code, **{name: text for name, text in changes.items() if name != "code"})
    assert (answer.status, answer.json["error"]) == (401 if error == "invalid_client" else 400, error)
    (told,) = vc.refusals
    assert reason in told


def test_a_code_is_good_once_and_a_replay_voids_what_came_of_it(vc: SimulatedVCenter) -> None:
    code = allowed(vc)
    refresh = redeem(vc, code).json["refresh_token"]
    assert redeem(vc, code).json["error"] == "invalid_grant"
    fields = {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": "cli"}
    assert post(vc, f"{BASE}/token", fields).json["error"] == "invalid_grant"


def test_a_code_is_good_for_a_minute(vc: SimulatedVCenter) -> None:
    code = allowed(vc)
    vc.clock.advance(61)
    assert redeem(vc, code).json["error"] == "invalid_grant"
    assert vc.refusals == ["the code has expired"]


def test_a_refresh_token_is_good_once_and_its_reuse_voids_the_new_one(vc: SimulatedVCenter) -> None:
    def refresh(token: str) -> Answer:
        fields = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "cli"}
        return post(vc, f"{BASE}/token", fields)

    first = redeem(vc, allowed(vc)).json["refresh_token"]
    second = refresh(first).json["refresh_token"]
    third = refresh(second).json["refresh_token"]
    assert len({first, second, third}) == 3
    assert [refresh(first).status, refresh(third).status] == [400, 400]


# The other grants


def test_a_client_proves_itself_by_basic_or_in_the_form(vc: SimulatedVCenter) -> None:
    fields = {"grant_type": "client_credentials"}
    basic = {"Authorization": "Basic " + base64.b64encode(b"robot:s%3Ae%2Fc").decode()}
    assert claims(post(vc, f"{BASE}/token", fields, basic).json["access_token"])["acct"] == "robot@vsphere.local"
    assert claims(access_token(vc))["sub"] == "robot"
    in_both = post(vc, f"{BASE}/token", fields | {"client_secret": "s:e/c"}, basic)
    assert in_both.json["error"] == "invalid_request"
    wrong = post(vc, f"{BASE}/token", fields | {"client_id": "robot", "client_secret": "x"})
    assert (wrong.status, wrong.json["error"]) == (401, "invalid_client")
    public = post(vc, f"{BASE}/token", fields | {"client_id": "cli"})
    assert public.json["error"] == "unauthorized_client"


def test_a_password_gives_tokens_to_clients_that_may(vc: SimulatedVCenter) -> None:
    vc.identity_provider.register_client("web", redirect_uris=[BACK], grants=["authorization_code"])
    fields = {"grant_type": "password", "username": ALICE, "password": PASSWORD, "client_id": "cli", "scope": "openid"}
    assert claims(post(vc, f"{BASE}/token", fields).json["id_token"])["sub"] == ALICE
    assert post(vc, f"{BASE}/token", fields | {"password": "wrong"}).json["error"] == "invalid_grant"
    assert post(vc, f"{BASE}/token", fields | {"client_id": "web"}).json["error"] == "unauthorized_client"


def test_an_api_token_needs_no_client_and_ends(vc: SimulatedVCenter) -> None:
    token = vc.identity_provider.issue_api_token(ALICE, life=3600)
    fields = {"grant_type": API_TOKEN, "api_token": token}
    assert claims(post(vc, f"{BASE}/token", fields).json["access_token"])["acct"] == ALICE
    assert post(vc, f"{BASE}/token", fields | {"api_token": "vidb_x"}).json["error"] == "invalid_grant"
    vc.clock.advance(3600)
    assert post(vc, f"{BASE}/token", fields).json["error"] == "invalid_grant"
    assert vc.refusals == ["unknown API token", "the API token has expired"]


def test_a_foreign_token_gives_one_of_ours_to_whom_it_is_mapped(vc: SimulatedVCenter) -> None:
    broker = vc.identity_provider
    broker.mapped["repo:example/infra"] = ALICE

    def exchange(token: str, **changes: str) -> Answer:
        fields = {
            "grant_type": TOKEN_EXCHANGE, "subject_token": token,
            "subject_token_type": "urn:custom:vcf:params:oauth:token-type:idp_access_token:oidc",
            "requested_token_type": "urn:ietf:params:oauth:token-type:access-token",
        }  # fmt: skip
        return post(vc, f"{BASE}/token", fields | changes)

    good = broker.issue_foreign_jwt("repo:example/infra")
    assert claims(exchange(good).json["access_token"])["acct"] == ALICE
    bad = [
        exchange(broker.issue_foreign_jwt("repo:else")),
        exchange(broker.issue_foreign_jwt("repo:example/infra", life=-1)),
        exchange(broker.issue_foreign_jwt("repo:example/infra", signer=keys.new_pair("x"))),
        exchange(good, requested_token_type="urn:ietf:params:oauth:token-type:access_token"),
    ]
    assert [answer.json["error"] for answer in bad] == ["invalid_grant"] * 3 + ["invalid_request"]
