"""Private keys in every kind of PEM, certificates of them, and what is none of that. A made-up passphrase opens them."""

from __future__ import annotations

import base64
import hashlib
import os
import ssl
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

PASSPHRASE = b"correct horse"
ENCRYPTED = ["PKCS#8, encrypted", "PKCS#1, encrypted", "PKCS#1, encrypted by 3DES"]
CLEAR = ["PKCS#8", "PKCS#1"]
WEAK = (  # 512 bits, base64 of PKCS#1: nobody makes such a key any more
    "MIIBOwIBAAJBALsOLIYb1XpygQPwjOJxEtyvxh8fN+5FFSCIZUXfKgtvMgfWoLc1YVIscNWnKKmunl9GsAGfDb9ouR7LDym7yrkC"
    "AwEAAQJAYRAGzIQu7z3xcnDlOi9AgWF4ZffWFv6j6uC75FjbwVhKFTPRzzkqSOFDt0jJdySoX7N1nyD7vtGOlcq2glbzbQIhAPbe"
    "56eloXUeiLGZGFu3P40hh6G2S+6IaFmivuKRHEJfAiEAwfkBG4IgiCItqwM4ygL8mEQIiGoQXaUYGvSv0+FDeecCIQDajCcEcUro"
    "Rim5H9FCkI2AQWizLpE2EChhAgR+yvv7fQIgTFKo/+Ts3gPsyjxjTQFt2I/0d5CcTeyXFowu3wTk4wMCIQCmHpeky7+gRQlQ42p7"
    "Y6CgsfMBrBp6TQzc0udGaF89tQ=="
)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
_PKCS1 = PrivateFormat.TraditionalOpenSSL


@cache
def rsa_key(bits: int = 2048, number: int = 0) -> rsa.RSAPrivateKey:
    """One key for each size and number."""
    del number  # only tells keys apart
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def pem(
    key: Key, form: PrivateFormat = PrivateFormat.PKCS8, encryption: KeySerializationEncryption | None = None
) -> bytes:
    return key.private_bytes(Encoding.PEM, form, encryption or NoEncryption())


def kind(name: str, key: Key | None = None, passphrase: bytes = PASSPHRASE) -> bytes:
    """A key in the kind of PEM that has this name; RSA, if no key is given."""
    key = key or rsa_key()
    form = PrivateFormat.PKCS8 if name.startswith("PKCS#8") else _PKCS1
    if name.endswith("3DES"):
        return _by_triple_des(key.private_bytes(Encoding.DER, form, NoEncryption()), passphrase)
    return pem(key, form, BestAvailableEncryption(passphrase) if name.endswith("encrypted") else None)


def certificate(key: Key, *, by: Key | None = None) -> bytes:
    """A certificate for this key, signed by itself or by another one."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a solution user")])
    now = datetime.now(UTC)
    signer = by or key
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM)


def block(label: str, data: bytes, headers: str = "") -> bytes:
    """One block of a PEM file."""
    text = ssl.DER_cert_to_PEM_cert(data).split("-----")[2].lstrip()
    return f"-----BEGIN {label}-----\n{headers}{text}-----END {label}-----\n".encode()


def weak_key() -> bytes:
    """An RSA key that is too short for its signatures to prove anything."""
    return block("RSA PRIVATE KEY", base64.b64decode(WEAK))


def encrypted_by_nobody_knows_what() -> bytes:
    """PKCS#8 under an encryption with an object identifier that nobody has."""
    algorithm = bytes.fromhex("3007 0603 2a0304 0500")
    return block("ENCRYPTED PRIVATE KEY", b"\x30\x1b" + algorithm + b"\x04\x10" + bytes(16))


def _by_triple_des(der: bytes, passphrase: bytes) -> bytes:
    """As `openssl genrsa -des3` wrote keys for decades (EVP_BytesToKey by MD5)."""
    vector = os.urandom(8)
    first = hashlib.md5(passphrase + vector, usedforsecurity=False).digest()
    key = first + hashlib.md5(first + passphrase + vector, usedforsecurity=False).digest()[:8]
    padding = 8 - len(der) % 8
    encryptor = Cipher(TripleDES(key), modes.CBC(vector)).encryptor()
    data = encryptor.update(der + bytes([padding]) * padding) + encryptor.finalize()
    return block("RSA PRIVATE KEY", data, f"Proc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,{vector.hex().upper()}\n\n")
