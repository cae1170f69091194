"""The proxy between here and a server, as Go's users know it: HTTPS_PROXY, HTTP_PROXY and NO_PROXY. On the fast path.

pyVmomi knows no proxy from the environment, govc does; the helper goes the way that govc goes (golang.org/x/net,
http/httpproxy). ALL_PROXY is not Go's, and loopback is never sent through a proxy. What is said to a proxy: tunnel.py.
"""

from __future__ import annotations

from vsphere_session.endpoint import Endpoint, parse_endpoint
from vsphere_session.errors import InvalidRequestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_FORMS = "write http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT"


class Proxy(Endpoint):
    """Where a proxy is, and how it is spoken to.

    scheme    `http` or `https` (CONNECT, the latter over TLS); `socks5`: names are looked up here if they can be,
              `socks5h`: at the proxy
    variable  what names it, for messages
    """

    __slots__ = ("variable",)

    def __init__(self, scheme: str, authority: str, username: str, password: str | None, variable: str) -> None:
        super().__init__(scheme, authority, "", username, password)
        self.variable = variable

    @property
    def port(self) -> int:
        """The port, that of the scheme where none is written."""
        digits = self.authority.rpartition(":")[2]
        return int(digits) if digits.isdigit() else _PORTS[self.scheme]

    @property
    def place(self) -> str:
        """Host and port as they are shown."""
        host = f"[{self.host}]" if self.authority.startswith("[") else self.host
        return f"{host.lower()}:{self.port}"


def parse_proxy(text: str, variable: str = "the proxy that was set") -> Proxy:
    """The proxy that `text` names, `HOST:PORT` for one that speaks HTTP.

    Raises InvalidRequestError, which shows neither user name nor password.
    """
    scheme, separator, rest = text.strip(" ").partition("://")
    scheme, rest = (scheme.lower(), rest) if separator else ("http", scheme)
    if scheme not in _PORTS:
        raise InvalidRequestError(f"{variable} is no proxy's URL (it has another scheme); {_FORMS}")
    try:
        found = parse_endpoint(f"http://{rest}")
    except InvalidRequestError as error:
        raise InvalidRequestError(
            f"{variable} is no proxy's URL ({error.message.partition(';')[0]}); {_FORMS}"
        ) from None
    return Proxy(scheme, found.authority, found.username, found.password, variable)


def proxy_for(endpoint: Endpoint, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy on the way to this endpoint; None for a direct connection.

    Raises InvalidRequestError where the variable names no usable proxy.
    """
    upper = "HTTPS_PROXY" if endpoint.scheme == "https" else "HTTP_PROXY"
    variable = upper if environ.get(upper) else upper.lower()
    text = environ.get(variable) or ""
    if not text or _is_loopback(endpoint.host) or _excluded(endpoint, environ):
        return None
    if upper == "HTTP_PROXY" and environ.get("REQUEST_METHOD"):
        raise InvalidRequestError(
            "HTTP_PROXY may come from a header of a web request (REQUEST_METHOD is set: this is CGI), so it is not used; unset one of the two"
        )
    return parse_proxy(text, variable)


def _is_loopback(host: str) -> bool:
    from ipaddress import ip_address  # noqa: PLC0415  # only where there is a proxy

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _excluded(endpoint: Endpoint, environ: Mapping[str, str]) -> bool:
    entries = (environ.get("NO_PROXY") or environ.get("no_proxy") or "").split(",")
    return any(_matches(entry.strip().lower(), endpoint) for entry in entries)


def _matches(entry: str, endpoint: Endpoint) -> bool:
    host = endpoint.host.lower()
    if entry == "*":
        return True
    name, _, port = entry.partition(":") if entry.count(":") == 1 else (entry, "", "")
    if entry.startswith("["):
        name, _, port = entry[1:].partition("]")
        port = port.removeprefix(":")
    if not name or (port and port != str(endpoint.port)):
        return False
    if "/" in name or ":" in name:
        from ipaddress import ip_address, ip_network  # noqa: PLC0415  # only where there is a proxy

        try:
            return ip_address(host) in ip_network(name, strict=False)
        except ValueError:
            return False
    bare = name.lstrip("*").lstrip(".")
    return host.endswith(f".{bare}") or (host == bare and not name.startswith((".", "*")))
