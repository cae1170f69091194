"""The proxy between here and a server, as Go's and curl's users know it: HTTPS_PROXY and NO_PROXY. On the fast path.

pyVmomi knows no proxy from the environment, govc does; the helper goes the way that govc goes. Loopback is never
sent through a proxy.
"""

from __future__ import annotations

from vsphere_session.endpoint import Endpoint, parse_endpoint
from vsphere_session.errors import InvalidRequestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def proxy_for(endpoint: Endpoint, environ: Mapping[str, str]) -> Endpoint | None:
    """The proxy to send a CONNECT for this endpoint to; None for a direct connection.

    Raises InvalidRequestError where the variable names no usable proxy.
    """
    text = environ.get("HTTPS_PROXY") or environ.get("https_proxy") or ""
    if endpoint.scheme != "https" or not text or _is_loopback(endpoint.host) or _excluded(endpoint, environ):
        return None
    try:
        return parse_endpoint(text if "://" in text else f"http://{text}")
    except InvalidRequestError as error:
        raise InvalidRequestError(
            f"HTTPS_PROXY is no proxy's URL ({error.message.partition(';')[0]}); write http://HOST:PORT"
        ) from None


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
    if not name or (port and port != str(endpoint.port)):
        return False
    if "/" in name:
        from ipaddress import ip_address, ip_network  # noqa: PLC0415  # only where there is a proxy

        try:
            return ip_address(host) in ip_network(name, strict=False)
        except ValueError:
            return False
    bare = name.lstrip("*").lstrip(".")
    return host.endswith(f".{bare}") or (host == bare and not name.startswith((".", "*")))
