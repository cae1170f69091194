"""Digests without `hashlib`, whose import loads all of OpenSSL: the warm path needs one SHA-256 and nothing else."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from hashlib import _Hash


def _find_sha256() -> Callable[[bytes], _Hash]:
    """CPython's own SHA-256: `_sha2` since 3.12, `_sha256` before; other interpreters may have neither."""
    for name in ("_sha2" if sys.version_info >= (3, 12) else "_sha256", "hashlib"):
        try:
            found: Callable[[bytes], _Hash] = __import__(name).sha256
        except ImportError:
            continue
        return found
    raise ImportError("this Python has no SHA-256")


_sha256 = _find_sha256()


def sha256_hex(data: bytes) -> str:
    """The SHA-256 of `data`, 64 hexadecimal digits."""
    return _sha256(data).hexdigest()


def session_digest(session_id: str) -> str:
    """What the helper's own record keeps of a session id: enough to recognise it, useless to a thief."""
    return sha256_hex(b"vsphere-session\0" + session_id.encode("utf-8", "surrogatepass"))[:32]
