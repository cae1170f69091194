"""An HTTP proxy to be sent through: what it is asked for is what it tells of."""

from __future__ import annotations

import socket
import threading


class Proxy:
    """An HTTP proxy that knows CONNECT: `targets` are those that it was asked for, `said` is all that it could read."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.authority = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.targets: list[str] = []
        self.said = ""
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """Stop; waits for the connections to end."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(60)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += connection.recv(1)
        self.said += head.decode()
        method, target, _ = head.decode().partition("\r\n")[0].split()
        assert method == "CONNECT"
        self.targets.append(target)
        host, _, port = target.rpartition(":")
        server = socket.create_connection((host, int(port)))
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        for here, there in ((connection, server), (server, connection)):
            thread = threading.Thread(target=_pump, args=(here, there), daemon=True)
            self._threads.append(thread)
            thread.start()


def _pump(here: socket.socket, there: socket.socket) -> None:
    try:
        while data := here.recv(65536):
            there.sendall(data)
        there.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    finally:
        here.close()
