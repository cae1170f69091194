"""A client of the simulated identity broker, by hand: what it asks, and what a person does in the form."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from simulated_vcenter import SimulatedVCenter
from simulated_vcenter.identity_provider import IdentityProvider
from simulated_vcenter.selftest.raw import Answer, Raw
from simulated_vcenter.sts import Sts

ALICE, PASSWORD = "alice@example.com", "Secret1!"
BACK = "http://localhost:8844/auth"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
BASE = "/acs/t/CUSTOMER"
FORM = "application/x-www-form-urlencoded"
TYPES = "urn:ietf:params:oauth:token-type:"


@contextmanager
def with_broker() -> Iterator[SimulatedVCenter]:
    """Give a vCenter whose broker knows a public and a confidential client."""
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
