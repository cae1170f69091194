"""`Authorization: SIGN …`: the token as it is, and for the holder of a key a signature over the request."""

from __future__ import annotations

import gzip
import re
from base64 import b64decode
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from crypto.keys import kind, rsa_key
from vsphere.made_tokens import NOW, token
from vsphere_session.crypto.private_key import PrivateKey
from vsphere_session.errors import InvalidRequestError
from vsphere_session.vsphere.saml import read_token
from vsphere_session.vsphere.sign import sign_header

KEY = PrivateKey(kind("PKCS#8"))
BEARER, ISSUED = (read_token(token(method=method).encode()) for method in ("bearer", "holder-of-key"))
PATH = "/rest/com/vmware/cis/session"


def fields(header: str) -> dict[str, str]:
    scheme, _, rest = header.partition(" ")
    assert scheme == "SIGN"
    found = re.findall(r'(\w+)="([^"\s]*)"', rest)
    assert ", ".join(f'{name}="{value}"' for name, value in found) == rest
    return dict(found)


def test_a_bearer_token_is_all_there_is() -> None:
    header = sign_header(BEARER, "POST", PATH, "vc.example.com", now=NOW, sign=KEY.sign)
    found = fields(header)
    assert list(found) == ["token"]
    assert gzip.decompress(b64decode(found["token"], validate=True)).decode() == BEARER.text
    assert header.isascii()
    assert header.isprintable()


@pytest.mark.parametrize(
    ("host", "lines"),
    [
        ("vc.example.com", "vc.example.com\n80"),
        ("VC.Example.com:8443", "vc.example.com\n8443"),
        ("[2001:DB8::1]", "[2001:db8::1]\n80"),
        ("[2001:db8::1]:443", "[2001:db8::1]\n443"),
        ("10.0.0.1:8989", "10.0.0.1\n8989"),
    ],
)
@pytest.mark.parametrize("body", [b"", b"{}"])
def test_the_holder_of_a_key_signs_time_method_path_host_port_and_body(host: str, lines: str, body: bytes) -> None:
    """The port is the Host header's, and 80 where that has none, though it is HTTPS."""
    found = fields(sign_header(ISSUED, "POST", f"{PATH}?a=b", host, now=NOW, sign=KEY.sign, body=body, nonce=7))
    assert found["nonce"] == "1790000000000:7"
    assert b64decode(found["bodyhash"], validate=True) == sha256(body).digest()
    assert found["signature_alg"] == "RSA-SHA256"
    signed = f"1790000000000:7\nPOST\n{PATH}\n{lines}\n".encode() + sha256(body).digest() + b"\n"
    rsa_key().public_key().verify(b64decode(found["signature"], validate=True), signed, PKCS1v15(), SHA256())


def test_no_two_requests_have_the_same_nonce() -> None:
    nonces = {fields(sign_header(ISSUED, "POST", PATH, "vc", now=NOW, sign=KEY.sign))["nonce"] for _ in range(9)}
    assert len(nonces) == 9
    assert all(0 <= int(nonce.partition(":")[2]) < 2**63 for nonce in nonces)


def test_a_token_for_the_holder_of_a_key_is_not_sent_without_it() -> None:
    with pytest.raises(InvalidRequestError, match="holder of a key"):
        sign_header(ISSUED, "POST", PATH, "vc", now=NOW)
