"""`Authorization: SIGN` of the REST session services: a token, and for one that is bound to a key its signature."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from typing import TYPE_CHECKING

from simulated_vcenter import token_login
from simulated_vcenter.messages import Request
from simulated_vcenter.sessions import Session

if TYPE_CHECKING:
    from simulated_vcenter.state import State
    from simulated_vcenter.tokens import Token

_PARAMETER = re.compile(r'([a-z_]+)="([^"]*)"')
_LARGEST_TOKEN = 1 << 20
_NONCE = re.compile(r"(\d{1,15}):\d+")
_NONCE_SECONDS = 600.0


class _Wrong(Exception):  # noqa: N818  a state of the request, not of the simulator
    """Why the header is refused."""


def log_in(state: State, request: Request, authorization: str) -> Session:
    """Open a REST session for the token in the header; raises Refused or SessionLimitReached."""
    sts = state.sts
    if sts is None:
        raise state.refusal("no STS")
    from simulated_vcenter.sts import AUDIENCE
    from simulated_vcenter.tokens import InvalidToken, verified

    try:
        given = _parameters(authorization.removeprefix("SIGN "))
        assertion = _unpacked(given.get("token", ""))
        token = verified(assertion, sts.signer.certificate, state.clock.now(), AUDIENCE)
        if token.holder_of_key is not None:
            _check_signature(state, request, token, given)
    except (_Wrong, InvalidToken) as error:
        raise state.refusal(str(error)) from None
    return token_login.opened(state, token, "rest", request)


def signed_text(nonce: str, method: str, path: str, host_header: str, body: bytes) -> bytes:
    """Return the bytes under the signature; without a port in the Host header it is 80, though it is HTTPS."""
    host, colon, port = host_header.lower().rpartition(":")
    if not colon or port.endswith("]"):
        host, port = host_header.lower(), "80"
    lines = "".join(f"{each}\n" for each in (nonce, method, path.partition("?")[0], host, port))
    return lines.encode() + hashlib.sha256(body).digest() + b"\n"


def _parameters(text: str) -> dict[str, str]:
    """`name="value"`, each name once, commas between."""
    parts = [_PARAMETER.fullmatch(each.strip()) for each in text.split(",")]
    found = [(part[1], part[2]) for part in parts if part is not None]
    if len(found) != len(parts) or len(dict(found)) != len(found):
        raise _Wrong("the header's parameters make no sense")
    return dict(found)


def _unpacked(encoded: str) -> bytes:
    try:
        data = base64.b64decode(encoded, validate=True)
        reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
        assertion = reader.decompress(data, _LARGEST_TOKEN)
    except (binascii.Error, zlib.error) as error:
        raise _Wrong(f"the token is not base64 of gzip: {error}") from None
    if not reader.eof or reader.unused_data:
        raise _Wrong("the token is not one whole gzip stream")
    return assertion


def _check_signature(state: State, request: Request, token: Token, given: dict[str, str]) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    missing = {"signature_alg", "signature", "nonce", "bodyhash"} - set(given)
    if missing:
        raise _Wrong(f"a holder-of-key token, and no {', '.join(sorted(missing))}")
    if given["signature_alg"] != "RSA-SHA256":
        raise _Wrong(f"signature_alg {given['signature_alg']}")
    when = _NONCE.fullmatch(given["nonce"])
    if when is None:
        raise _Wrong("the nonce is not milliseconds, colon, number")
    if abs(int(when[1]) / 1000 - state.clock.now()) > _NONCE_SECONDS:
        raise _Wrong("the nonce's time is off by more than 10 minutes")
    if given["bodyhash"] != base64.b64encode(hashlib.sha256(request.body).digest()).decode():
        raise _Wrong("bodyhash is not that of the body")
    text = signed_text(given["nonce"], request.method, request.path, request.headers.get("host", ""), request.body)
    assert token.holder_of_key is not None, "only such a token gets here"
    key = token.holder_of_key.public_key()
    assert isinstance(key, rsa.RSAPublicKey), "the STS binds tokens to RSA keys only"
    try:
        signature = base64.b64decode(given["signature"], validate=True)
        key.verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error):
        raise _Wrong("the signature is not over this request, or not by the token's key") from None
    with state.lock:
        if given["nonce"] in state.nonces:
            raise _Wrong("the nonce was seen before")
        state.nonces.add(given["nonce"])
