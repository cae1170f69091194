"""Digests without `hashlib`, whose import takes long and loads all of OpenSSL, which a warm answer does without.

The only file that imports `_sha1`, `_sha256` and `_sha2`; where an interpreter lacks them, `hashlib` does.

On the fast path.
"""

from __future__ import annotations

import sys

try:
    if sys.version_info >= (3, 12):
        from _sha2 import sha256
    else:
        from _sha256 import sha256  # type: ignore[import-not-found]  # typeshed has only `hashlib`
except ImportError:
    from hashlib import sha256


def sha256_hex(data: bytes) -> str:
    """The SHA-256 of `data`, 64 hexadecimal digits."""
    return sha256(data).hexdigest()  # type: ignore[no-any-return]


def sha1_hex(data: bytes) -> str:
    """The SHA-1 of `data`, 40 hexadecimal digits, for names that others have given by it."""
    try:
        from _sha1 import sha1  # type: ignore[import-not-found]  # noqa: PLC0415  # few names are given so
    except ImportError:
        from hashlib import sha1  # noqa: PLC0415  # the same

    return sha1(data).hexdigest()  # type: ignore[no-any-return]  # noqa: S324  # nosec B324  # govmomi's names are made so


def session_digest(session_id: str) -> str:
    """What the helper's own record keeps of a session id: enough to recognise it, useless to a thief."""
    return sha256_hex(b"vsphere-session\0" + session_id.encode("utf-8", "surrogatepass"))[:32]


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104), 32 bytes, under a key of at most 64 bytes, without `hmac`, which imports `hashlib`."""
    padded = key.ljust(64, b"\0")
    inner = sha256(bytes(byte ^ 0x36 for byte in padded) + data).digest()
    return sha256(bytes(byte ^ 0x5C for byte in padded) + inner).digest()  # type: ignore[no-any-return]
