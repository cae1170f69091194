"""Requests to one endpoint, one after the other on one connection, which several clients may share.

On the fast path.
"""

from __future__ import annotations

from vsphere_session.clock import Deadline
from vsphere_session.errors import SessionError, UnreachableError
from vsphere_session.http.connection import Connection, host_header
from vsphere_session.http.response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl

    from vsphere_session.clock import Clock
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.http.trust import Trust


_PATIENCE = 1.0
"""Seconds for the second answer of two questions that went out together, before it is asked for on another connection."""


class Line:
    """The connection of one transport, or of several to the same endpoint under the same terms.

    kept  it stays open when a transport is closed, for the next one
    """

    __slots__ = ("ahead", "awaited", "connection", "kept")

    def __init__(self, *, kept: bool = False) -> None:
        self.connection: Connection | None = None
        self.kept = kept
        self.ahead = b""
        """A question that is to go out together with the next one."""
        self.awaited = b""
        """One that has, and whose answer comes next."""

    def close(self) -> None:
        """Close the connection, if there is one; the next request opens a new one."""
        connection, self.connection = self.connection, None
        self.ahead = self.awaited = b""
        if connection is not None:
            connection.close()


class Transport:
    """How requests travel; what a `config` hook may change before anything is sent.

    endpoint     where to (read only)
    trust        what to check of its certificate
    insecure     what the cache's key says of that, whatever a hook makes of `trust` (read only)
    server_name  the name that its certificate is for, where that is not the endpoint's
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
        self.server_name = ""
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

    def ask_ahead(self, method: str, path: str, headers: dict[str, str]) -> None:
        """Have this question go out with the next request on a line that is shared; nothing must be changed by it.

        It is asked by `send` all the same, which then finds a good answer there, or asks (again): one that never came, or
        that is none, is no worse than a question that was not asked ahead.
        """
        if self._line.kept and not (self.proxy is not None and self.endpoint.scheme == "http"):
            self._line.ahead = self._request(method, path, headers, b"")

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Response:
        """One request and its answer. A redirect is an error: a session is never shown to another address.

        Raises UnreachableError, UntrustedError.
        """
        data = self._request(method, path, headers, body)
        response = self._awaited(data) or self._at_once(data) or self._exchange(data)
        if 300 <= response.status < 400:
            raise UnreachableError(
                f"{self.endpoint.place} redirects to another address; nothing was sent there: name that address in the url if it is the right one"
            )
        return response

    def _request(self, method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host_header(self.endpoint)}"]
        # without it a front may compress as it likes (RFC 9110, 12.5.3), and nothing is unpacked here
        given = {"Accept-Encoding": "identity"} | self.headers | headers
        lines += [f"{name}: {value}" for name, value in given.items()]
        lines.append(f"Content-Length: {len(body)}")
        if self.proxy is not None and self.endpoint.scheme == "http":
            self._for_proxy(lines, f"{method} http://{host_header(self.endpoint)}{path} HTTP/1.1", self.proxy)
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    def _at_once(self, data: bytes) -> Response | None:
        """The answer to `data`, sent together with the question that is to be asked ahead. None if that is no way to ask.

        A server that hangs up after its first answer may take that back by doing so, since there was more to read.
        """
        ahead, self._line.ahead = self._line.ahead, b""
        if not ahead:
            return None
        try:
            return self._exchange(data, ahead)
        except UnreachableError as error:
            if not error.unanswered:  # nothing was sent
                raise
            return None  # asked alone it has the same answer, or the same error

    def _exchange(self, data: bytes, ahead: bytes = b"") -> Response:
        connection = self._connect(self.until())
        try:
            connection.send(data + ahead)
            response, reusable = connection.reader.read()
            if response.status == 407 and self.proxy is not None and self.endpoint.scheme == "http":
                from vsphere_session.http.proxied import login_wanted  # noqa: PLC0415  # few have a proxy

                raise login_wanted(self.endpoint, self.proxy, "407")
        except BaseException as error:
            self._line.close()
            if isinstance(error, UnreachableError):
                error.unanswered = True
            raise
        if reusable:
            self._line.awaited = ahead
        else:
            self._line.close()
        return response

    def _awaited(self, data: bytes) -> Response | None:
        """The answer to a question that was asked ahead, if it is this one and the answer is good; the line is free then."""
        line, connection = self._line, self._line.connection
        awaited, line.awaited = line.awaited, b""
        if not awaited or connection is None:
            return None
        connection.deadline = self.until().within(_PATIENCE)  # some servers drop what comes before they have answered
        try:
            response, reusable = connection.reader.read()
        except SessionError:
            line.close()
            return None
        except BaseException:
            line.close()
            raise
        if not reusable:
            line.close()
        return response if awaited == data and response.status == 200 and response.body[:1] == b"{" else None

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
                self.endpoint,
                self.trust,
                deadline,
                proxy=self.proxy,
                context=self.ssl_context,
                server_name=self.server_name,
            )
        line.connection.deadline = deadline
        return line.connection
