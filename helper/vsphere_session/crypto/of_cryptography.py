"""What `interface.py` asks for, by the package `cryptography`."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

from vsphere_session.crypto.aes_gcm import KEY_BYTES, NONCE_BYTES

_LEAST_BITS = 1024


def encrypt_gcm(key: bytes, nonce: bytes, data: bytes, associated: bytes) -> bytes:
    """AES-256-GCM."""
    return _cipher(key, nonce).encrypt(nonce, data, associated)


def decrypt_gcm(key: bytes, nonce: bytes, data: bytes, associated: bytes) -> bytes | None:
    """What was encrypted so, or None."""
    try:
        return _cipher(key, nonce).decrypt(nonce, data, associated)
    except InvalidTag:
        return None


def load_private_key(pem: bytes, passphrase: bytes | None) -> RSAPrivateKey:
    """An RSA key. Raises ValueError."""
    try:
        key: object = load_pem_private_key(pem, None)
    except TypeError:
        key = _decrypted(pem, passphrase)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("damaged") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("not rsa")  # nobody's mistake in this program
    if key.key_size < _LEAST_BITS:
        raise ValueError("weak")
    return key


def sign(key: RSAPrivateKey, data: bytes) -> bytes:
    """RSASSA-PKCS1-v1_5 with SHA-256."""
    return key.sign(data, PKCS1v15(), SHA256())


def belongs_to(key: RSAPrivateKey, certificate: bytes) -> bool:
    """Whether this certificate is for this key. Raises ValueError."""
    try:
        public = load_pem_x509_certificate(certificate).public_key()
    except UnsupportedAlgorithm:  # of a kind that is not known here, so not this one
        return False
    except ValueError:
        raise ValueError("damaged") from None
    return isinstance(public, RSAPublicKey) and public.public_numbers() == key.public_key().public_numbers()


def _cipher(key: bytes, nonce: bytes) -> AESGCM:
    if len(key) != KEY_BYTES or len(nonce) != NONCE_BYTES:
        raise ValueError("AES-256-GCM takes a key of 32 bytes and a nonce of 12")
    return AESGCM(key)


def _decrypted(pem: bytes, passphrase: bytes | None) -> object:
    if not passphrase:
        raise ValueError("no passphrase")
    try:
        return load_pem_private_key(pem, passphrase)
    except UnsupportedAlgorithm:
        raise ValueError("unsupported") from None
    except ValueError as error:  # a wrong passphrase can leave what looks like anything
        raise ValueError("unsupported" if "unknown" in str(error).lower() else "wrong passphrase") from None
