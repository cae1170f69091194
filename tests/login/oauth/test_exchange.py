"""vCenter's SAML assertion for a provider's token, at both of its addresses."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode

import pytest

from credential_protocol.jsontext import decode
from login.oauth.canned import Asked, Canned, Said, in_json, refusal, way_to
from vsphere_session.errors import LoginRefusedError, SessionError, UnreachableError, UnsupportedError
from vsphere_session.login.oauth.exchange import read_assertion, saml_for
from vsphere_session.login.oauth.tokens import Tokens

NEW, OLD = "POST /api/vcenter/authentication/token", "POST /rest/vcenter/tokenservice/token-exchange"
ASSERTION = '<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1">ü~?>~?\n</saml2:Assertion>'
JWT = "eyJhbGciOi.eyJzdWIiOiJPbWVn.7e57c0de7e57"
GIVEN = in_json({"access_token": b64encode(ASSERTION.encode()).decode(), "token_type": "bearer", "expires_in": 299})


def exchanged(server: Canned, tokens: Tokens | None = None) -> str:
    return saml_for(way_to(server.authority), tokens or Tokens(JWT))[0]


def test_the_token_goes_as_it_is(server: Canned) -> None:
    """In a form that has it as the subject, and as the bearer's; an id token is the actor's."""
    server.answers[NEW] = GIVEN
    assert exchanged(server, Tokens(JWT, id="i.d.t")) == ASSERTION
    (asked,) = server.asked
    assert asked.headers["authorization"] == f"Bearer {JWT}"
    assert asked.form == {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "requested_token_type": "urn:ietf:params:oauth:token-type:saml2",
        "subject_token": JWT,
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "actor_token": "i.d.t",
        "actor_token_type": "urn:ietf:params:oauth:token-type:id_token",
    }


@pytest.mark.parametrize(
    "said",
    [
        refusal("invalid_request", "not base64"),
        in_json({"error_type": "INVALID_REQUEST", "messages": []}, 400),
        in_json({"type": "com.vmware.vcenter.tokenservice.invalid_request", "value": {}}, 400),
    ],
    ids=["OAuth", "vSphere's", "its older one"],
)
def test_a_vcenter_that_wants_base64_gets_it(server: Canned, said: Said) -> None:
    def reads_base64(asked: Asked) -> Said:
        return GIVEN if asked.form["subject_token"] == b64encode(JWT.encode()).decode() else said

    server.answers[NEW] = reads_base64
    assert exchanged(server) == ASSERTION
    assert len(server.asked) == 2


def test_an_older_vcenter_is_asked_at_its_own_address(server: Canned) -> None:
    """In JSON; as it is first there, too."""
    answers = [in_json({"value": decode(GIVEN[2])}), refusal("invalid_request")]
    server.answers[OLD] = lambda _asked: answers.pop()
    assert exchanged(server, Tokens(JWT, id="i.d.t")) == ASSERTION
    _new, plain, encoded = server.asked
    assert encoded.headers["content-type"] == "application/json"
    for asked, subject in ((plain, JWT), (encoded, b64encode(JWT.encode()).decode())):
        assert decode(asked.body) == {
            "spec": {
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "requested_token_type": "urn:ietf:params:oauth:token-type:saml2",
                "subject_token": subject,
                "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
                "actor_token": "i.d.t",
                "actor_token_type": "urn:ietf:params:oauth:token-type:id_token",
            }
        }


@pytest.mark.parametrize(
    ("said", "kind", "text"),
    [
        (refusal("invalid_grant", "unknown issuer"), LoginRefusedError, "(invalid_grant: unknown issuer); check that"),
        (refusal("invalid_request"), LoginRefusedError, "(invalid_request)"),
        (refusal("invalid_grant", f"bad token {JWT}"), LoginRefusedError, "token (400); check"),
        (refusal("invalid_grant", "x" * 190 + JWT), LoginRefusedError, "token (400); check"),
        ((401, "text/plain", b""), LoginRefusedError, "(401)"),
        ((403, "text/html", b"<html>"), LoginRefusedError, "(403)"),
        ((500, "text/plain", b""), UnreachableError, "500"),
        ((503, "text/plain", b""), UnreachableError, "503"),
        ((404, "text/plain", b""), UnsupportedError, "older than 7.0"),
        ((200, "text/html", b"<html>"), UnreachableError, "no SAML assertion"),
        (in_json({"access_token": 5}), UnreachableError, "no SAML assertion"),
        (in_json({"access_token": ASSERTION}), UnreachableError, "no SAML assertion"),
        (in_json({"value": [1]}), UnreachableError, "no SAML assertion"),
        ((302, "text/plain", b""), UnreachableError, "redirects"),
    ],
)
def test_a_vcenter_that_gives_none(server: Canned, said: Said, kind: type[SessionError], text: str) -> None:
    """No text has the token in it, nor a piece of it; and it counts towards no lock-out."""
    server.answers[NEW] = said
    with pytest.raises(SessionError) as caught:
        exchanged(server)
    assert type(caught.value) is kind
    assert text in str(caught.value)
    assert JWT[:10] not in str(caught.value)
    assert not getattr(caught.value, "of_credential", False)


def test_an_assertion_is_read_in_both_alphabets() -> None:
    """With padding and without."""
    for encoded in (b64encode(ASSERTION.encode()), urlsafe_b64encode(ASSERTION.encode())):
        assert read_assertion(encoded.decode()) == ASSERTION
        assert read_assertion(encoded.decode().rstrip("=")) == ASSERTION


@pytest.mark.parametrize(
    "text",
    ["", "=", "PGE+ PC9hPg", "PGE+\nPC9hPg==", b64encode(b"<a/>").decode(), b64encode(b"\xff").decode(), "é", "PGE*"],
)
def test_what_is_no_assertion(text: str) -> None:
    assert read_assertion(text) is None
