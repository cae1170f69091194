"""What holds for every request at the redirect URI and every id token."""

from __future__ import annotations

from vsphere_session.login.oauth.redirect import MAX_CODE_CHARACTERS, Answer, Expected, answer, bad_request, page
from vsphere_session.login.oauth.tokens import claims

EXPECTED = Expected("/auth", "s/1", issuer="https://idp.example.com")


def parse_redirect(data: bytes) -> Answer:
    """A request, while one login waits."""
    return answer(data, EXPECTED)


def check_redirect(data: bytes, found: Answer) -> None:
    """A code, the end of the login or a bad request, one of them; and nothing of the request is in a page."""
    assert found.response in (b"", page(done=False), bad_request())
    assert bool(found.code) == (found.response == b"")
    assert (found.error is not None) == (found.response == page(done=False))
    if found.code or found.error is not None:
        assert data.startswith(b"GET /auth?")
        assert b"s/1" in data or b"%" in data, "whoever is heard knows the state"
    if found.code:
        assert len(found.code) <= MAX_CODE_CHARACTERS
        assert found.code.isascii()
        assert found.code.isprintable()
    if found.error is not None:
        assert str(found.error).isprintable()


def check_claims(data: bytes, said: dict[str, object]) -> None:
    """The middle one of three parts says it alone."""
    _header, payload, _signature = data.split(b".")
    assert claims(f"x.{payload.decode()}.") == said
