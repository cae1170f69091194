"""HTTPS for few and small requests: each on a connection and a thread of its own, all of them bounded.

A client that is slow costs one of the places, for a while; when all are taken, the one that has been at it longest without
having asked anything has to go.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from selectors import EVENT_READ, DefaultSelector

from vsphere_session.clock import Clock, Deadline
from vsphere_session.commands.serving.certificate import Certificate
from vsphere_session.commands.serving.requests import Asked, BadRequestError, head_ends, read_head
from vsphere_session.commands.serving.responses import response
from vsphere_session.errors import BusyError, InvalidRequestError

MAX_CONNECTIONS = 64
MAX_REQUEST_SECONDS = 10.0
"""For the handshake and the request; then it is answered, in its own time."""
MAX_FAREWELL_SECONDS = 1.0
"""For the client to read the answer and to hang up."""
_READ_SIZE = 16 * 1024

Answer = Callable[[Asked, str], bytes]
"""The response to a request of this client."""


class Server:
    """Listens from its making on at `place`, a host and a port. `address` is where, with the port that was free where it was 0.

    Raises InvalidRequestError, BusyError where it cannot.
    """

    def __init__(
        self,
        place: tuple[str, int],
        certificate: Certificate,
        answer: Answer,
        clock: Clock,
        tell: Callable[[str], None],
    ) -> None:
        self._certificate, self._answer, self._clock, self._tell = certificate, answer, clock, tell
        self._listening = _listen(*place)
        name, number = self._listening.getsockname()[:2]
        self.address = f"[{name}]:{number}" if ":" in name else f"{name}:{number}"
        self._lock = threading.Lock()
        self._threads: dict[socket.socket, threading.Thread] = {}
        self._reading: list[socket.socket] = []
        """Connections that have not asked anything yet, those first that came first."""

    def serve(self, stop: socket.socket) -> None:
        """Answer until there is something to read on `stop`; then finish what is in flight."""
        with DefaultSelector() as selector:
            selector.register(self._listening, EVENT_READ)
            selector.register(stop, EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select()]
                if stop in ready:
                    break
                if self._listening in ready:
                    self._accept()
        self._drain()

    def close(self) -> None:
        """Listen no more."""
        self._listening.close()

    def _accept(self) -> None:
        try:
            client, address = self._listening.accept()
        except OSError:  # it has gone meanwhile, or no file more can be opened
            self._clock.sleep(0.01)
            return
        with self._lock:
            if len(self._threads) >= MAX_CONNECTIONS:
                if not self._reading or len(self._threads) >= 2 * MAX_CONNECTIONS:
                    client.close()
                    return
                _hang_up(self._reading.pop(0))
            thread = threading.Thread(target=self._serve, args=(client, str(address[0])), daemon=True)
            self._threads[client] = thread
            self._reading.append(client)
            try:
                thread.start()
            except RuntimeError:  # no thread can be had
                self._forget(client)
                client.close()

    def _drain(self) -> None:
        """Listen no more, and wait for those who have asked; who has not is sent away."""
        self.close()
        with self._lock:
            threads = list(self._threads.values())
            for client in self._reading:
                _hang_up(client)
        for thread in threads:
            thread.join(MAX_REQUEST_SECONDS)

    # ---- one connection, in a thread of its own

    def _serve(self, client: socket.socket, name: str) -> None:
        until = Deadline(MAX_REQUEST_SECONDS, self._clock)
        connection: socket.socket = client
        try:
            client.settimeout(MAX_REQUEST_SECONDS)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = self._certificate.context().wrap_socket(
                client, server_side=True, do_handshake_on_connect=False
            )
            self._take_over(client, connection)
            connection.settimeout(max(until.remaining(), 0.001))
            connection.do_handshake()
            data = self._response(connection, name, until)
            if data:
                connection.settimeout(MAX_FAREWELL_SECONDS)
                connection.sendall(data)
                _farewell(connection, Deadline(MAX_FAREWELL_SECONDS, self._clock))
        except (OSError, ValueError):  # a client that goes away, or whose TLS is none, is no event
            pass
        finally:
            connection.close()
            with self._lock:
                self._forget(connection)
                self._forget(client)

    def _response(self, connection: socket.socket, name: str, until: Deadline) -> bytes:
        try:
            asked = _read(connection, until)
        except BadRequestError as bad:
            self._tell(f"{name}: {bad.status}, no request that is answered")
            return response(bad.status)
        if asked is None:
            return b""
        with self._lock:
            if connection in self._reading:
                self._reading.remove(connection)
        return self._answer(asked, name)

    def _take_over(self, client: socket.socket, connection: socket.socket) -> None:
        """`connection` stands for `client` from now on, which has no descriptor any more."""
        with self._lock:
            self._threads[connection] = self._threads.pop(client, threading.current_thread())
            if client in self._reading:
                self._reading[self._reading.index(client)] = connection

    def _forget(self, client: socket.socket) -> None:
        self._threads.pop(client, None)
        if client in self._reading:
            self._reading.remove(client)


def _read(connection: socket.socket, until: Deadline) -> Asked | None:
    """The request, with its body read and dropped; None where the client has gone. Raises BadRequestError."""
    data = bytearray()
    while (end := head_ends(bytes(data))) < 0:
        part = _some(connection, until)
        if not part:
            return None
        data += part
    asked = read_head(bytes(data[:end]))
    left = asked.body - (len(data) - end)
    while left > 0:
        part = _some(connection, until)
        if not part:
            return None
        left -= len(part)
    return asked


def _some(connection: socket.socket, until: Deadline) -> bytes:
    connection.settimeout(max(until.remaining(), 0.001))
    try:
        return connection.recv(_READ_SIZE)
    except TimeoutError:
        raise BadRequestError(408) from None


def _farewell(connection: socket.socket, until: Deadline) -> None:
    """Let the client read all of it: who closes with something unread takes the answer back."""
    connection.shutdown(socket.SHUT_WR)
    while until.remaining() > 0:
        connection.settimeout(max(until.remaining(), 0.001))
        if not connection.recv(_READ_SIZE):
            return


def _hang_up(client: socket.socket) -> None:
    """End a connection that another thread waits for."""
    try:
        socket.socket.shutdown(client, socket.SHUT_RDWR)
    except OSError:
        pass


def _listen(host: str, port: int) -> socket.socket:
    try:
        (family, kind, number, _, address), *_ = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        listening = socket.socket(family, kind, number)
    except OSError:
        raise InvalidRequestError(
            "--listen names no address of this machine; write HOST:PORT, as in 0.0.0.0:8443"
        ) from None
    try:
        if os.name == "posix":  # elsewhere it lets another program take the port as well
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(MAX_CONNECTIONS)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise BusyError(
            f"cannot listen on {host}:{port} ({os.strerror(error.errno or 0)}); name an address of this machine and a port that is free"
        ) from None
    return listening
