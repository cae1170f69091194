"""Where a Redis or Valkey is, and the connection to it: by TLS, in clear only where nobody listens in, or by a Unix socket."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vsphere_session.endpoint import SOAP_PATH, Endpoint, parse_endpoint, unescape
from vsphere_session.errors import InvalidRequestError, UnreachableError
from vsphere_session.fleet.engine import DownError
from vsphere_session.http.sockets import Socket, ascii_host, dial
from vsphere_session.http.tls import start_tls
from vsphere_session.http.tls_failures import in_words, is_about_trust

if TYPE_CHECKING:
    import ssl

    from vsphere_session.clock import Deadline
    from vsphere_session.http.tls import Context, Stream

_PORT = 6379
_FORMS = "write rediss://USER@HOST:PORT/, or unix:///PATH for a socket on this machine"


@dataclass(frozen=True, slots=True)
class Place:
    """An engine's address, and the account that is used there.

    user    empty for the engine's default one
    host    a name or address; empty where `path` is that of a Unix socket
    secure  whether TLS is spoken
    """

    user: str
    host: str
    port: int
    path: str
    secure: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if host else self.path


def parse_place(url: str, *, allow_clear: bool = False) -> Place:
    """What `rediss://USER@HOST:PORT/`, `redis://…` or `unix://USER@/PATH` names.

    Raises InvalidRequestError, also for clear text to another machine unless `allow_clear`; its text shows no part of `url`.
    """
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    if scheme == "unix":
        return _parse_socket(rest)
    if scheme not in ("rediss", "redis") or any(mark in rest.removesuffix("/") for mark in "/?#"):
        raise InvalidRequestError(f"the url of the fleet's engine is none of an engine; {_FORMS}")
    endpoint = _parse(rest)
    found = Place(endpoint.username, endpoint.host, _port(endpoint), "", scheme == "rediss")
    if not (found.secure or allow_clear or _is_loopback(found.host)):
        raise InvalidRequestError(
            "the fleet's engine would be asked in clear text over a network; write rediss:// for TLS"
        )
    return found


def _parse_socket(rest: str) -> Place:
    user, _, path = rest.rpartition("@")
    name, where = unescape(user), unescape(path)
    if ":" in user or name is None or where is None or not where.startswith("/") or not (name + where).isprintable():
        raise InvalidRequestError(f"the url of the fleet's engine has no path, or a password in it; {_FORMS}")
    return Place(name, "", 0, where, secure=False)


def _parse(rest: str) -> Endpoint:
    try:
        endpoint = parse_endpoint(f"https://{rest}")
    except InvalidRequestError:
        raise InvalidRequestError(f"the url of the fleet's engine names no host; {_FORMS}") from None
    if endpoint.password is not None or endpoint.path != SOAP_PATH:
        raise InvalidRequestError(f"a password has no place in the url of the fleet's engine; {_FORMS}")
    return endpoint


def _port(endpoint: Endpoint) -> int:
    written = endpoint.authority.rpartition("]")[2].partition(":")[2]
    return int(written) if written else _PORT


def _is_loopback(host: str) -> bool:
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def connect(place: Place, tls: Context | ssl.SSLContext | None, deadline: Deadline) -> Stream:
    """A connection, with TLS, verified, unless that is None. Raises DownError."""
    tcp = _by_network(place, deadline) if place.host else _by_path(place, deadline)
    if tls is None:
        return tcp
    try:
        return start_tls(tcp, tls, ascii_host(place.host), deadline.for_network(str(place)))
    except TimeoutError:
        raise DownError(f"{place} did not answer within {deadline.seconds:g} s") from None
    except OSError as error:
        raise DownError(f"no TLS with {place}: {in_words(error)}", hung_up=not is_about_trust(error)) from None
    except UnreachableError as error:
        tcp.close()
        raise DownError(error.message) from None


def _by_network(place: Place, deadline: Deadline) -> Socket:
    host = f"[{place.host}]" if ":" in place.host else place.host
    try:
        return dial(Endpoint("https", f"{host}:{place.port}", "", place.user, None), deadline)
    except UnreachableError as error:
        raise DownError(error.message) from None


def _by_path(place: Place, deadline: Deadline) -> Socket:
    if not hasattr(socket, "AF_UNIX"):
        raise DownError("this system has no Unix sockets; use rediss://HOST:PORT/")
    stream = Socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        stream.settimeout(max(deadline.remaining(), 0.001))
        stream.connect(place.path)
    except OSError as error:
        stream.close()
        raise DownError(f"{place} cannot be reached ({type(error).__name__}); check that the engine is up") from None
    return stream
