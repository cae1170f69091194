"""Session files that only this user's keyring can open, for people who may not keep session ids in clear.

A sealed file is MAGIC, whose last byte is the version, a random 96-bit nonce, and what AES-256-GCM makes of the bytes
that govmomi's file would have. Bound into it is the key's text, which names endpoint, user, kind and `insecure`: a file
that was put in the place of another one does not open. The 256-bit key is in the platform's keyring and nowhere else.
"""

from __future__ import annotations

import os

from vsphere_session.crypto.aes_gcm import AES256GCM, KEY_BYTES, NONCE_BYTES
from vsphere_session.crypto.provider import provider
from vsphere_session.errors import UnsupportedError
from vsphere_session.secrets.keyring_store import KeyringStore
from vsphere_session.storage.lock import Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.clock import Clock, Deadline

MAGIC = b"vsphere-session\x01"
_PLACE, _NAME = "session-key", "aes-256-gcm"
"""What the keyring calls the key: the service `vsphere-session:session-key`, and this as the user's name."""
_CHOOSE = 'have the sessions in clear: session_store = "files" in the configuration'


class Seal:
    """Closes and opens session files. The keyring is asked when the first one is there, and once.

    Every method raises UnsupportedError where there is no `cryptography` or no keyring, StorageError where that fails or
    is locked, BusyError where it does not answer.
    """

    def __init__(self, state: str, clock: Clock, until: Callable[[], Deadline]) -> None:
        self._lock = os.path.join(state, "locks", "session-key")
        self._clock = clock
        self._until = until
        self._cipher: AES256GCM | None = None

    def ready(self) -> AES256GCM:
        """See to it that files can be closed: the key is made if there is none, by one of many callers."""
        cipher = self._found()
        if cipher is not None:
            return cipher
        with Lock(self._lock, self._clock) as lock:
            lock.acquire(self._until())
            if self._found() is None:
                self._keyring().set(_PLACE, _NAME, os.urandom(KEY_BYTES).hex())
            cipher = self._found()
        if cipher is None:  # keyring's own null back-end
            raise UnsupportedError(f"the platform's keyring keeps nothing; configure another, or {_CHOOSE}")
        return cipher

    def look(self) -> None:
        """See whether files could be closed and opened, and make no key."""
        self._found()

    def close(self, data: bytes, name: str) -> bytes:
        """The bytes of the file for `data`; `name` is the key's text."""
        nonce = os.urandom(NONCE_BYTES)
        return MAGIC + nonce + self.ready().encrypt(nonce, data, _bound(name))

    def open(self, data: bytes, name: str) -> bytes:
        """What was closed under this name; empty for anything else: tampered with, of another key, another name."""
        cipher = self._found() if data.startswith(MAGIC) else None
        if cipher is None:
            return b""
        start = len(MAGIC) + NONCE_BYTES
        return cipher.decrypt(data[len(MAGIC) : start], data[start:], _bound(name)) or b""

    def _found(self) -> AES256GCM | None:
        """The cipher with the keyring's key; None if that has none, or something else in its place."""
        if self._cipher is None:
            found = provider()
            if found is None:
                raise UnsupportedError(
                    f"encrypting sessions needs cryptography; pip install 'vsphere-session-helper[encrypted]', or {_CHOOSE}"
                )
            text = self._keyring().get(_PLACE, _NAME) or ""
            try:
                self._cipher = AES256GCM(found, bytes.fromhex(text)) if len(text) == 2 * KEY_BYTES else None
            except ValueError:  # these are not that many hexadecimal digits
                pass
        return self._cipher

    def _keyring(self) -> KeyringStore:
        return KeyringStore(self._until(), instead=_CHOOSE)


def _bound(name: str) -> bytes:
    return MAGIC + name.encode("utf-8", "surrogatepass")
