"""The broker gives tokens for what proves something, and vCenter's exchange gives SAML for the broker's tokens alone."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from simulated_vcenter import SimulatedVCenter, jwt, keys
from simulated_vcenter.identity_provider import API_TOKEN, PROVIDERS, TOKEN_EXCHANGE, IdentityProvider
from simulated_vcenter.judges import verdicts
from simulated_vcenter.selftest import messages_by_hand as by_hand
from simulated_vcenter.selftest.messages_by_hand import Made
from simulated_vcenter.selftest.raw import Answer, Raw
from simulated_vcenter.sts import Sts
from simulated_vcenter.token_exchange import OLD_PATH, PATH

ALICE, PASSWORD = "alice@example.com", "Secret1!"
BACK = "http://localhost:8844/auth"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
BASE = "/acs/t/CUSTOMER"
FORM = "application/x-www-form-urlencoded"
TYPES = "urn:ietf:params:oauth:token-type:"


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with SimulatedVCenter(sts=Sts(), identity_provider=IdentityProvider({ALICE: PASSWORD})) as server:
        server.identity_provider.register_client("cli", redirect_uris=[BACK])
        server.identity_provider.register_client("robot", secret="s:e/c", pkce_enforced=False)
        yield server


def post(vc: SimulatedVCenter, path: str, fields: dict[str, str], headers: dict[str, str] | None = None) -> Answer:
    return Raw(vc.url, vc.ca_file).ask(
        "POST", path, {"Content-Type": FORM, **(headers or {})}, urlencode(fields).encode()
    )


def authorize(vc: SimulatedVCenter, form: dict[str, str] | None = None, **changes: str | None) -> Answer:
    """Show the form, or fill it in."""
    asked = {
        "response_type": "code", "client_id": "cli", "redirect_uri": BACK, "scope": "openid profile", "state": "st",
        "nonce": "no", "code_challenge": CHALLENGE, "code_challenge_method": "S256", **changes,
    }  # fmt: skip
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    path = f"{BASE}/authorize?{query}"
    return post(vc, path, form) if form else Raw(vc.url, vc.ca_file).ask("GET", path)


def allowed(vc: SimulatedVCenter, **changes: str | None) -> str:
    """Return a code that a person has allowed."""
    answer = authorize(vc, {"user": ALICE, "password": PASSWORD, "decision": "allow"}, **changes)
    assert answer.status == 302, answer.text
    return back(answer)["code"]


def back(answer: Answer) -> dict[str, str]:
    """Return what the redirect tells the client."""
    place = urlsplit(answer.headers["location"])
    assert place._replace(query="").geturl() == BACK
    return {name: values[0] for name, values in parse_qs(place.query).items()}


def redeem(vc: SimulatedVCenter, code: str, **changes: str) -> Answer:
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "client_id": "cli"}
    return post(vc, f"{BASE}/token", fields | {"code_verifier": VERIFIER} | changes)


def claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))


def access_token(vc: SimulatedVCenter) -> str:
    fields = {"grant_type": "client_credentials", "client_id": "robot", "client_secret": "s:e/c"}
    return str(post(vc, f"{BASE}/token", fields).json["access_token"])


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


# JWT to SAML


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
