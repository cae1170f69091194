"""A small HTTP proxy for the tests: CONNECT, whole requests for plain servers, TLS and a login if wanted."""

from __future__ import annotations

import base64
import socket
import ssl

from support.proxy_server import Proxy, Relay, read_head


class ConnectProxy(Proxy):
    """Listens on 127.0.0.1, connects whatever is asked for to `target`, and remembers the requests.

    status  what it answers; other than 200 nothing follows
    tls     the context with which it takes connections; None for plain ones
    login   `user:password` that it wants to see
    """

    def __init__(
        self,
        target: tuple[str, int],
        *,
        status: str = "200 Connection established",
        tls: ssl.SSLContext | None = None,
        login: str = "",
    ) -> None:
        self._status = status
        self._login = f"Proxy-Authorization: Basic {base64.b64encode(login.encode()).decode()}\r\n" if login else ""
        self.requests: list[bytes] = []
        super().__init__(target, tls=tls)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def converse(self, relay: Relay) -> None:
        """Answer one request; then what follows is the server's."""
        head, rest = read_head(relay.client)
        self.requests.append(head)
        if self._login.encode() not in head:
            relay.client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        elif not head.startswith(b"CONNECT "):
            self._pass_on(relay.client, head, rest)
        else:
            relay.client.sendall(f"HTTP/1.1 {self._status}\r\n\r\n".encode())
            if self._status.startswith("200"):
                relay.run(rest)

    def _pass_on(self, client: socket.socket, head: bytes, body: bytes) -> None:
        """A whole request, and its answer as the last one of the connection."""
        lines = head.lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
        while len(body) < length:
            body += client.recv(length - len(body))
        answer = b""
        with socket.create_connection(self._target) as server:
            server.sendall(_for_the_server(head) + body)
            while part := server.recv(65536):
                answer += part
        status, _, rest = answer.partition(b"\r\n")
        client.sendall(status + b"\r\nConnection: close\r\n" + rest)


def _for_the_server(head: bytes) -> bytes:
    """A request as the server takes it: the path alone, nothing of the proxy's, and one per connection."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    method, target, version = first.split(b" ")
    path = b"/" + target.split(b"/", 3)[3]
    kept = [line for line in lines if not line.lower().startswith((b"proxy-", b"connection:"))]
    return b"\r\n".join([b" ".join((method, path, version)), *kept, b"Connection: close", b"", b""])
