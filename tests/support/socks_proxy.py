"""A small SOCKS 5 proxy (RFC 1928, RFC 1929) for the tests."""

from __future__ import annotations

import socket

from support.proxy_server import Proxy, Relay


class SocksProxy(Proxy):
    """Connects whatever is asked for to `target`, and remembers what was asked for: an address in text, or a name.

    login   user and password that it wants
    reply   its answer to a request, 0 for yes
    """

    def __init__(self, target: tuple[str, int], *, login: tuple[str, str] | None = None, reply: int = 0) -> None:
        self._login = login
        self._reply = reply
        self.asked: list[tuple[str, int]] = []
        self.logins: list[tuple[str, str]] = []
        super().__init__(target)
        self.url = f"socks5://127.0.0.1:{self.port}"

    def converse(self, relay: Relay) -> None:
        """Greeting, login, request; then what follows is the server's."""
        client = relay.client
        methods = _exactly(client, _exactly(client, 2)[1])
        wanted = 2 if self._login else 0
        if wanted not in methods:
            client.sendall(b"\x05\xff")
            return
        client.sendall(bytes((5, wanted)))
        if self._login and not self._accepts(client):
            return
        _, command, _, kind = _exactly(client, 4)
        host = self._host(client, kind)
        self.asked.append((host, int.from_bytes(_exactly(client, 2), "big")))
        code = self._reply if command == 1 else 7
        client.sendall(bytes((5, code, 0, 3, 4)) + b"here" + b"\x00\x01")  # a name, so that its length has to be read
        if code == 0:
            relay.run()

    def _accepts(self, client: socket.socket) -> bool:
        user = _exactly(client, _exactly(client, 2)[1]).decode()
        self.logins.append((user, _exactly(client, _exactly(client, 1)[0]).decode()))
        good = self.logins[-1] == self._login
        client.sendall(bytes((1, 0 if good else 1)))
        return good

    @staticmethod
    def _host(client: socket.socket, kind: int) -> str:
        if kind == 3:
            return _exactly(client, _exactly(client, 1)[0]).decode()
        family, size = (socket.AF_INET, 4) if kind == 1 else (socket.AF_INET6, 16)
        return socket.inet_ntop(family, _exactly(client, size))


def _exactly(client: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = client.recv(count - len(data))
        if not part:
            raise ConnectionError("the client left")
        data += part
    return data
