"""A talk with a proxy on the way to a server: bytes within the deadline, and errors that say it was the proxy.

Each names the proxy and the variable that names it, never its password.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.errors import SessionError, UnreachableError
from vsphere_session.http.proxy import Proxy
from vsphere_session.http.sockets import broken
from vsphere_session.http.tls import SSLEOFError

if TYPE_CHECKING:
    from vsphere_session.clock import Deadline
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.http.tls import Stream


class Talk:
    """With `proxy`, about `endpoint`, on `stream` once there is one."""

    def __init__(self, endpoint: Endpoint, proxy: Endpoint, deadline: Deadline) -> None:
        self.endpoint = endpoint
        self.proxy = proxy
        self.deadline = deadline
        self.stream: Stream | None = None

    def send(self, data: bytes) -> None:
        """Send all of it. Raises UnreachableError."""
        stream = self._open()
        try:
            stream.settimeout(self.deadline.for_network(self.proxy.place))
            stream.sendall(data)
        except OSError as error:
            raise broken(self.proxy.place, error, self.deadline) from None

    def receive_byte(self) -> bytes:
        """The next byte, none at the end: what follows the proxy's answer is the server's. Raises UnreachableError."""
        stream = self._open()
        try:
            stream.settimeout(self.deadline.for_network(self.proxy.place))
            return stream.recv(1)
        except SSLEOFError:
            return b""
        except OSError as error:
            raise broken(self.proxy.place, error, self.deadline) from None

    def receive(self, count: int) -> bytes:
        """So many bytes. Raises UnreachableError where there are fewer."""
        data = b""
        while len(data) < count:
            byte = self.receive_byte()
            if not byte:
                raise UnreachableError(f"{self.proxy.place} closed the connection before its answer was complete")
            data += byte
        return data

    def _open(self) -> Stream:
        if self.stream is None:
            raise UnreachableError(f"there is no connection to {self.proxy.place}")
        return self.stream


def failure(
    endpoint: Endpoint,
    proxy: Endpoint,
    what: str,
    check: str = "",
    *,
    local: bool = True,
    kind: type[SessionError] = UnreachableError,
) -> SessionError:
    """The error for what happened at the proxy: one line that names it, and what to check."""
    variable = variable_of(proxy)
    more = f", and {check}" if check else ""
    error = kind(
        f"the way to {endpoint.place} leads through the proxy {proxy.place} ({variable}), {what}; check {variable} and NO_PROXY{more}"
    )
    error.local = local
    return error


def variable_of(proxy: Endpoint) -> str:
    """What names this proxy: a variable, or a caller in Python."""
    return proxy.variable if isinstance(proxy, Proxy) else "the transport's proxy"


def login_wanted(endpoint: Endpoint, proxy: Endpoint, code: str) -> SessionError:
    """The error for a proxy that wants a login, or another one."""
    variable = variable_of(proxy)
    if has_login(proxy):
        return failure(
            endpoint, proxy, f"which refuses the login that {variable} has ({code})", "user and password there"
        )
    return failure(
        endpoint,
        proxy,
        f"which asks for a login ({code})",
        f"write user and password into {variable}: {proxy.scheme}://USER:PASSWORD@HOST:PORT",
    )


def has_login(proxy: Endpoint) -> bool:
    """Whether there is a login for the proxy."""
    return bool(proxy.username) or proxy.password is not None
