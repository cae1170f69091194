"""The endpoint: a URL read and written as govmomi does it, because its spelling is the cache's key. On the fast path.

Sources: `soap.ParseURL` (scheme defaults to https, path to /sdk, one trailing slash is dropped), Go's `net/url`
(escaping of the user name; the host stays as it was written) and `session/cache` (the key). Where Go's parser lets
something through that cannot be an address (no host, `host:`, a bare IPv6), this one says so.
"""

from __future__ import annotations

from credential_protocol.jsontext import clean
from vsphere_session.digest import sha1_hex, sha256_hex
from vsphere_session.errors import InvalidRequestError

NO_PASSWORD = "the-session-is-in-the-cache"  # noqa: S105  # says that it is none
"""What `exec` and `export` put where a program insists on a password. Wherever a password is read, it is none."""
SOAP_PATH = "/sdk"
REST_PATH = "/rest"

_ALPHANUMERIC = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_IN_USER = _ALPHANUMERIC | frozenset("-_.~$&+,;=")
_IN_PATH = _ALPHANUMERIC | frozenset("-_.~$&+,;=:@/")
_IN_USERINFO = _ALPHANUMERIC | frozenset("-._:~!$&'()*+,;=%@")
_IN_HOST = _ALPHANUMERIC | frozenset("-._~")
_IN_ADDRESS = frozenset("0123456789abcdefABCDEF:.")
_MAX_URL = 65_536
_MAX_HOST_NAME = 253
_NO_HOST_NAME = "the url's host is not a host name; write https://HOST/sdk or just HOST"


class Endpoint:
    """Where to go and as whom. Immutable; its text forms never contain the password."""

    __slots__ = ("authority", "password", "path", "scheme", "username")

    def __init__(self, scheme: str, authority: str, path: str, username: str, password: str | None) -> None:
        self.scheme = scheme
        self.authority = authority
        self.path = path
        self.username = username
        self.password = real_password(password)

    def __repr__(self) -> str:
        return f"Endpoint({self.url!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Endpoint) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def _values(self) -> tuple[object, ...]:
        return self.scheme, self.authority, self.path, self.username, self.password

    def with_user(self, username: str, password: str | None = None) -> Endpoint:
        """The same place for another user, with the password given or none."""
        return Endpoint(self.scheme, self.authority, self.path, username, password)

    def with_port(self, port: int) -> Endpoint:
        """The same host at this port, unless a port is written already; one that goes without saying stays unsaid."""
        if ":" in self.authority.rpartition("]")[2] or port == self.port:
            return self
        return Endpoint(self.scheme, f"{self.authority}:{port}", self.path, self.username, self.password)

    @property
    def host(self) -> str:
        """The host without port and brackets, for name look-up and certificates."""
        name = self.authority
        if name.startswith("["):
            return name[1 : name.rindex("]")]
        return name.partition(":")[0]

    @property
    def port(self) -> int:
        """The port, 443 or 80 where none is written."""
        _, colon, digits = self.authority.rpartition(":")
        if colon and digits.isdigit():
            return int(digits)
        return 443 if self.scheme == "https" else 80

    @property
    def place(self) -> str:
        """Host and port in one spelling for one server: lower case, the scheme's own port left out."""
        host = f"[{self.host}]" if self.authority.startswith("[") else self.host
        default = 443 if self.scheme == "https" else 80
        return host.lower() + ("" if self.port == default else f":{self.port}")

    @property
    def login_place(self) -> str:
        """What logins are for: one for https is never sent in clear."""
        return self.place if self.scheme == "https" else f"http://{self.place}"

    @property
    def url(self) -> str:
        """The URL as it may be shown: with the user name if there is one, without the password. Read, it is this endpoint."""
        user = f"{escape(self.username, _IN_USER)}@" if self.username else ""
        dropped = "/" if self.path.endswith("/") else ""  # in reading
        path = self.escaped_path.replace("@", "%40") + dropped
        return f"{self.scheme}://{user}{_escape_host(self.authority)}{path}"

    @property
    def escaped_path(self) -> str:
        """The path as it stands in a URL and in a request: ASCII, without spaces and line breaks."""
        return escape(self.path, _IN_PATH)

    def key(self, path: str, *, insecure: bool) -> str:
        """The text whose digest is the name of the cache file: `https://user@host/sdk#insecure=false`."""
        user = escape(self.username, _IN_USER)
        return f"{self.scheme}://{user}@{_escape_host(self.authority)}{path}#insecure={str(insecure).lower()}"

    def file_name(self, path: str, *, insecure: bool) -> str:
        """The name of the cache file, 64 hexadecimal digits (govc 0.48 and newer)."""
        return sha256_hex(self.key(path, insecure=insecure).encode())

    def legacy_file_name(self, path: str, *, insecure: bool) -> str:
        """The name that govc 0.47 and older gave the same file, 40 hexadecimal digits."""
        return sha1_hex(self.key(path, insecure=insecure).encode())


def real_password(text: str | None) -> str | None:
    """`text`, unless it is what this program puts in a password's place: sent, that would count towards a lock-out."""
    return None if text == NO_PASSWORD else text


def escape(text: str, safe: frozenset[str]) -> str:
    """Percent-encode the UTF-8 of `text` but for the characters in `safe`, as Go does."""
    unsafe = set(text) - safe
    if not unsafe:
        return text
    return text.translate({ord(c): "".join(f"%{b:02X}" for b in c.encode()) for c in unsafe})


def _escape_host(authority: str) -> str:
    name = authority.replace("%", "%25") if authority.startswith("[") else authority
    return name if name.isascii() else "".join(chr(b) if b < 0x80 else f"%{b:02X}" for b in name.encode())


def unescape(text: str) -> str | None:
    """The reverse of `escape`; None where `text` has a broken escape or what comes out is not UTF-8."""
    if "%" not in text:
        return text
    first, *rest = text.split("%")
    try:
        data = first.encode() + b"".join(
            bytes.fromhex(part[:2]) + part[2:].encode() if _is_hex(part) else _broken() for part in rest
        )
        return data.decode()
    except ValueError:
        return None


def _is_hex(part: str) -> bool:
    return len(part) >= 2 and all(c in "0123456789abcdefABCDEF" for c in part[:2])


def _broken() -> bytes:
    raise ValueError


def parse_endpoint(text: str) -> Endpoint:
    """The endpoint that `text` names, in every form that govc takes in GOVC_URL.

    Raises InvalidRequestError; the message shows no part of a user name or password.
    """
    if len(text) > _MAX_URL:
        raise InvalidRequestError(f"the url is longer than {_MAX_URL} characters; write https://HOST/sdk or just HOST")
    scheme, rest = _split_scheme(text)
    before, _, dropped = rest.removesuffix("/").replace("#", "?").partition("?")
    authority, slash, path = before.partition("/")
    userinfo, at, host = authority.rpartition("@")
    if "@" in path or "@" in dropped:
        raise InvalidRequestError(
            "the url has an @ after a /, ? or #; percent-encode those in a user name or password (%2F, %3F, %23, and @ is %40)"
        )
    username, password = _userinfo(userinfo) if at else ("", None)
    host = _unescape_name(host)
    _check_authority(host)
    decoded = unescape(slash + path)
    if decoded is None or not clean(decoded):
        raise InvalidRequestError(
            "the path of the url has a broken % escape or a control character in it; write % as %25"
        )
    return Endpoint(scheme, _unescape_zone(host), decoded or SOAP_PATH, username, password)


def _split_scheme(text: str) -> tuple[str, str]:
    text = text.strip(" ")
    if not text.isprintable() or " " in text:
        raise InvalidRequestError(
            'the url has a space or an unprintable character in it; percent-encode it, or use the field "username"'
        )
    name, separator, rest = text.partition("://")
    if not separator or not all(c.isalnum() or c == "_" for c in name):
        return "https", text
    scheme = name.lower()
    if scheme not in ("https", "http"):
        raise InvalidRequestError("the url's scheme is neither https nor http; write https://HOST/sdk or just HOST")
    return scheme, rest


def _userinfo(text: str) -> tuple[str, str | None]:
    if not all(c in _IN_USERINFO for c in text):
        raise InvalidRequestError(
            "the user in the url has a character that cannot stand there; percent-encode it (\\ is %5C, / is %2F, @ is %40) "
            'or use the fields "username" and "password"'
        )
    name, colon, secret = text.partition(":")
    username, password = unescape(name), unescape(secret)
    if username is None or password is None:
        raise InvalidRequestError(
            'the user in the url has a broken % escape; write % as %25, or use the fields "username" and "password"'
        )
    if not clean(username + password):
        raise InvalidRequestError("the user in the url has a control character in it; remove it")
    return username, password if colon else None


def _check_authority(authority: str) -> None:
    if not authority:
        raise InvalidRequestError("the url names no host; write https://HOST/sdk or just HOST")
    if authority.startswith("["):
        address, bracket, port = authority[1:].partition("]")
        _check_address(address, closed=bool(bracket) and port[:1] in ("", ":"))
        colon, port = port[:1], port[1:]
    else:
        host, colon, port = authority.partition(":")
        if ":" in port:
            raise InvalidRequestError("the url has an IPv6 address without brackets; write https://[ADDRESS]/sdk")
        if not _is_host_name(host):
            raise InvalidRequestError(_NO_HOST_NAME)
    if colon and not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        raise InvalidRequestError("the url's port is not a number from 1 to 65535; write HOST:PORT")


def _check_address(address: str, *, closed: bool) -> None:
    digits, percent, zone = address.partition("%25")
    good_zone = not percent or (zone and all(c in _IN_HOST for c in zone))
    if not closed or digits.count(":") < 2 or not all(c in _IN_ADDRESS for c in digits) or not good_zone:
        raise InvalidRequestError("the url's address in brackets is not IPv6; write https://[ADDRESS]:PORT/sdk")


def _is_host_name(host: str) -> bool:
    """Whether `host` can be looked up: other characters than ASCII's are sent as IDNA writes them."""
    if len(host.removesuffix(".")) > _MAX_HOST_NAME:
        return False
    try:
        name = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return False
    return _IN_HOST.issuperset(name) and all(0 < len(part) < 64 for part in name.removesuffix(".").split("."))


def _unescape_name(authority: str) -> str:
    """A host name without the escapes that Go takes in one: those of characters beyond ASCII, and no others."""
    if authority.startswith("[") or "%" not in authority:
        return authority
    name = unescape(authority) if all(part[:1] in "89abcdefABCDEF" for part in authority.split("%")[1:]) else None
    if name is None:
        raise InvalidRequestError(_NO_HOST_NAME)
    return name


def _unescape_zone(authority: str) -> str:
    return authority.replace("%25", "%") if authority.startswith("[") else authority
