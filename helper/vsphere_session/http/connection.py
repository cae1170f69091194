"""A connection to one endpoint: name look-up, TCP, proxy, TLS with the endpoint's own trust, all within a deadline.

On the fast path.
"""

from __future__ import annotations

import os

from vsphere_session.clock import Deadline
from vsphere_session.endpoint import Endpoint
from vsphere_session.errors import SessionError, UnreachableError, UntrustedError
from vsphere_session.http.limits import READ_SIZE
from vsphere_session.http.response import ResponseReader
from vsphere_session.http.sockets import IPPROTO_TCP, SOCK_STREAM, TCP_NODELAY, Socket, ascii_host, look_up
from vsphere_session.http.tls import (
    SSLCertVerificationError,
    SSLEOFError,
    SSLError,
    SSLWantReadError,
    start_tls,
)
from vsphere_session.http.trust import Trust, fingerprint

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl

    from vsphere_session.http.tls import Secured, Stream


class Connection:
    """Bytes to and from one endpoint. Nothing is sent before the certificate has been checked."""

    def __init__(
        self,
        endpoint: Endpoint,
        trust: Trust,
        deadline: Deadline,
        *,
        proxy: Endpoint | None,
        context: ssl.SSLContext | None,
    ) -> None:
        self._place = endpoint.place
        self.deadline = deadline
        tcp = _open_tcp(endpoint, proxy, deadline)
        self._socket: Stream = tcp
        try:
            if endpoint.scheme == "https":
                self._socket = _start_tls(tcp, endpoint, trust, deadline, proxy=proxy, context=context)
        except BaseException:
            tcp.close()
            raise
        self.reader = ResponseReader(self._receive, self._place)

    def send(self, data: bytes) -> None:
        """Send all of `data`."""
        try:
            self._socket.settimeout(self.deadline.for_network(self._place))
            self._socket.sendall(data)
        except OSError as error:
            raise _broken(self._place, error, self.deadline) from None

    def _receive(self) -> bytes:
        try:
            self._socket.settimeout(self.deadline.for_network(self._place))
            return self._socket.recv(READ_SIZE)
        except SSLEOFError:
            return b""
        except OSError as error:
            raise _broken(self._place, error, self.deadline) from None

    def is_open(self) -> bool:
        """Whether the server has not closed it meanwhile; only asked between two requests."""
        try:
            self._socket.settimeout(0)
            self._socket.recv(1)
        except (SSLWantReadError, BlockingIOError):
            return True
        except OSError:
            pass
        return False

    def close(self) -> None:
        """Close it; never fails."""
        self._socket.close()


def _open_tcp(endpoint: Endpoint, proxy: Endpoint | None, deadline: Deadline) -> Socket:
    target = proxy or endpoint
    addresses = look_up(target, deadline)
    last: OSError = OSError("no address")
    for number, (family, address) in enumerate(addresses):
        left = deadline.for_network(target.place)
        connection = Socket(family, SOCK_STREAM)
        try:
            connection.settimeout(left / (len(addresses) - number))
            connection.connect(address)
            connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
            if proxy is not None:
                _ask_proxy(connection, endpoint, proxy, deadline)
        except OSError as error:
            connection.close()
            last = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise _broken(target.place, last, deadline)


def _ask_proxy(connection: Socket, endpoint: Endpoint, proxy: Endpoint, deadline: Deadline) -> None:
    host = _server_name(endpoint)
    target = f"[{host}]:{endpoint.port}" if ":" in host else f"{host}:{endpoint.port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.username:
        from binascii import b2a_base64  # noqa: PLC0415  # few have that

        login = b2a_base64(f"{proxy.username}:{proxy.password or ''}".encode(), newline=False).decode()
        lines.append(f"Proxy-Authorization: Basic {login}")

    def receive() -> bytes:
        # one byte at a time: what follows the proxy's answer belongs to TLS
        connection.settimeout(deadline.for_network(proxy.place))
        return connection.recv(1)

    connection.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
    response, _ = ResponseReader(receive, f"the proxy {proxy.place}").read(without_body=True)
    if response.status != 200:
        raise UnreachableError(
            f"the proxy {proxy.place} refused to connect to {endpoint.place} ({response.status}); check HTTPS_PROXY and NO_PROXY"
        )


def _start_tls(
    tcp: Socket,
    endpoint: Endpoint,
    trust: Trust,
    deadline: Deadline,
    *,
    proxy: Endpoint | None,
    context: ssl.SSLContext | None,
) -> Secured | ssl.SSLSocket:
    try:
        left = deadline.for_network(endpoint.place)
        secured = start_tls(tcp, context or trust.context(), _server_name(endpoint), left)
        try:
            trust.check_pin(secured.getpeercert(True) or b"", endpoint.place)
        except BaseException:
            secured.close()  # the TCP socket may be its own now
            raise
    except SSLCertVerificationError as error:
        raise _untrusted(endpoint, deadline, proxy, error.verify_message) from None
    except SSLEOFError:
        raise UnreachableError(
            f"{endpoint.place} closed the connection during the TLS handshake; try again, or check the url"
        ) from None
    except TimeoutError as error:
        raise _broken(endpoint.place, error, deadline) from None
    except SSLError as error:
        reason = (error.reason or "unknown reason").lower().replace("_", " ")
        raise UnreachableError(
            f"{endpoint.place} does not speak TLS as we do ({reason}); check port and scheme of the url"
        ) from None
    except OSError as error:
        raise _broken(endpoint.place, error, deadline) from None
    return secured


def _untrusted(endpoint: Endpoint, deadline: Deadline, proxy: Endpoint | None, reason: str) -> SessionError:
    """The error for a certificate that no authority vouches for, with its fingerprint: a second handshake fetches it."""
    actual = "unknown"
    try:
        certificate = peer_certificate(endpoint, deadline, proxy)
        actual = fingerprint(certificate)
    except (OSError, SessionError):
        pass
    return UntrustedError(
        f"the certificate of {endpoint.place} is not trusted ({reason}): expected one that the certificate authorities vouch for, actual "
        f"fingerprint {actual}; if the server's console shows the same, give it as thumbprint, or the authority's file as ca_file"
    )


def peer_certificate(endpoint: Endpoint, deadline: Deadline, proxy: Endpoint | None = None) -> bytes:
    """The certificate (DER) that the endpoint shows, unverified; nothing else is sent to it."""
    tcp = _open_tcp(endpoint, proxy, deadline)
    try:
        left = deadline.for_network(endpoint.place)
        secured = start_tls(tcp, Trust(insecure=True).context(), _server_name(endpoint), left)
        return secured.getpeercert(True) or b""
    finally:
        tcp.close()


def _server_name(endpoint: Endpoint) -> str:
    return ascii_host(endpoint.host.partition("%")[0])


def host_header(endpoint: Endpoint) -> str:
    """The value of the Host header for this endpoint: its authority in ASCII, without a zone."""
    name = endpoint.authority
    if name.startswith("[") and "%" in name:
        name = f"{name.partition('%')[0]}]{name.rpartition(']')[2]}"
    return ascii_host(name)


def _broken(place: str, error: OSError, deadline: Deadline) -> UnreachableError:
    if isinstance(error, TimeoutError):
        return UnreachableError(
            f"{place} did not answer within {deadline.seconds:g} s; try again, or allow more with --timeout"
        )
    reason = (
        os.strerror(error.errno).lower() if error.errno and not isinstance(error, SSLError) else type(error).__name__
    )
    return UnreachableError(
        f"the connection to {place} failed ({reason}); check the url and that the server is up, then try again"
    )
