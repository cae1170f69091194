"""What comes to the redirect URI, as bytes: only the answer to this login is heard."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

import pytest

from vsphere_session.errors import LoginRefusedError, SessionError, UnreachableError
from vsphere_session.login.oauth.pkce import Proof, challenge_of
from vsphere_session.login.oauth.redirect import MAX_REQUEST_BYTES, Expected, answer, bad_request, is_whole, page

EXPECTED = Expected("/auth", "st/4te")
ISSUER = "https://idp.example.com"
NAMED = Expected("/auth", "st/4te", issuer=ISSUER, names_itself=True)


def get(target: str, method: str = "GET", version: str = "HTTP/1.1") -> bytes:
    """A request as a browser sends it."""
    return f"{method} {target} {version}\r\nHost: localhost:8844\r\nAccept: */*\r\n\r\n".encode("latin-1")


def test_the_code_that_comes_with_the_state_is_the_answer() -> None:
    """It gets its page when it is known what became of it."""
    found = answer(get("/auth?code=c%2Bd%2F1&state=st%2F4te&session_state=x"), EXPECTED)
    assert (found.code, found.error, found.response) == ("c+d/1", None, b"")
    assert "c+d" not in repr(found)


@pytest.mark.parametrize(
    "request_",
    [
        get("/favicon.ico"),
        get("/"),
        get("/auth"),
        get("/auth?"),
        get("/auth?code=c"),
        get("/auth?code=c&state="),
        get("/auth?code=c&state=st/4tE"),
        get("/auth?code=c&state=st/4te&state=st/4te"),
        get("/auth?code=c&code=d&state=st/4te"),
        get("/auth?state=st/4te"),
        get("/auth?code=&state=st/4te"),
        get("/auth?code=%0d%0a&state=st/4te"),
        get("/auth?code=%ff&state=st/4te"),
        get("/auth?code=c&state=%ff"),
        get("/auth?code=c&state=%ed%a0%80"),
        get("/auth?code=" + "c" * 8193 + "&state=st/4te"),
        get("/auth?code=c&state=st/4te" + "&x=" * 40),
        get("/auth/?code=c&state=st/4te"),
        get("/AUTH?code=c&state=st/4te"),
        get("//auth?code=c&state=st/4te"),
        get("http://localhost/auth?code=c&state=st/4te"),
        get("/auth?code=c&state=st/4te", method="POST"),
        get("/auth?code=c&state=st/4te", method="HEAD"),
        get("/auth?code=c&state=st/4te", method="get"),
        get("/auth?code=c&state=st/4te", version="HTTP/2"),
        get("/auth?code=c&state=st/4te#x y"),
        get("/auth?code=\xe9&state=st/4te"),
        b"GET /auth?code=c&state=st/4te HTTP/1.1\r\n",
        b"GET /auth?code=c&state=st/4te\r\n\r\n",
        b"",
        b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        get("/auth?code=c&state=st/4te").replace(b"Accept", b"X" * MAX_REQUEST_BYTES),
    ],
)
def test_all_else_is_a_bad_request(request_: bytes) -> None:
    found = answer(request_, EXPECTED)
    assert (found.code, found.error, found.response) == ("", None, bad_request())


@pytest.mark.parametrize("error", ["access_denied", "server_error"])
def test_a_no_without_the_state_is_nobodys(error: str) -> None:
    """Any page in any browser can send somebody here."""
    assert answer(get(f"/auth?error={error}"), EXPECTED).error is None


@pytest.mark.parametrize(
    ("query", "kind", "text"),
    [
        ("error=access_denied", LoginRefusedError, "denied in the browser (access_denied); log in again and allow it"),
        (
            "error=access_denied&error_description=not%20you%0a%1b[31m",
            LoginRefusedError,
            "(access_denied: not you [31m)",
        ),
        ("error=login_required&code=c", LoginRefusedError, "refused (login_required); the provider wants a person"),
        ("error=invalid_scope", LoginRefusedError, "check the setting scope"),
        ("error=temporarily_unavailable", UnreachableError, "try again in a minute"),
        ("error=%22%0a", LoginRefusedError, 'refused (")'),
    ],
)
def test_a_no_ends_the_login_and_says_why(query: str, kind: type[SessionError], text: str) -> None:
    """On one line; the browser is shown nothing of what the provider says."""
    found = answer(get(f"/auth?state=st/4te&{query}"), EXPECTED)
    assert type(found.error) is kind
    assert text in str(found.error)
    assert str(found.error).isprintable()
    assert (found.code, found.response) == ("", page(done=False))


@pytest.mark.parametrize(
    ("named", "said", "good"),
    [
        (True, f"&iss={ISSUER}", True),
        (True, "", False),
        (True, "&iss=", False),
        (True, f"&iss={ISSUER}/", False),
        (True, "&iss=https://evil.example.com", False),
        (False, "", True),
        (False, f"&iss={ISSUER}", True),
        (False, "&iss=https://evil.example.com", False),
    ],
)
@pytest.mark.parametrize("outcome", ["code=c", "error=access_denied"])
def test_another_provider_than_the_one_that_was_asked_is_refused(
    named: bool, said: str, good: bool, outcome: str
) -> None:
    """Where providers say who they are it has to be this one; one that says so always has to say it here (RFC 9207)."""
    expected = Expected("/auth", "st/4te", issuer=ISSUER, names_itself=named)
    found = answer(get(f"/auth?{outcome}&state=st/4te{said}"), expected)
    if good:
        assert found.code == "c" or "denied" in str(found.error)
    else:
        assert not found.code
        assert f"not from {ISSUER}" in str(found.error)


@pytest.mark.parametrize("whole", [page(done=True), page(done=False), bad_request()])
def test_pages_load_nothing_and_are_kept_nowhere(whole: bytes) -> None:
    """Their only style is the one that the policy names by its digest."""
    head, _, body = whole.decode("ascii").partition("\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
    assert int(headers["Content-Length"]) == len(body)
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    style = body.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = headers["Content-Security-Policy"].split("; ")
    assert policy[:2] == ["default-src 'none'", f"style-src 'sha256-{digest}'"]
    assert not any(word in body for word in ("http", "src=", "href=", "<script", "url("))


def test_no_more_is_read_than_a_request_can_have() -> None:
    assert not is_whole(b"GET / HTTP/1.1\r\nHost: x\r\n")
    assert is_whole(get("/"))
    assert not is_whole(b"x" * MAX_REQUEST_BYTES)
    assert is_whole(b"x" * (MAX_REQUEST_BYTES + 1))


def test_the_challenge_is_that_of_the_rfc() -> None:
    """RFC 7636, appendix B."""
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_every_login_has_secrets_of_its_own() -> None:
    """43 characters each, which is what RFC 7636 wants at least."""
    made = [text for proof in (Proof(), Proof()) for text in (proof.state, proof.nonce, proof.verifier)]
    assert len(set(made)) == 6
    assert {len(text) for text in made} == {43}
