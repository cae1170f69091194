"""What comes back from a token endpoint: tokens, or an error that says what to do and shows no secret."""

from __future__ import annotations

from base64 import b64decode

import pytest

from hostile.raw_server import RawServer, saying, silent
from login.oauth.canned import Canned, in_json, refusal, way_to
from vsphere_session.errors import LoginRefusedError, SessionError, UnreachableError, UnsupportedError
from vsphere_session.login.oauth import grants
from vsphere_session.login.oauth.forms import Client, GrantRefusedError
from vsphere_session.login.oauth.grants import Grant, request_tokens
from vsphere_session.login.oauth.tokens import Tokens

TOKEN = "POST /token"
SECRETS = {
    "password": "pw-7e57-Omega",
    "client_secret": "cs-7e57-Omega",
    "refresh_token": "rt-7e57-Omega",
    "code": "code-7e57-Omega",
    "verifier": "verifier-7e57-Omega",
    "api_token": "vidb_7e57-Omega",
    "jwt": "eyJhbGciOi.eyJzdWIiOiJPbWVn.7e57c0de7e57",
}
GRANTS = {
    "client_credentials": grants.client_credentials(scope="a b"),
    "password": grants.password("me@example.com", SECRETS["password"]),
    "refresh_token": grants.refresh_token(SECRETS["refresh_token"]),
    "authorization_code": grants.authorization_code(SECRETS["code"], SECRETS["verifier"], "http://localhost:1/auth"),
    "api_token": grants.api_token(SECRETS["api_token"]),
    "foreign_token": grants.foreign_token(SECRETS["jwt"]),
}


def ask(server: Canned, grant: Grant | None = None, client: Client | None = None) -> Tokens:
    """One request for tokens."""
    return request_tokens(way_to(server.authority), "/token", grant or GRANTS["client_credentials"], client, now=1000.0)


def failed(server: Canned, grant: Grant | None = None, client: Client | None = None) -> SessionError:
    """The error of one that fails, in which no secret is."""
    with pytest.raises(SessionError) as caught:
        ask(server, grant, client)
    text = f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
    assert not any(secret in text or secret[:12] in text for secret in SECRETS.values())
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("lasts", [300, "300"], ids=["number", "ADFS writes text"])
def test_tokens_come_with_their_end(server: Canned, lasts: object) -> None:
    server.answers[TOKEN] = in_json(
        {"access_token": "a", "token_type": "bearer", "refresh_token": "r", "id_token": "i", "expires_in": lasts}
    )
    tokens = ask(server)
    assert (tokens.access, tokens.refresh, tokens.id, tokens.expires) == ("a", "r", "i", 1300.0)


def test_tokens_are_shown_nowhere() -> None:
    tokens = Tokens("s3cret-a", refresh="s3cret-r", id="s3cret-i")
    assert repr(tokens) == str(tokens) == "<Tokens: access, refresh, id>"
    import pickle

    with pytest.raises(TypeError):
        pickle.dumps(tokens)
    client, grant = Client("id", "s3cret"), grants.password("u", "s3cret")
    assert "s3cret" not in f"{client!r} {grant!r}"


@pytest.mark.parametrize("name", GRANTS)
def test_every_grant_is_a_form_of_its_kind(server: Canned, name: str) -> None:
    """No field is empty, and no secret is in the URL."""
    server.answers[TOKEN] = in_json({"access_token": "a", "token_type": "Bearer"})
    assert ask(server, GRANTS[name]).expires is None
    (asked,) = server.asked
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.form == GRANTS[name].fields
    assert all(asked.form.values())


def test_the_forms_that_vmware_wants() -> None:
    """An API token goes without a client; a foreign JWT is exchanged for an access token by VMware's own names."""
    assert GRANTS["api_token"].fields == {
        "grant_type": "urn:custom:vcf:params:oauth:grant-type:api-token",
        "api_token": SECRETS["api_token"],
    }
    assert GRANTS["foreign_token"].fields == {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token_type": "urn:custom:vcf:params:oauth:token-type:idp_access_token:oidc",
        "subject_token": SECRETS["jwt"],
        "requested_token_type": "urn:ietf:params:oauth:token-type:access-token",
    }


def test_a_secret_goes_into_the_header_or_into_the_body(server: Canned) -> None:
    """In the header both are escaped as a form is, then encoded. Without a secret the id alone is in the form."""
    server.answers[TOKEN] = in_json({"access_token": "a", "token_type": "Bearer"})
    for client in (Client("i:d", "s é+"), Client("i:d", "s é+", in_body=True), Client("i:d")):
        ask(server, client=client)
    header, body, public = server.asked
    assert b64decode(header.headers["authorization"].partition(" ")[2]) == b"i%3Ad:s%20%C3%A9%2B"
    assert "client_id" not in header.form
    assert (body.form["client_id"], body.form["client_secret"]) == ("i:d", "s é+")
    assert public.form["client_id"] == "i:d"
    assert not {"authorization"} & {*body.headers, *public.headers}


@pytest.mark.parametrize("name", GRANTS)
def test_a_refused_grant_says_what_to_do_next(server: Canned, name: str) -> None:
    """A refused password, token or client's secret is not tried again at once; the others are good once, or nobody's."""
    server.answers[TOKEN] = refusal("invalid_grant", "no good")
    error = failed(server, GRANTS[name])
    assert isinstance(error, GrantRefusedError)
    assert f"(invalid_grant: no good); {GRANTS[name].advice}" in str(error)
    assert error.of_credential is (name in ("password", "client_credentials", "api_token", "foreign_token"))


def test_a_refused_client_is_no_refused_password(server: Canned) -> None:
    server.answers[TOKEN] = refusal("invalid_client", status=401)
    error = failed(server, GRANTS["password"], Client("id", SECRETS["client_secret"]))
    assert type(error) is LoginRefusedError
    assert not error.of_credential
    assert "check client_id and client_secret" in str(error)


@pytest.mark.parametrize(
    ("name", "kind", "advice"),
    [
        ("unauthorized_client", LoginRefusedError, "let the provider's administrator allow this grant for the client"),
        ("unsupported_grant_type", UnsupportedError, "choose another way in"),
        ("invalid_scope", LoginRefusedError, "check the setting scope"),
        ("invalid_target", LoginRefusedError, "check the setting resource"),
        ("interaction_required", LoginRefusedError, "log in with the browser"),
        ("temporarily_unavailable", UnreachableError, "try again in a minute"),
        ("of_its_own", LoginRefusedError, "check client_id"),
    ],
)
def test_each_error_of_oauth_has_its_kind_and_advice(
    server: Canned, name: str, kind: type[SessionError], advice: str
) -> None:
    server.answers[TOKEN] = refusal(name)
    error = failed(server)
    assert type(error) is kind
    assert advice in str(error)


@pytest.mark.parametrize("name", GRANTS)
def test_a_provider_that_repeats_what_it_was_shown_is_not_quoted(server: Canned, name: str) -> None:
    """As it was sent, as the form had it, or a part of a token."""
    client = Client("id", SECRETS["client_secret"], in_body=True)

    def repeating(cut: slice) -> None:
        server.answers[TOKEN] = lambda asked: refusal("invalid_grant", asked.body.decode()[cut])
        error = failed(server, GRANTS[name], client)
        assert "its text is not shown, for it repeats a secret" in str(error)

    repeating(slice(None))
    server.answers[TOKEN] = lambda asked: refusal(asked.form["client_secret"])
    failed(server, GRANTS[name], client)
    if name == "foreign_token":
        server.answers[TOKEN] = refusal("invalid_grant", f"cannot parse {SECRETS['jwt'].split('.')[1]}")
        assert "repeats a secret" in str(failed(server, GRANTS[name]))


@pytest.mark.parametrize(
    ("said", "kind", "text"),
    [
        ((200, "text/html", b"<html>log in here"), UnreachableError, "answered with a web page in place of a token"),
        ((403, "text/html; charset=utf-8", b"<html>no"), UnreachableError, "answered with a web page"),
        ((200, "application/json", b"[1]"), UnreachableError, "no JSON object"),
        ((200, "application/json", b"{" * 5000), UnreachableError, "no JSON object"),
        ((200, "application/json", b'{"access_token": "a", "access_token": "b"}'), UnreachableError, "no JSON object"),
        ((200, "application/json", b"{}"), UnreachableError, "without an access token"),
        (in_json({"access_token": "a b\r\nX: y"}), UnreachableError, "without an access token"),
        (in_json({"access_token": "a", "refresh_token": [5]}), UnreachableError, "without an access token"),
        (in_json({"access_token": "a" * (256 * 1024 + 1)}), UnreachableError, "without an access token"),
        (in_json({"access_token": "a", "token_type": "mac"}), UnreachableError, "no bearer token"),
        (in_json({"error": "x"}), UnreachableError, "something else in place of a token"),
        (refusal("server_error", status=500), UnreachableError, "HTTP status 500"),
        ((502, "text/html", b"<html>"), UnreachableError, "HTTP status 502"),
        ((401, "text/plain", b""), LoginRefusedError, "refused (the client: 401)"),
        ((404, "text/html", b"<html>"), UnsupportedError, "has nothing at this address (404)"),
        ((302, "text/html", b""), UnreachableError, "redirects to another address"),
    ],
)
def test_what_is_no_answer_of_a_token_endpoint(
    server: Canned, said: tuple[int, str, bytes], kind: type[SessionError], text: str
) -> None:
    server.answers[TOKEN] = said
    error = failed(server)
    assert type(error) is kind
    assert text in str(error)


@pytest.mark.parametrize("head", [b"Content-Length: 1073741824\r\n", b""], ids=["announced", "without an end"])
def test_a_provider_that_sends_a_gigabyte_is_left(head: bytes) -> None:
    """No more than a megabyte of it is read."""
    huge = b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + b"x" * (1024 * 1024 + 1)
    with RawServer(saying(huge)) as server, pytest.raises(UnreachableError, match="1048576"):
        request_tokens(way_to(server.authority), "/", GRANTS["password"], None, now=0)


def test_a_provider_that_never_answers_ends_with_the_deadline() -> None:
    with RawServer(silent) as mute, pytest.raises(UnreachableError, match=r"did not answer within 0\.3 s"):
        request_tokens(way_to(mute.authority, timeout=0.3), "/", GRANTS["password"], None, now=0)
