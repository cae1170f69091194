"""Requests to one endpoint, one after the other on one connection, which several clients may share.

On the fast path.
"""

from __future__ import annotations

from vsphere_session.clock import Deadline
from vsphere_session.errors import UnreachableError
from vsphere_session.http.connection import Connection, host_header
from vsphere_session.http.response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl

    from vsphere_session.clock import Clock
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.http.trust import Trust


class Line:
    """The connection of one transport, or of several to the same endpoint under the same terms.

    kept  it stays open when a transport is closed, for the next one
    """

    __slots__ = ("connection", "kept")

    def __init__(self, *, kept: bool = False) -> None:
        self.connection: Connection | None = None
        self.kept = kept

    def close(self) -> None:
        """Close the connection, if there is one; the next request opens a new one."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()


class Transport:
    """How requests travel; what a `config` hook may change before anything is sent.

    endpoint     where to (read only)
    trust        what to check of its certificate
    insecure     what the cache's key says of that, whatever a hook makes of `trust` (read only)
    ssl_context  one's own context; None lets `trust` make it. A thumbprint in `trust` is compared all the same
    proxy        the proxy to go through (`parse_proxy`; an Endpoint is one that speaks HTTP), or None
    headers      sent with every request
    timeout      seconds that one request may take
    deadline     until when all requests together may take, or None
    line         a connection to share with others, or None
    """

    def __init__(
        self,
        endpoint: Endpoint,
        trust: Trust,
        *,
        clock: Clock,
        timeout: float,
        deadline: Deadline | None = None,
        proxy: Endpoint | None = None,
        headers: dict[str, str] | None = None,
        line: Line | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.trust = trust
        self.insecure = trust.insecure
        self.timeout = timeout
        self.deadline = deadline
        self.proxy = proxy
        self.headers = dict(headers or {})
        self.ssl_context: ssl.SSLContext | None = None
        self._clock = clock
        self._line = line or Line()

    def until(self) -> Deadline:
        """The deadline of a request that begins now."""
        return self.deadline or Deadline(self.timeout, self._clock)

    def grant(self, seconds: float) -> None:
        """Let requests take so many seconds from now on, even if the deadline comes earlier."""
        if self.deadline is not None and self.deadline.remaining() < seconds:
            self.deadline = Deadline(seconds, self._clock)

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Response:
        """One request and its answer. A redirect is an error: a session is never shown to another address.

        Raises UnreachableError, UntrustedError.
        """
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host_header(self.endpoint)}"]
        # without it a front may compress as it likes (RFC 9110, 12.5.3), and nothing is unpacked here
        given = {"Accept-Encoding": "identity"} | self.headers | headers
        lines += [f"{name}: {value}" for name, value in given.items()]
        lines.append(f"Content-Length: {len(body)}")
        if self.proxy is not None and self.endpoint.scheme == "http":
            self._for_proxy(lines, f"{method} http://{host_header(self.endpoint)}{path} HTTP/1.1", self.proxy)
        connection = self._connect(self.until())
        try:
            connection.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
            response, reusable = connection.reader.read()
            if response.status == 407 and self.proxy is not None and self.endpoint.scheme == "http":
                from vsphere_session.http.proxied import login_wanted  # noqa: PLC0415  # few have a proxy

                raise login_wanted(self.endpoint, self.proxy, "407")
        except BaseException as error:
            self._line.close()
            if isinstance(error, UnreachableError):
                error.unanswered = True
            raise
        if not reusable:
            self._line.close()
        if 300 <= response.status < 400:
            raise UnreachableError(
                f"{self.endpoint.place} redirects to another address; nothing was sent there: name that address in the url if it is the right one"
            )
        return response

    def close(self) -> None:
        """Close the connection, unless others are to use it, too; the next request opens a new one."""
        if not self._line.kept:
            self._line.close()

    def _for_proxy(self, lines: list[str], whole: str, proxy: Endpoint) -> None:
        """Change the lines of a request to those that a proxy passes on, if it is one that does."""
        from vsphere_session.http.tunnel import authorization, forwards  # noqa: PLC0415  # few have a proxy

        if forwards(self.endpoint, proxy):
            lines[0] = whole
            login = authorization(proxy)
            lines += [f"Proxy-Authorization: {login}"] if login else []

    def _connect(self, deadline: Deadline) -> Connection:
        line = self._line
        if line.connection is not None and not line.connection.is_open():
            line.close()
        if line.connection is None:
            line.connection = Connection(
                self.endpoint, self.trust, deadline, proxy=self.proxy, context=self.ssl_context
            )
        line.connection.deadline = deadline
        return line.connection
