"""What a session id is, and the names that govmomi and servers have for it. On the fast path."""

from __future__ import annotations

SOAP_COOKIE = "vmware_soap_session"
REST_HEADER = "vmware-api-session-id"
GOVMOMI_VIM_VERSION = "9.1.0.0"
"""What govc 0.56 names as the SOAP client's version (govmomi, `vim25.Version`)."""

_MAX_ID = 4096
_IN_ID = frozenset(map(chr, range(0x21, 0x7F))) - frozenset('",;\\')
_HEADERS = ("cookie", "set-cookie")
_ATTRIBUTES = ("path", "domain", "expires", "max-age", "secure", "httponly", "samesite", "version", "partitioned", "")
"""What may follow a cookie's value (RFC 6265, and what govmomi's and pyVmomi's cookies have)."""


def is_session_id(text: str) -> bool:
    """Whether `text` can stand in a header or cookie: visible ASCII without quotes, comma, semicolon, backslash."""
    return 0 < len(text) <= _MAX_ID and _IN_ID.issuperset(text)


def bare_session_id(text: str) -> str:
    r"""The session id in what people copy: the id, in quotes or not, its cookie (pyVmomi's `stub.cookie`), its header.

    `vmware_soap_session="ID"; Path=/; Secure`, `Cookie: a=1; vmware_soap_session=ID`, `vmware-api-session-id: ID`. Whatever
    has no such name in it comes back as it is, without quotes and spaces around it: ids may have a `=` of their own.
    """
    line = text.strip()
    name, colon, value = line.partition(":")
    if colon and name.strip().lower() in (*_HEADERS, REST_HEADER):
        line = value.strip()
    for crumb in line.split(";"):
        name, equals, value = crumb.partition("=")
        if equals and name.strip().lower() in (SOAP_COOKIE, REST_HEADER):
            return _unquoted(value)
    first, *rest = line.split(";")
    return _unquoted(first if all(crumb.partition("=")[0].strip().lower() in _ATTRIBUTES for crumb in rest) else line)


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
