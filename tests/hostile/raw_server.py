"""A TCP server that says the same to everybody, whatever they say."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class RawServer:
    """Listens on a loopback port, hands each connection to `act`, and closes it afterwards."""

    def __init__(self, act: Callable[[socket.socket], object]) -> None:
        self._act = act
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def authority(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                with connection, contextlib.suppress(OSError):
                    self._act(connection)


def silent(connection: socket.socket) -> None:
    """Take the connection and never say anything, until the other side leaves."""
    while connection.recv(4096):
        pass


def closing(_connection: socket.socket) -> None:
    """Close at once."""


def resetting(connection: socket.socket) -> None:
    """Reset after the first bytes."""
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def saying(data: bytes) -> Callable[[socket.socket], None]:
    """Say this after the first bytes, and then nothing until the other side leaves."""

    def act(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        silent(connection)

    return act


def dribbling(data: bytes) -> Callable[[socket.socket], None]:
    """Say this, and then one byte of it again and again, slower than anybody wants to wait."""

    def act(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.settimeout(0.05)
        while True:
            with contextlib.suppress(TimeoutError):
                if not connection.recv(4096):
                    return
            connection.sendall(data[-1:])

    return act
