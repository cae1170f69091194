"""A connection to one endpoint: name look-up, TCP, proxy, TLS with the endpoint's own trust, all within a deadline.

On the fast path.
"""

from __future__ import annotations

from errno import ECONNRESET

from vsphere_session.clock import Deadline
from vsphere_session.endpoint import Endpoint
from vsphere_session.errors import SessionError
from vsphere_session.http.limits import READ_SIZE
from vsphere_session.http.response import ResponseReader
from vsphere_session.http.sockets import Socket, ascii_host, broken, dial
from vsphere_session.http.tls import SSLCertVerificationError, SSLEOFError, SSLError, SSLWantReadError, start_tls
from vsphere_session.http.trust import Trust

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl

    from vsphere_session.http.tls import Context, Secured, Stream
    from vsphere_session.http.tls_in_tls import SecuredInside


class Connection:
    """Bytes to and from one endpoint. Nothing is sent before the certificate has been checked.

    It is to be for `server_name`, where that is not the endpoint's.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        trust: Trust,
        deadline: Deadline,
        *,
        proxy: Endpoint | None,
        context: Context | ssl.SSLContext | None,
        server_name: str = "",
    ) -> None:
        self._place = endpoint.place if proxy is None else _through(endpoint, proxy)
        self.deadline = deadline
        stream = open_stream(endpoint, proxy, deadline)
        self._socket: Stream = stream
        if endpoint.scheme == "https":
            name = server_name or server_name_of(endpoint)
            self._socket = _secured(stream, endpoint, trust, deadline, proxy=proxy, context=context, name=name)
        self.reader = ResponseReader(self._receive, self._place)

    def send(self, data: bytes) -> None:
        """Send all of `data`."""
        try:
            self._socket.settimeout(self.deadline.for_network(self._place))
            self._socket.sendall(data)
        except OSError as error:
            raise _broken(self._place, self._last_word(error), self.deadline) from None

    def _last_word(self, error: OSError) -> OSError:
        """What a server that has hung up while we were sending had said before, such as that it wants a certificate."""
        if isinstance(error, SSLEOFError | BrokenPipeError | ConnectionResetError):
            try:
                self._socket.recv(1)
            except SSLError as said:
                return said
            except OSError:
                pass
        return error

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


def _broken(place: str, error: OSError, deadline: Deadline) -> SessionError:
    if isinstance(error, SSLError) and not isinstance(error, SSLEOFError):
        from vsphere_session.http.tls_failures import lost  # noqa: PLC0415  # only for who fails

        return lost(error, place)
    if isinstance(error, SSLEOFError):
        error = ConnectionResetError(ECONNRESET, "")  # what it is called without TLS
    return broken(place, error, deadline)


def open_stream(endpoint: Endpoint, proxy: Endpoint | None, deadline: Deadline) -> Stream:
    """A way to the endpoint for bytes, without TLS. Raises UnreachableError."""
    if proxy is None:
        return dial(endpoint, deadline)
    from vsphere_session.http.tunnel import open_tunnel  # noqa: PLC0415  # few have a proxy

    return open_tunnel(endpoint, proxy, deadline)


def _through(endpoint: Endpoint, proxy: Endpoint) -> str:
    from vsphere_session.http.proxied import variable_of  # noqa: PLC0415  # few have a proxy

    return f"{endpoint.place} (through the proxy {proxy.place} of {variable_of(proxy)})"


def shake_hands(
    stream: Stream, context: Context | ssl.SSLContext, server_name: str, seconds: float
) -> Secured | ssl.SSLSocket | SecuredInside:
    """TLS on it, within so many seconds for each step. Raises OSError."""
    if isinstance(stream, Socket):
        return start_tls(stream, context, server_name, seconds)
    from vsphere_session.http.tls_in_tls import SecuredInside  # noqa: PLC0415  # few have a proxy with TLS

    return SecuredInside(stream, context, server_name, seconds)


def _secured(
    stream: Stream,
    endpoint: Endpoint,
    trust: Trust,
    deadline: Deadline,
    *,
    proxy: Endpoint | None,
    context: Context | ssl.SSLContext | None,
    name: str,
) -> Stream:
    """TLS on `stream`, which is closed where that fails; by the quick context if that will do, else on a new connection."""
    try:
        quick = trust.quick_context() if context is None else None
        if quick is not None:
            try:
                return _start_tls(stream, endpoint, trust, deadline, proxy=proxy, context=quick, name=name)
            except SSLCertVerificationError:
                stream.close()
                stream = open_stream(endpoint, proxy, deadline)
        try:
            whole = context or trust.context()
            return _start_tls(stream, endpoint, trust, deadline, proxy=proxy, context=whole, name=name)
        except SSLCertVerificationError as error:
            raise _failed(error, endpoint, deadline, proxy) from None
    except BaseException:
        stream.close()
        raise


def _start_tls(
    stream: Stream,
    endpoint: Endpoint,
    trust: Trust,
    deadline: Deadline,
    *,
    proxy: Endpoint | None,
    context: Context | ssl.SSLContext,
    name: str,
) -> Stream:
    """Raises SSLCertVerificationError as it is, and what else fails as the error of a session."""
    place = endpoint.place if proxy is None else _through(endpoint, proxy)
    try:
        left = deadline.for_network(place)
        secured = shake_hands(stream, context, name, left)
        try:
            trust.check_pin(secured.getpeercert(True) or b"", endpoint.place)
        except BaseException:
            secured.close()  # the TCP socket may be its own now
            raise
    except SSLCertVerificationError:
        raise
    except SSLError as error:
        raise _failed(error, endpoint, deadline, proxy) from None
    except OSError as error:
        raise broken(place, error, deadline) from None
    return secured


def _failed(error: SSLError, endpoint: Endpoint, deadline: Deadline, proxy: Endpoint | None) -> SessionError:
    from vsphere_session.http.tls_failures import failure  # noqa: PLC0415  # only for who fails

    place = endpoint.place if proxy is None else _through(endpoint, proxy)
    return failure(error, place, lambda: peer_certificate(endpoint, deadline, proxy))


def peer_certificate(endpoint: Endpoint, deadline: Deadline, proxy: Endpoint | None = None) -> bytes:
    """The certificate (DER) that the endpoint shows, unverified; nothing else is sent to it."""
    stream = open_stream(endpoint, proxy, deadline)
    try:
        left = deadline.for_network(endpoint.place)
        secured = shake_hands(stream, Trust(insecure=True).context(), server_name_of(endpoint), left)
        return secured.getpeercert(True) or b""
    finally:
        stream.close()


def server_name_of(endpoint: Endpoint) -> str:
    """The name that its certificate is to be for, in ASCII."""
    return ascii_host(endpoint.host.partition("%")[0])


def host_header(endpoint: Endpoint) -> str:
    """The value of the Host header for this endpoint: its authority in ASCII, without a zone."""
    name = endpoint.authority
    if name.startswith("[") and "%" in name:
        name = f"{name.partition('%')[0]}]{name.rpartition(']')[2]}"
    return ascii_host(name)
