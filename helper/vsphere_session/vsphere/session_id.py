"""What a session id is, and the names that govmomi and servers have for it. On the fast path."""

from __future__ import annotations

SOAP_COOKIE = "vmware_soap_session"
GOVMOMI_VIM_VERSION = "9.1.0.0"
"""What govc 0.56 names as the SOAP client's version (govmomi, `vim25.Version`)."""

_MAX_ID = 4096
_IN_ID = frozenset(map(chr, range(0x21, 0x7F))) - frozenset('",;\\')


def is_session_id(text: str) -> bool:
    """Whether `text` can stand in a header or cookie: visible ASCII without quotes, comma, semicolon, backslash."""
    return 0 < len(text) <= _MAX_ID and _IN_ID.issuperset(text)
