"""What cryptography is needed, as a type: in a module of its own, since a program can do without `typing`."""

from __future__ import annotations

from typing import Protocol


class Provider(Protocol):
    """What each implementation can do. No text of an exception has any of what was given in it."""

    def encrypt_gcm(self, key: bytes, nonce: bytes, data: bytes, associated: bytes, /) -> bytes:
        """AES-256-GCM: as many bytes as `data` has, and the tag of 16.

        Raises ValueError where the key has not 32 bytes or the nonce not 12.
        """

    def decrypt_gcm(self, key: bytes, nonce: bytes, data: bytes, associated: bytes, /) -> bytes | None:
        """What was encrypted so; None if it was not: another key, nonce or associated data, or tampered with.

        Raises ValueError as `encrypt_gcm` does.
        """

    def load_private_key(self, pem: bytes, passphrase: bytes | None, /) -> object:
        """An RSA key from a PEM (PKCS#1 or PKCS#8, each encrypted or not), for the methods below.

        A passphrase that is not needed is not used. Raises ValueError with one of these words: `no passphrase`,
        `wrong passphrase` (or damaged within what is encrypted), `unsupported` (an encryption), `not rsa`, `weak`
        (fewer than 1024 bits), `damaged` (or no key at all).
        """

    def sign(self, key: object, data: bytes, /) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256."""

    def belongs_to(self, key: object, certificate: bytes, /) -> bool:
        """Whether this certificate, the first of a PEM, is for this key. Raises ValueError if it cannot be read."""
