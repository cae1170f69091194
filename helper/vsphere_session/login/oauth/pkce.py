"""What binds an answer of the browser to the question: state, nonce, and the verifier of PKCE (RFC 7636)."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256

_BYTES = 32  # 256 bits each; a verifier of 43 characters, as RFC 7636 recommends


class Proof:
    """Made anew for each login, and shown nowhere.

    state     comes back with the redirect: the answer belongs to our question
    nonce     comes back in the id token: the token belongs to our login
    verifier  goes to the token endpoint: only who asked can redeem the code
    """

    __slots__ = ("nonce", "state", "verifier")

    def __init__(self) -> None:
        self.state = secrets.token_urlsafe(_BYTES)
        self.nonce = secrets.token_urlsafe(_BYTES)
        self.verifier = secrets.token_urlsafe(_BYTES)

    @property
    def challenge(self) -> str:
        """What the browser shows of the verifier: its SHA-256 (the method S256)."""
        return challenge_of(self.verifier)


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636, 4.2)."""
    return urlsafe_b64encode(sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")
