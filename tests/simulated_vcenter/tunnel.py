"""The SDK tunnel, the way in for extensions: plain HTTP that knows CONNECT, and TLS inside that sees the client's certificate.

Only `sdkTunnel:8089` can be reached through it. The certificate inside is vCenter's own, and not for that name.
"""

from __future__ import annotations

import contextlib
import io
import socket
import sys
from collections.abc import Callable
from typing import Any, cast

import trustme
from OpenSSL import SSL

from simulated_vcenter.exchange import Exchange
from simulated_vcenter.keys import der
from simulated_vcenter.messages import Request, Response
from simulated_vcenter.server import Connection, HttpServer

_PLACE = "sdktunnel:8089"


class SdkTunnel(HttpServer):
    """Listens on a port that stands for vCenter's port 80, until `stop`.

    `refuse_with` is the status of the answer to every CONNECT, None to let it through; `targets` is what was asked for.
    `see` is called with a request and the DER of the client's certificate, b"" if it showed none.
    """

    def __init__(
        self,
        host: str,
        leaf: Callable[[], trustme.LeafCert],
        see: Callable[[str, str, dict[str, str], bytes, str, bytes], Request],
        respond: Callable[[Exchange], None],
        work: Callable[[Request], Response],
    ) -> None:
        self.leaf, self.see = leaf, see
        self.refuse_with: int | None = None
        self.targets: list[str] = []
        super().__init__(host, 0, lambda: None, self._unseen, respond, work)

    def connections(self) -> type[Connection]:
        """Return what serves one connection."""
        return _Connection

    def _unseen(self, method: str, path: str, headers: dict[str, str], body: bytes, client: str) -> Request:
        return self.see(method, path, headers, body, client, b"")

    def tls(self) -> SSL.Context:
        """Return how it speaks TLS inside: any client certificate will do here, the login compares it."""
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        self.leaf().configure_cert(context)
        context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        context.set_session_id(b"tunnel")
        return context

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep a bug of the simulator; a client that goes away or takes no such certificate is no error."""
        if not isinstance(sys.exc_info()[1], SSL.Error):
            super().handle_error(request, client_address)


class _Connection(Connection):
    """One connection: CONNECT, then requests inside of TLS."""

    server: SdkTunnel
    inside: SSL.Connection | None = None
    certificate = b""

    def do_CONNECT(self) -> None:  # noqa: N802  the base class looks for it by this name
        """Let TLS begin, or say no."""
        self.server.targets.append(self.path)
        refusal = self.server.refuse_with or (None if self.path.lower() == _PLACE else 403)
        if self.inside is not None or refusal is not None:
            self._refuse(refusal or 405)
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        inside = SSL.Connection(self.server.tls(), self.connection)
        inside.set_accept_state()
        inside.do_handshake()
        shown = inside.get_peer_certificate(as_cryptography=True)
        self.certificate = b"" if shown is None else der(shown)
        self.inside, self.close_connection = inside, False  # although it may have been HTTP 1.0 so far
        self.rfile = io.BufferedReader(_Inside(inside))
        # Nothing but `sendall` is asked of it, unless a fault resets it.
        self.connection = cast("socket.socket", inside)

    def answer(self) -> None:
        """Answer inside of TLS only."""
        if self.inside is None:
            self._refuse(405)
        else:
            super().answer()

    def read(self, headers: dict[str, str], body: bytes) -> Request:
        """Let the server see the request, and who sent it."""
        return self.server.see(self.command, self.path, headers, body, str(self.client_address[0]), self.certificate)

    def finish(self) -> None:
        """Say goodbye inside of TLS."""
        if self.inside is not None:
            with contextlib.suppress(SSL.Error):
                self.inside.shutdown()
        super().finish()

    def _refuse(self, status: int) -> None:
        """As a port 80 that only redirects does."""
        refusal = Response(status, b"", {"Location": "https://vcenter/"} if status in {301, 302} else {})
        self.wfile.write(refusal.head())
        self.close_connection = True


class _Inside(io.RawIOBase):
    """What the client says inside of TLS."""

    def __init__(self, connection: SSL.Connection) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        try:
            data = self._connection.recv(len(view))
        except (SSL.ZeroReturnError, SSL.SysCallError):
            return 0
        view[: len(data)] = data
        return len(data)
