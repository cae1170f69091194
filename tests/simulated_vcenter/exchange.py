"""One request on one connection, in the hands of a fault."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Callable

from simulated_vcenter.messages import Request, Response

_LINGER_ZERO = struct.pack("ii", 1, 0)  # close now, throw away what is unsent, and say so: a TCP RST


class Exchange:
    """Everything that a fault may do to a request.

    Writing to a client that has gone raises OSError; the server takes that as the exchange's end.
    """

    def __init__(self, request: Request, connection: socket.socket, work: Callable[[], Response]) -> None:
        self.request = request
        self._connection = connection
        self._work = work
        self._response: Response | None = None
        self.keep_open = True  # whether the connection may serve another request

    def perform(self) -> Response:
        """Do what the request asks for, once, and tell what the answer would be."""
        if self._response is None:
            self._response = self._work()
        return self._response

    def send(self, response: Response) -> None:
        """Answer."""
        self.write(response.head() + response.body)

    def write(self, data: bytes) -> None:
        """Send raw bytes."""
        self._connection.sendall(data)

    def close(self) -> None:
        """Close the connection after this exchange."""
        self.keep_open = False

    def reset(self) -> None:
        """Reset the TCP connection, at once.

        Through TLS, clients in Python report that as an early end: SSL_read_ex does not tell them apart.
        """
        self.keep_open = False
        with contextlib.suppress(OSError):
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        # The file objects on the socket would keep it open after a mere close().
        os.close(self._connection.detach())

    def gone(self, seconds: float | None = None) -> bool:
        """Wait so long (None: for ever) for the client to leave or the server to stop; whether one has."""
        try:
            self._connection.settimeout(seconds)
            while self._connection.recv(4096):
                pass
        except TimeoutError:
            self._connection.settimeout(None)
            return False
        except OSError:
            pass
        self.keep_open = False
        return True
