"""Sockets, TLS and HTTP: hands each request to its owner, one thread per connection."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from simulated_vcenter.exchange import Exchange
from simulated_vcenter.messages import Request, Response, text_response

_LARGEST_BODY = 16 << 20
_PATIENCE_SECONDS = 10.0
_POLL_SECONDS = 0.02  # how long `stop` may have to wait for the accepting thread


class HttpServer(socketserver.ThreadingTCPServer):
    """Serves HTTP/1.1 from its own threads until `stop`.

    `respond` is called with every exchange, from several threads at once. `context` gives the TLS
    context for a new connection, None for plain HTTP. What goes wrong in `respond` is in `errors`.
    """

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self,
        host: str,
        port: int,
        context: Callable[[], ssl.SSLContext | None],
        read: Callable[[str, str, dict[str, str], bytes, str], Request],
        respond: Callable[[Exchange], None],
        work: Callable[[Request], Response],
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.context, self.read, self.respond, self.work = context, read, respond, work
        self.errors: list[Exception] = []
        self._open: set[socket.socket] = set()
        self._workers: list[threading.Thread] = []
        self._open_lock = threading.Lock()
        super().__init__((host, port), self.connections())
        self._thread = threading.Thread(target=self.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        self._thread.start()

    def connections(self) -> type[Connection]:
        """Return what serves one connection."""
        return Connection

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])

    def stop(self) -> None:
        """Stop listening, cut every connection, and wait for the threads."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._open_lock:
            for connection in self._open:
                _cut(connection)
        for worker in self._workers:
            worker.join(_PATIENCE_SECONDS)
            if worker.is_alive():
                self.errors.append(RuntimeError("a fault's hook has not returned"))

    def settle(self) -> None:
        """Wait until every connection of clients that are gone is done with, and what they had sent is carried out."""
        address = self.server_address[0], self.port
        with socket.create_connection((str(address[0]), address[1])) as last, contextlib.suppress(OSError):
            last.shutdown(socket.SHUT_WR)
            while last.recv(4096):  # its end comes after it was accepted, and so after all those before it
                pass
        for worker in self._workers:
            worker.join(_PATIENCE_SECONDS)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept; the handshake is left to the connection's thread, so that nobody can hold up the others."""
        connection, address = super().get_request()
        context = self.context()
        if context is not None:
            connection = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._open_lock:
            self._open.add(connection)
        return connection, address

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in its own thread."""
        arguments = request, client_address
        worker = threading.Thread(target=self.process_request_thread, args=arguments, daemon=True)
        self._workers = [*(each for each in self._workers if each.is_alive()), worker]
        worker.start()

    def shutdown_request(self, request: Any) -> None:
        """Close a connection that is done with."""
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Keep a bug of the simulator for `stop`'s caller; a client that goes away is no error."""
        error = sys.exc_info()[1]
        if isinstance(error, Exception) and not isinstance(error, OSError):
            self.errors.append(error)


class Connection(BaseHTTPRequestHandler):
    """One connection and its requests, one after the other."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: HttpServer
    connection: socket.socket

    def setup(self) -> None:
        """Shake hands in the connection's own thread."""
        if isinstance(self.request, ssl.SSLSocket):
            self.request.do_handshake()
        super().setup()

    def answer(self) -> None:
        """Answer one request, whatever its method."""
        body = self._body()
        if body is None:
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = self.read(headers, body)
        exchange = Exchange(request, self.connection, lambda: self.server.work(request))
        self.server.respond(exchange)
        if not exchange.keep_open:
            self.close_connection = True

    def read(self, headers: dict[str, str], body: bytes) -> Request:
        """Let the server see the request."""
        return self.server.read(self.command, self.path, headers, body, str(self.client_address[0]))

    def __getattr__(self, name: str) -> Any:
        """Answer every method: the base class looks for `do_GET` and the like."""
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def _body(self) -> bytes | None:
        """Read the whole body, with its length told or in chunks; None if neither makes sense."""
        try:
            if self.headers.get("transfer-encoding", "").lower() == "chunked":
                return b"".join(iter(self._chunk, b""))
            return self._exactly(int(self.headers.get("content-length", "0")))
        except ValueError:
            self.close_connection = True
            refusal = text_response(400, "no body that can be read\n")
            self.connection.sendall(refusal.head() + refusal.body)
            return None

    def _chunk(self) -> bytes:
        data = self._exactly(int(self.rfile.readline(100).partition(b";")[0], 16))
        self.rfile.readline(100)
        return data

    def _exactly(self, length: int) -> bytes:
        if not 0 <= length <= _LARGEST_BODY:
            raise ValueError("a body of this size is not taken")
        data = self.rfile.read(length)
        if len(data) != length:
            raise ConnectionError("the client left in the middle of its request")
        return data

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: what was seen is in `requests`."""


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Not SSLSocket's own shutdown: that pulls the TLS object from under the thread that reads.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
