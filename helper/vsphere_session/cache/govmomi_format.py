"""govmomi's JSON for a cached session, to the byte: what govc 0.56 writes, and everything that it and older ones read.

Shape (docs/vsphere.md, section 4): `{"SoapClient":{"cookies":…,"url":…,"insecure":…,"version":…,"useJSON":…},"ServiceContent":…}`
for SOAP, `{"SoapClient":…,"SessionID":…}` for REST, as Go's encoder writes it: no spaces, `<>&` escaped, LF at the end.
The format has no place for who, when and how: see `record`.

On the fast path.
"""

from __future__ import annotations

from credential_protocol.jsontext import decode, encode
from vsphere_session.vsphere.service_content import in_go_order
from vsphere_session.vsphere.session_id import GOVMOMI_VIM_VERSION, SOAP_COOKIE, is_session_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.endpoint import Endpoint

_ASKED = {"sessionManager": "SessionManager", "propertyCollector": "PropertyCollector"}  # without them nothing works


class StoredSession:
    """What a cache file says: the session id, where it belongs, and for SOAP the server's ServiceContent."""

    __slots__ = ("authority", "content", "insecure", "quoted", "scheme", "session_id")

    def __init__(
        self,
        session_id: str,
        scheme: str,
        authority: str,
        *,
        insecure: bool,
        content: dict[str, object] | None = None,
        quoted: bool = False,
    ) -> None:
        self.session_id = session_id
        self.scheme = scheme
        self.authority = authority
        self.insecure = insecure
        self.content = content
        self.quoted = quoted

    def belongs_to(self, endpoint: Endpoint, *, insecure: bool) -> bool:
        """Whether the file is for this server, checked in this way; one that was edited by hand may not be.

        A bare session id says nothing about that: the file's name alone speaks for it.
        """
        return not self.authority or (self.scheme, self.authority, self.insecure) == (
            endpoint.scheme,
            endpoint.authority,
            insecure,
        )


def write_soap(stored: StoredSession, path: str) -> bytes:
    """The bytes of a SOAP session's file."""
    cookie = {
        "Name": SOAP_COOKIE,
        "Value": stored.session_id,
        "Quoted": stored.quoted,
        "Path": "",
        "Domain": "",
        "Expires": "0001-01-01T00:00:00Z",
        "RawExpires": "",
        "MaxAge": 0,
        "Secure": False,
        "HttpOnly": False,
        "SameSite": 0,
        "Partitioned": False,
        "Raw": "",
        "Unparsed": None,
    }
    client = _client(stored, path, [cookie], GOVMOMI_VIM_VERSION)
    return _go_json({"SoapClient": client, "ServiceContent": in_go_order(stored.content or {})})


def write_rest(stored: StoredSession, path: str) -> bytes:
    """The bytes of a REST session's file."""
    return _go_json({"SoapClient": _client(stored, path, None, ""), "SessionID": stored.session_id})


def _client(stored: StoredSession, path: str, cookies: object, version: str) -> dict[str, object]:
    url = {
        "Scheme": stored.scheme,
        "Opaque": "",
        "User": None,
        "Host": stored.authority,
        "Path": path,
        "Fragment": "",
        "RawQuery": "",
        "RawPath": "",
        "RawFragment": "",
        "ForceQuery": False,
        "OmitHost": False,
    }
    return {"cookies": cookies, "url": url, "insecure": stored.insecure, "version": version, "useJSON": False}


def _go_json(value: object) -> bytes:
    text = encode(value, in_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode("utf-8", "replace") + b"\n"


def read_soap(data: bytes) -> StoredSession | None:
    """The session in a SOAP file; None where there is none: empty, cut short, or without what govc asks for.

    Bytes after the JSON value are ignored, as Go's decoder does (govmomi never truncates a longer old file).
    """
    file = _object(data)
    client, content = _part(file, "SoapClient"), _part(file, "ServiceContent")
    if "SessionManager" in content:  # as older govmomi wrote it, see `_member`
        content = {
            name: _uncapitalized(part) for name, part in _uncapitalized(content).items() if isinstance(part, dict)
        }
    if not all(_names(_part(content, name), kind) for name, kind in _ASKED.items()):
        return None
    cookies = _member(client, "cookies")
    for cookie in cookies if isinstance(cookies, list) else []:
        if isinstance(cookie, dict) and cookie.get("Name") == SOAP_COOKIE:
            value = cookie.get("Value")
            if isinstance(value, str):
                bare = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
                return _stored(bare, client, content, quoted=cookie.get("Quoted") is True or bare != value)
    return None


def _names(reference: dict[str, object], kind: str) -> bool:
    """Whether this is a reference to a managed object of that kind that can be sent to a server."""
    value = reference.get("value")
    return reference.get("type") == kind and isinstance(value, str) and is_session_id(value)


def read_rest(data: bytes) -> StoredSession | None:
    """The session in a REST file; None where there is none.

    A bare session id is what terraform-provider-vsphere wrote before 2020 (its PR#1051): it has no URL of its own.
    """
    text = data.strip()
    if text and text[:1] not in b'{["' and text.isascii() and b" " not in text:
        return _stored_id(text.decode(), "", "", insecure=False)
    file = _object(data)
    session_id = file.get("SessionID")
    return _stored(session_id, _part(file, "SoapClient"), None) if isinstance(session_id, str) else None


def path_in(data: bytes) -> str:
    """The path of SOAP on the server that a SOAP file is for; empty where it does not say."""
    path = _part(_part(_object(data), "SoapClient"), "url").get("Path")
    return path if isinstance(path, str) else ""


def _stored(
    session_id: str, client: dict[str, object], content: dict[str, object] | None, *, quoted: bool = False
) -> StoredSession | None:
    url = _part(client, "url")
    scheme, authority = url.get("Scheme"), url.get("Host")
    if not isinstance(scheme, str) or not isinstance(authority, str) or not authority:
        return None
    return _stored_id(
        session_id, scheme, authority, insecure=_member(client, "insecure") is True, content=content, quoted=quoted
    )


def _stored_id(
    session_id: str,
    scheme: str,
    authority: str,
    *,
    insecure: bool,
    content: dict[str, object] | None = None,
    quoted: bool = False,
) -> StoredSession | None:
    if not is_session_id(session_id):
        return None
    return StoredSession(session_id, scheme, authority, insecure=insecure, content=content, quoted=quoted)


def _object(data: bytes) -> dict[str, object]:
    try:
        value = decode(data, tail=True)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _part(parent: dict[str, object], name: str) -> dict[str, object]:
    value = _member(parent, name)
    return value if isinstance(value, dict) else {}


def _member(parent: dict[str, object], name: str) -> object:
    """The member of that name in any case, as Go finds it: older govmomi, in terraform-provider-vsphere 1.26, wrote capitals."""
    if name in parent:
        return parent[name]
    return next((value for other, value in parent.items() if other.lower() == name.lower()), None)


def _uncapitalized(parent: dict[str, object]) -> dict[str, object]:
    return {name[:1].lower() + name[1:]: value for name, value in parent.items() if value is not None}
