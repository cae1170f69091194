"""A TCP proxy whose faults a test switches while connections are open."""

from __future__ import annotations

import contextlib
import enum
import socket
import threading
from collections.abc import Iterator


class Mode(enum.Enum):
    """What becomes of the bytes that the server sends; in all of them the server gets what the client sends, but BLACKHOLE."""

    PASS = "all of it, at once"
    DELAY = "all of it, each piece after `delay` seconds"
    CUT = "the connection is closed when they come"
    BLACKHOLE = "nothing goes through, in either direction"
    SILENT = "nothing of it arrives"
    HALF = "half of it arrives, and then nothing more"
    DRIP = "the first one, and then digits, one at a time, for ever"
    NONSENSE = "something else arrives in its place"
    FLOOD = "more arrives than anybody asked for"


NONSENSE = b"HTTP/1.1 400 Bad Request\r\n\r\n"
_FLOOD = b"$1073741824\r\n" + b"x" * 65536
_BETWEEN_DROPS = 0.02


class Proxy:
    """Listens at `port` in front of the server that is at `target` when a connection comes; `mode` is asked for each piece that comes."""

    def __init__(self, target: int) -> None:
        self.mode = Mode.PASS
        self.delay = 0.05
        self.target = target
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """End every connection."""
        self._over.set()
        for one in self._open:
            _end(one)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                server = socket.create_connection(("127.0.0.1", self.target))
                self._open += [client, server]
                for work in (self._up, self._down):
                    threading.Thread(target=work, args=(client, server), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if self.mode is not Mode.BLACKHOLE:
                    server.sendall(data)
        _end(server)

    def _down(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                self._pass_on(client, data)
        _end(client)

    def _pass_on(self, client: socket.socket, data: bytes) -> None:
        match self.mode:
            case Mode.PASS:
                client.sendall(data)
            case Mode.DELAY:
                self._over.wait(self.delay)
                client.sendall(data)
            case Mode.CUT:
                _end(client)
            case Mode.HALF:
                client.sendall(data[: len(data) // 2])
                self._over.wait()
            case Mode.NONSENSE:
                client.sendall(NONSENSE)
            case Mode.DRIP:
                client.sendall(data[:1])
                while not self._over.wait(_BETWEEN_DROPS):
                    client.sendall(b"1")
            case Mode.FLOOD:
                while True:
                    client.sendall(_FLOOD)


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


@contextlib.contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    """A proxy for as long as the context lasts."""
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
