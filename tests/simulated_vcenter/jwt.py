"""JSON Web Tokens, signed RS256: just what a test's identity provider needs."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from simulated_vcenter.keys import KeyPair


class InvalidJwt(Exception):  # noqa: N818  a state of the token, not of the simulator
    """Why a token is not taken."""


def signed(claims: dict[str, Any], pair: KeyPair) -> str:
    """Return a compact token."""
    head = {"alg": "RS256", "typ": "JWT", "kid": key_id(pair)}
    text = f"{_encoded(json.dumps(head).encode())}.{_encoded(json.dumps(claims).encode())}"
    return f"{text}.{_encoded(pair.sign(text.encode()))}"


def verified(token: str, pair: KeyPair, issuer: str, now: float) -> dict[str, Any]:
    """Return the claims of a token that this pair has signed for this issuer and that is valid now; raises InvalidJwt."""
    return verified_by_key(token, pair.key.public_key(), issuer, now)


def verified_by_key(token: str, key: rsa.RSAPublicKey, issuer: str, now: float) -> dict[str, Any]:
    """The same by the public key."""
    try:
        head, claims, signature = map(_decoded, token.split("."))
        algorithm = json.loads(head).get("alg")
    except (ValueError, binascii.Error, AttributeError):
        raise InvalidJwt("no JWT") from None
    if algorithm != "RS256":
        raise InvalidJwt(f"a JWT by {algorithm}")
    try:
        key.verify(signature, token.rpartition(".")[0].encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise InvalidJwt("the JWT's signature is not the provider's") from None
    told: dict[str, Any] = json.loads(claims)
    if told.get("iss") != issuer:
        raise InvalidJwt(f"the JWT is from {told.get('iss')}")
    if now >= told.get("exp", 0):
        raise InvalidJwt("the JWT has expired")
    return told


def key_set(pair: KeyPair) -> dict[str, Any]:
    """Return the pair's public key as a JSON Web Key Set."""
    numbers = pair.key.public_key().public_numbers()

    def number(value: int) -> str:
        return _encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))

    key = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": key_id(pair)}
    return {"keys": [key | {"n": number(numbers.n), "e": number(numbers.e)}]}


def public_keys(key_set: dict[str, Any]) -> list[rsa.RSAPublicKey]:
    """Return the RSA keys for signatures of a JSON Web Key Set."""
    return [
        rsa.RSAPublicNumbers(*(int.from_bytes(_decoded(key[name])) for name in ("e", "n"))).public_key()
        for key in key_set["keys"]
        if key["kty"] == "RSA" and key.get("use", "sig") == "sig"
    ]


def key_id(pair: KeyPair) -> str:
    """Return the name of the pair's key."""
    return f"{pair.certificate.serial_number:x}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
