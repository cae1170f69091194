"""AES-256-GCM under one key: what is encrypted cannot be read, and what was tampered with is not decrypted."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.crypto.interface import Provider

KEY_BYTES = 32
NONCE_BYTES = 12


class AES256GCM:
    """One key. Raises ValueError where that has not 32 bytes."""

    def __init__(self, provider: Provider, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError("AES-256 takes a key of 32 bytes")
        self._provider = provider
        self._key = key

    def encrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        """`data` encrypted, bound to `associated`. A nonce is never used twice under one key."""
        return self._provider.encrypt_gcm(self._key, nonce, data, associated)

    def decrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes | None:
        """What was encrypted so; None if nothing was: cut short, too, wherever that be."""
        if len(nonce) != NONCE_BYTES:
            return None
        return self._provider.decrypt_gcm(self._key, nonce, data, associated)
