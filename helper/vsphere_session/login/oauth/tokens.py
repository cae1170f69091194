"""The tokens that a provider gives: in memory only, and shown nowhere."""

from __future__ import annotations

from base64 import urlsafe_b64decode

from credential_protocol.jsontext import decode
from vsphere_session.errors import UnreachableError

MAX_TOKEN_CHARACTERS = 256 * 1024  # groups of large companies make long ones
_BASE64URL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


class Tokens:
    """What a token endpoint gave.

    access   the access token: for vCenter's exchange, never kept
    refresh  with what the next ones are had, or empty
    id       the id token (a JWT), or empty
    expires  until when the access token is good, in seconds since the epoch; None if the provider did not say
    """

    __slots__ = ("access", "expires", "id", "refresh")

    def __init__(self, access: str, *, refresh: str = "", id: str = "", expires: float | None = None) -> None:  # noqa: A002  # the field's own name
        self.access = access
        self.refresh = refresh
        self.id = id
        self.expires = expires

    def __repr__(self) -> str:
        given = ", ".join(name for name in ("access", "refresh", "id") if getattr(self, name))
        return f"<Tokens: {given}>"

    def __reduce__(self) -> str:
        raise TypeError("tokens are kept in memory alone")


def read_tokens(answer: dict[str, object], place: str, now: float) -> Tokens:
    """The tokens in the answer of a token endpoint at the time `now` (RFC 6749, 5.1). Raises UnreachableError."""
    access, kind = answer.get("access_token"), answer.get("token_type", "Bearer")
    others = [answer.get(name) or "" for name in ("refresh_token", "id_token")]
    if not _is_token(access) or not all(token == "" or _is_token(token) for token in others):
        raise UnreachableError(f"{place} answered without an access token; check the URL of its token endpoint")
    if not isinstance(kind, str) or kind.lower() not in ("bearer", "n_a"):
        raise UnreachableError(f"{place} gave a token that is no bearer token; let the client be given bearer tokens")
    lasts = _seconds(answer.get("expires_in"))
    return Tokens(
        str(access), refresh=str(others[0]), id=str(others[1]), expires=None if lasts is None else now + lasts
    )


def _is_token(value: object) -> bool:
    """Whether `value` can stand in a header and in a form (RFC 6750, 2.1, and a little more)."""
    return isinstance(value, str) and 0 < len(value) <= MAX_TOKEN_CHARACTERS and all("!" <= c <= "~" for c in value)


def _seconds(value: object) -> float | None:
    """Numbers come as their own text; some providers write them as strings."""
    text = value if isinstance(value, str) else ""
    return float(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def claims(token: str) -> dict[str, object]:
    """What a JWT says, unverified; numbers are their own text.

    Raises ValueError, whose text has nothing of the token.
    """
    parts = token.split(".")
    if len(parts) != 3 or len(token) > MAX_TOKEN_CHARACTERS:
        raise ValueError("not a JWT")
    payload = parts[1]
    if not _BASE64URL.issuperset(payload):
        raise ValueError("not base64url")
    try:
        found = decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        raise ValueError("its payload is not JSON") from None
    if not isinstance(found, dict):
        raise ValueError("its payload is not a JSON object")
    return found
