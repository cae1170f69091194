"""Digests without `hashlib`, whose import takes long and loads all of OpenSSL, which a warm answer does without.

On the fast path.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from hashlib import _Hash


def _find(name: str, module: str) -> Callable[[bytes], _Hash]:
    """CPython's own; other interpreters may have none."""
    for place in (module, "hashlib"):
        try:
            found: Callable[[bytes], _Hash] = getattr(__import__(place), name)
        except ImportError:
            continue
        return found
    raise ImportError(f"this Python has no {name}")


_sha256 = _find("sha256", "_sha2" if sys.version_info >= (3, 12) else "_sha256")


def sha256_hex(data: bytes) -> str:
    """The SHA-256 of `data`, 64 hexadecimal digits."""
    return _sha256(data).hexdigest()


def sha1_hex(data: bytes) -> str:
    """The SHA-1 of `data`, 40 hexadecimal digits, for names that others have given by it."""
    return _find("sha1", "_sha1")(data).hexdigest()


def session_digest(session_id: str) -> str:
    """What the helper's own record keeps of a session id: enough to recognise it, useless to a thief."""
    return sha256_hex(b"vsphere-session\0" + session_id.encode("utf-8", "surrogatepass"))[:32]
