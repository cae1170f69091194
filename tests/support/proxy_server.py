"""What the tests' proxies have in common: a listening socket, a thread for each connection, bytes in both directions."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

import trustme

from support.ports import free_port


class Relay:
    """One client's connection, and the server that it is to get."""

    def __init__(self, client: socket.socket, target: tuple[str, int]) -> None:
        self.client = client
        self._target = target

    def run(self, first: bytes = b"") -> None:
        """Connect, send what the client has said already, then pass on until both have ended."""
        with socket.create_connection(self._target) as server:
            server.sendall(first)
            back = threading.Thread(target=_pump, args=(server, self.client), daemon=True)
            back.start()
            _pump(self.client, server)
            back.join()


class Proxy(ABC):
    """Listens on 127.0.0.1 and leads everybody to `target`, by TLS if there is a context for it."""

    def __init__(self, target: tuple[str, int], *, tls: ssl.SSLContext | None = None) -> None:
        self._target = target
        self._tls = tls
        self._server = socket.create_server(("127.0.0.1", free_port()))  # some tests go on when it has gone
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._server.close()

    @abstractmethod
    def converse(self, relay: Relay) -> None:
        """Speak the proxy's protocol with a client."""

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            if self._tls is None:
                self.converse(Relay(client, self._target))
                return
            with self._tls.wrap_socket(client, server_side=True) as secured:
                self.converse(Relay(secured, self._target))


class Authority:
    """A throw-away authority with a context for a server at 127.0.0.1, or by the names given."""

    def __init__(self, *names: str) -> None:
        authority = trustme.CA()
        self.pem = authority.cert_pem.bytes()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*(names or ("127.0.0.1",))).configure_cert(self.context)


def read_head(client: socket.socket) -> tuple[bytes, bytes]:
    """The head of an HTTP request, and what came with it."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = client.recv(4096)
        if not part:
            raise ConnectionError("the client left")
        data += part
    head, end, rest = data.partition(b"\r\n\r\n")
    return head + end, rest


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            # not SSLSocket's own: that pulls the TLS object from under the thread that reads
            socket.socket.shutdown(end, socket.SHUT_RDWR)
