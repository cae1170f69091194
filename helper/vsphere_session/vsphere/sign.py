"""`Authorization: SIGN …`, by which a REST session is made with a SAML token.

Source: the vSphere Automation API's session creation; what is signed, and that a port that the Host header does not name
counts as 80 though it is HTTPS, is govmomi's (`sts/signer.go`; f9d7bfdf, ebeaa71b, e5209e34, 384b1b95).
"""

from __future__ import annotations

from base64 import b64encode
from gzip import compress
from hashlib import sha256
from secrets import randbelow
from typing import TYPE_CHECKING

from vsphere_session.errors import InvalidRequestError

if TYPE_CHECKING:
    from vsphere_session.vsphere.saml import Assertion
    from vsphere_session.vsphere.security import Signer

_UNSAID_PORT = "80"


def sign_header(
    assertion: Assertion,
    method: str,
    path: str,
    host: str,
    *,
    now: float,
    sign: Signer | None = None,
    body: bytes = b"",
    nonce: int | None = None,
) -> str:
    """The value of Authorization for one request. A token for the holder of a key needs `sign`, by that key.

    path   as it stands in the request, without a query
    host   the value of the request's Host header
    now    Unix seconds, of this machine's clock
    nonce  a number of 63 bits, a new one where it is None

    Raises InvalidRequestError.
    """
    fields = {"token": b64encode(compress(assertion.text.encode(), mtime=0)).decode()}
    if assertion.holder_of_key:
        if sign is None:
            raise InvalidRequestError("the token is for the holder of a key; give certificate and private_key, too")
        number = randbelow(2**63) if nonce is None else nonce
        once, body_hash = f"{int(now * 1000)}:{number}", sha256(body).digest()
        fields |= {
            "signature_alg": "RSA-SHA256",
            "signature": b64encode(sign(signed_bytes(once, method, path, host, body_hash))).decode(),
            "nonce": once,
            "bodyhash": b64encode(body_hash).decode(),
        }
    return "SIGN " + ", ".join(f'{name}="{value}"' for name, value in fields.items())


def signed_bytes(nonce: str, method: str, path: str, host: str, body_hash: bytes) -> bytes:
    """What the signature is for: lines, the last of which is the digest of the body as it is."""
    name, colon, port = host.rpartition(":")
    if not colon or host.endswith("]"):
        name, port = host, _UNSAID_PORT
    lines = [nonce, method, path.partition("?")[0], name.lower(), port]
    return "".join(f"{line}\n" for line in lines).encode() + body_hash + b"\n"
