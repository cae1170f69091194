"""The fleet's keys: with them sessions are sealed, so that neither the engine nor who administers it can use one.

A sealed session is MAGIC, whose last byte is the version, 8 bytes that name the key, a random 96-bit nonce, and what
AES-256-GCM makes of the deflated bytes. Bound into it is where it stands: name, kind, key text and fence. What was put
into another place does not open, nor does an old one under a newer fence. Each place has a key of its own, derived by
HKDF-SHA256 (RFC 5869), so that random nonces are good for as long as anybody uses it.
"""

from __future__ import annotations

import os
import re
import zlib
from base64 import b64decode, b64encode
from hashlib import sha256
from hmac import digest as hmac

from vsphere_session.crypto.aes_gcm import AES256GCM, KEY_BYTES, NONCE_BYTES
from vsphere_session.crypto.provider import provider
from vsphere_session.errors import InvalidRequestError, UnsupportedError

MAGIC = b"vsphere-fleet\x01"
MAX_SESSION_BYTES = 64 * 1024
MAX_KEYS = 16
_ID_BYTES = 8
_HEAD_BYTES = len(MAGIC) + _ID_BYTES
_IDENTITY = re.compile(r"[A-Za-z0-9._-]{1,32}")
_WRITE = (
    "write lines of ID:KEY, each ID 1 to 32 of A-Z a-z 0-9 . _ - and each KEY the base64 of 32 random bytes, "
    "as of `openssl rand -base64 32`"
)


class UnknownKeyError(ValueError):
    """Sealed with a key that is not among these: `key_id` in hexadecimal digits. Such a session is another's."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"sealed with another key ({key_id})")
        self.key_id = key_id


class NotOpenedError(ValueError):
    """Not what was sealed for this place with this key: tampered with, from elsewhere, or nothing of ours."""


def new_key(identity: str) -> str:
    """A line with a new key. Raises InvalidRequestError for what cannot be an ID."""
    if not _IDENTITY.fullmatch(identity):
        raise InvalidRequestError("a key's ID is 1 to 32 of A-Z a-z 0-9 . _ -")
    return f"{identity}:{b64encode(os.urandom(KEY_BYTES)).decode()}"


class Keys:
    """All keys of a fleet, by ID: the first one seals, and each opens what it has sealed.

    seal, open  raise UnsupportedError where nothing can do AES
    """

    def __init__(self, masters: dict[str, bytes]) -> None:
        self._masters = masters
        self._by_key_id = {_key_id(identity): identity for identity in masters}

    def __repr__(self) -> str:
        return f"Keys(ids={self.ids})"

    @classmethod
    def of_text(cls, text: str) -> Keys:
        """The keys of a file: a line each, beside comments (`#`) and empty lines. Raises InvalidRequestError."""
        masters: dict[str, bytes] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            identity, master = _of_line(line.strip(), number)
            if identity in masters:
                raise InvalidRequestError(
                    f"line {number} of the fleet's key has an ID that stands above; give each key its own"
                )
            masters[identity] = master
        if not masters:
            raise InvalidRequestError(f"the fleet's key is empty; {_WRITE}")
        if len(masters) > MAX_KEYS:
            raise InvalidRequestError(
                f"the fleet's key has more than {MAX_KEYS} lines; take out those that nothing is sealed with"
            )
        return cls(masters)

    @property
    def ids(self) -> tuple[str, ...]:
        """Their IDs; the first one's seals."""
        return tuple(self._masters)

    def seal(self, data: bytes, *, name: str, kind: str, key_text: str, fence: int) -> bytes:
        """A session sealed for its place. Raises ValueError for one of more than MAX_SESSION_BYTES."""
        if len(data) > MAX_SESSION_BYTES:
            raise ValueError(f"a session of more than {MAX_SESSION_BYTES} bytes is not shared")
        identity = self.ids[0]
        head, nonce = MAGIC + _key_id(identity), os.urandom(NONCE_BYTES)
        sealed = self._cipher(identity, name).encrypt(
            nonce, zlib.compress(data), _bound(head, name, kind, key_text, fence)
        )
        return head + nonce + sealed

    def open(self, sealed: bytes, *, name: str, kind: str, key_text: str, fence: int) -> bytes:
        """What was sealed for this place. Raises UnknownKeyError, NotOpenedError."""
        key_id = _key_id_in(sealed)
        if not key_id:
            raise NotOpenedError("nothing that was sealed")
        if key_id not in self._by_key_id:
            raise UnknownKeyError(key_id.hex())
        head, rest = sealed[:_HEAD_BYTES], sealed[_HEAD_BYTES:]
        cipher = self._cipher(self._by_key_id[key_id], name)
        packed = cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], _bound(head, name, kind, key_text, fence))
        if packed is None:
            raise NotOpenedError("not sealed for this place with this key")
        return _inflated(packed)

    def mark(self, name: str, text: str) -> list[str]:
        """By what a credential is known that was refused, without being told: under each key, the first one's first."""
        data = text.encode("utf-8", "surrogatepass")
        return [hmac(_subkey(master, "mark", name), data, "sha256").hex() for master in self._masters.values()]

    def id_of(self, sealed: bytes) -> str:
        """Which key it was sealed with: the ID, or 16 hexadecimal digits of one that is not here; empty if none at all."""
        key_id = _key_id_in(sealed)
        return self._by_key_id.get(key_id, key_id.hex())

    def _cipher(self, identity: str, name: str) -> AES256GCM:
        found = provider()
        if found is None:
            raise UnsupportedError("a fleet needs cryptography; pip install 'vsphere-session-helper[fleet]'")
        return AES256GCM(found, _subkey(self._masters[identity], "session", name))


def hkdf_sha256(master: bytes, *, info: bytes, salt: bytes = b"", length: int = KEY_BYTES) -> bytes:
    """RFC 5869: a key of so many bytes from another one."""
    pseudorandom = hmac(salt or bytes(32), master, "sha256")
    block, made = b"", b""
    for counter in range(1, -(-length // 32) + 1):
        block = hmac(pseudorandom, block + info + bytes([counter]), "sha256")
        made += block
    return made[:length]


def _subkey(master: bytes, purpose: str, name: str) -> bytes:
    return hkdf_sha256(master, info=f"vsphere-fleet {purpose} {name}".encode("utf-8", "surrogatepass"))


def _of_line(line: str, number: int) -> tuple[str, bytes]:
    identity, _, encoded = line.partition(":")
    try:
        master = b64decode(encoded, validate=True) if encoded.isascii() else b""
    except ValueError:
        master = b""
    if not _IDENTITY.fullmatch(identity) or len(master) != KEY_BYTES or b64encode(master).decode() != encoded:
        raise InvalidRequestError(f"line {number} of the fleet's key is none; {_WRITE}")
    return identity, master


def _key_id(identity: str) -> bytes:
    return sha256(identity.encode()).digest()[:_ID_BYTES]


def _key_id_in(sealed: bytes) -> bytes:
    return sealed[len(MAGIC) : _HEAD_BYTES] if sealed.startswith(MAGIC) and len(sealed) >= _HEAD_BYTES else b""


def _bound(head: bytes, name: str, kind: str, key_text: str, fence: int) -> bytes:
    """Each part with its length before it: no two places have the same."""
    parts = [part.encode("utf-8", "surrogatepass") for part in (name, kind, key_text, str(fence))]
    return head + b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _inflated(packed: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(packed, MAX_SESSION_BYTES + 1)
    except zlib.error:
        raise NotOpenedError("sealed by something else") from None
    if len(data) > MAX_SESSION_BYTES or not inflater.eof or inflater.unused_data:
        raise NotOpenedError("sealed by something else")
    return data
