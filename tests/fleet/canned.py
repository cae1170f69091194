"""A server that answers each connection with bytes made up by a test, whatever it is asked."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Canned:
    """Its port, what it answers to each piece that comes, in turn and the last one again and again, and what it was asked."""

    port: int
    answers: list[bytes]
    asked: list[bytes] = field(default_factory=list)
    connections: int = 0


@contextlib.contextmanager
def canned(*answers: bytes) -> Iterator[Canned]:
    """Such a server; an empty answer closes the connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Canned(listener.getsockname()[1], list(answers))
    thread = threading.Thread(target=_serve, args=(listener, server), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _serve(listener: socket.socket, server: Canned) -> None:
    while True:
        try:
            connection = listener.accept()[0]
        except OSError:
            return
        server.connections += 1
        with connection, contextlib.suppress(OSError):
            while asked := connection.recv(1 << 20):
                server.asked.append(asked)
                answer = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
                if not answer:
                    break
                connection.sendall(answer)
