"""One login by code: what the browser is sent with, and which answers are for this login."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from urllib.parse import parse_qs, urlsplit

import pytest

from login.oauth.canned import Canned, in_json, way
from vsphere_session.clock import Clock
from vsphere_session.errors import InvalidRequestError, LoginRefusedError, SessionError
from vsphere_session.login.oauth.authorization_code import Login, log_in_by_pasting
from vsphere_session.login.oauth.discovery import Provider
from vsphere_session.login.oauth.forms import Client
from vsphere_session.login.oauth.pkce import challenge_of
from vsphere_session.login.oauth.tokens import Tokens

URI = "http://localhost:8844/auth"
ISSUER = "https://idp.example.com"


def login_at(server: Canned, *, issuer: str = ISSUER, names_itself: bool = False, **extra: str) -> Login:
    """One whose provider is the server."""
    provider = Provider(
        f"{server.url}/token",
        authorization_endpoint="https://idp.example.com/authorize?p=policy",
        issuer=issuer,
        names_itself=names_itself,
    )
    return Login(provider, Client("me & you"), way, Clock(), extra=extra)


def sent(login: Login) -> dict[str, str]:
    """What the browser is sent with."""
    return {name: only for name, (only,) in parse_qs(urlsplit(login.url(URI)).query).items()}


def id_token(**said: object) -> str:
    """A JWT that says this."""
    parts = (json.dumps({"alg": "none"}).encode(), json.dumps(said).encode(), b"signature")
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def redeemed(server: Canned, login: Login, token: str | None) -> Tokens:
    """The tokens of a provider that gives this id token."""
    server.answers["POST /token"] = in_json({"access_token": "a", "token_type": "Bearer", "id_token": token})
    return login.redeem("code", URI)


def test_the_browser_is_sent_with_all_that_binds_the_answer(server: Canned) -> None:
    """What the provider wants beside it is there, but replaces nothing."""
    login = login_at(server, resource="urn:vcenter", login_hint="me@example.com", state="evil", code_challenge="evil")
    login.provider.extra = {"domain": "example.com", "resource": "other", "nonce": "evil"}
    asked = sent(login)
    assert asked["p"] == "policy"
    assert {name: asked[name] for name in ("response_type", "client_id", "redirect_uri", "scope")} == {
        "response_type": "code",
        "client_id": "me & you",
        "redirect_uri": URI,
        "scope": "openid profile user email group",
    }
    assert (asked["resource"], asked["login_hint"], asked["domain"]) == ("urn:vcenter", "me@example.com", "example.com")
    assert "evil" not in asked.values()
    redeemed(server, login, id_token(nonce=asked["nonce"], iss=ISSUER))
    form = server.asked[-1].form
    assert challenge_of(form["code_verifier"]) == asked["code_challenge"]
    assert form["code_verifier"] not in login.url(URI)
    assert (form["redirect_uri"], form["client_id"]) == (URI, "me & you")


def test_an_id_token_for_this_login_is_taken(server: Canned) -> None:
    """And none at all where the provider gives none, as plain OAuth does."""
    login = login_at(server)
    assert redeemed(server, login, id_token(nonce=sent(login)["nonce"], iss=ISSUER)).access == "a"
    assert redeemed(server, login, None).access == "a"
    unknown = login_at(server, issuer="")
    assert (
        redeemed(server, unknown, id_token(nonce=sent(unknown)["nonce"], iss="https://any.example.com")).access == "a"
    )


@pytest.mark.parametrize(
    ("claims", "text"),
    [
        ({"nonce": "of another login", "iss": ISSUER}, "its nonce is another one"),
        ({"iss": ISSUER}, "its nonce is another one"),
        ({"nonce": ["NONCE"], "iss": ISSUER}, "its nonce is another one"),
        ({"nonce": "NONCE", "iss": "https://evil.example.com"}, "was issued by somebody else"),
        ({"nonce": "NONCE"}, "was issued by somebody else"),
    ],
)
def test_an_id_token_for_another_login_is_refused(server: Canned, claims: dict[str, object], text: str) -> None:
    login = login_at(server)
    said = {name: sent(login)["nonce"] if value == "NONCE" else value for name, value in claims.items()}
    with pytest.raises(LoginRefusedError, match=text):
        redeemed(server, login, id_token(**said))


@pytest.mark.parametrize(
    "token", ["opaque", "a.b", "a.b.c.d", "a.e30=.c", "a.W10.c", "a.eyJ.c", "a.e30\u00e9.c", "a.gICA.c"]
)
def test_an_id_token_that_is_none_is_refused(server: Canned, token: str) -> None:
    """Its text is not shown."""
    with pytest.raises(SessionError) as refused:
        redeemed(server, login_at(server), token)
    assert token not in str(refused.value)


def test_a_provider_without_a_page_to_log_in_on() -> None:
    with pytest.raises(InvalidRequestError, match="names no authorization_endpoint"):
        Login(Provider("https://idp.example.com/token"), Client("c"), way, Clock())


# ---- pasting


def pasted(server: Canned, login: Login, text: str) -> Tokens:
    """The tokens for what was pasted."""
    server.answers["POST /token"] = in_json({"access_token": "a", "token_type": "Bearer"})
    shown: list[str] = []
    try:
        return log_in_by_pasting(login, redirect_uri=URI, show=shown.append, read=lambda: text)
    finally:
        assert shown == [login.url(URI)]


@pytest.mark.parametrize(
    "form",
    [
        "{uri}?code=c%2F1&state={state}",
        " {uri}?state={state}&code=c/1\r\n",
        "?code=c/1&state={state}#",
        "code=c/1&state={state}",
        "c/1\n",
    ],
)
def test_the_address_or_the_code_is_pasted(server: Canned, form: str) -> None:
    login = login_at(server)
    assert pasted(server, login, form.format(uri=URI, state=sent(login)["state"])).access == "a"
    assert server.asked[-1].form["code"] == "c/1"


@pytest.mark.parametrize(
    ("form", "kind", "text"),
    [
        ("", InvalidRequestError, "holds no code"),
        ("{uri}", InvalidRequestError, "holds no code"),
        ("{uri}?", InvalidRequestError, "holds no code"),
        ("{uri}?state={state}", InvalidRequestError, "holds no code"),
        ("{uri}?code=c&code=d&state={state}", InvalidRequestError, "holds no code"),
        ("{uri}?code=c&state=other", InvalidRequestError, "the answer to another login"),
        ("{uri}?code=c", InvalidRequestError, "the answer to another login"),
        ("c" * 40_000, InvalidRequestError, "holds no code"),
        ("c\x00d", InvalidRequestError, "is no code"),
        ("cödé", InvalidRequestError, "is no code"),
        ("{uri}?error=access_denied&state={state}", LoginRefusedError, "denied in the browser"),
        ("{uri}?code=c&state={state}&iss=https://evil.example.com", LoginRefusedError, "not from https://idp"),
        ("{uri}?code=c&state={state}", LoginRefusedError, "does not say its name"),
    ],
)
def test_what_is_pasted_wrongly_says_what_to_paste(
    server: Canned, form: str, kind: type[SessionError], text: str
) -> None:
    """Nothing is sent to the provider."""
    login = login_at(server, names_itself=text == "does not say its name")
    with pytest.raises(kind, match=text):
        pasted(server, login, form.format(uri=URI, state=sent(login)["state"]))
    assert server.asked == []
