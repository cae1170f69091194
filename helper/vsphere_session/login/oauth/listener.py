"""Waiting at the redirect URI, on this machine's own addresses alone, for what the browser brings.

Browsers open connections ahead that stay silent, and any program may come: so all are read at once, each for a while, and
none can hold up the one that is waited for.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from selectors import EVENT_READ, DefaultSelector
from typing import Self
from urllib.parse import urlsplit

from vsphere_session.clock import Clock, Deadline
from vsphere_session.errors import BusyError, InvalidRequestError, UnsupportedError
from vsphere_session.login.oauth.addresses import is_loopback
from vsphere_session.login.oauth.redirect import MAX_REQUEST_BYTES, Expected, answer, bad_request, is_whole, page

MAX_CONNECTIONS = 32
MAX_REQUEST_SECONDS = 10.0
_READ_SIZE = 16 * 1024
_LOOK_UP = 0.25  # seconds after which the clock is read again, whatever it is
_TRIES = 20  # for a port that is free on both addresses
_NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT)

OpenSocket = Callable[[str, int], socket.socket]


def open_socket(address: str, port: int) -> socket.socket:
    """A socket that listens on this address and no other. Raises OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if os.name == "posix":  # elsewhere it lets another program take the port as well
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(MAX_CONNECTIONS)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening


class Listener:
    """Listens from its making until `close`, or the end of its `with` block.

    redirect_uri  where the provider is to send the browser: as given, with the port that was free where it was 0
    path          its path
    """

    def __init__(self, redirect_uri: str, clock: Clock, *, open_socket: OpenSocket = open_socket) -> None:
        """`redirect_uri` is for http on this machine. `localhost` is both of its addresses, since browsers take either.

        Raises InvalidRequestError, BusyError, UnsupportedError.
        """
        host, port, path = _split(redirect_uri)
        self._clock = clock
        self._open = open_socket
        self._selector = DefaultSelector()
        self._clients: dict[socket.socket, tuple[bytearray, Deadline]] = {}
        self._accepted: socket.socket | None = None
        self._listening = self._listen(["127.0.0.1", "::1"] if host == "localhost" else [host], port)
        for listening in self._listening:
            self._selector.register(listening, EVENT_READ, listening)
        free = self._listening[0].getsockname()[1]
        authority = f"[{host}]" if ":" in host else host
        self.redirect_uri = redirect_uri if port else f"http://{authority}:{free}{path}"
        self.path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait(self, expected: Expected, deadline: Deadline) -> str:
        """The authorization code that comes with the right state; the browser waits for `finish` then.

        Raises BusyError at the end of `deadline`, and LoginRefusedError or UnreachableError where the provider says no.
        """
        while deadline.remaining() > 0:
            for key, _ in self._selector.select(min(deadline.remaining(), _LOOK_UP)):
                ready: socket.socket = key.data
                if ready in self._listening:
                    self._accept(ready)
                else:
                    code = self._read(ready, expected)
                    if code:
                        return code
            for client, (_, patience) in list(self._clients.items()):
                if patience.remaining() <= 0:
                    self._answer(client, bad_request())
        raise BusyError(
            f"nobody logged in within {deadline.seconds:g} s in the browser; start again, or allow more with --timeout"
        )

    def finish(self, *, done: bool) -> None:
        """Tell the browser how it went."""
        accepted, self._accepted = self._accepted, None
        if accepted is not None:
            _send(accepted, page(done=done))

    def close(self) -> None:
        """Listen no more. A browser that still waits is told that it did not work. Never fails."""
        self.finish(done=False)
        self._selector.close()
        for each in (*self._clients, *self._listening):
            each.close()
        self._clients.clear()

    def _listen(self, addresses: list[str], port: int) -> list[socket.socket]:
        for _ in range(_TRIES):
            opened: list[socket.socket] = []
            try:
                for address in addresses:
                    try:
                        opened.append(self._open(address, opened[0].getsockname()[1] if opened else port))
                    except OSError as error:
                        if error.errno not in _NO_SUCH_ADDRESS:
                            raise
            except OSError as error:
                for each in opened:
                    each.close()
                if error.errno == errno.EADDRINUSE and not port:
                    continue
                raise _cannot_listen(error, port) from None
            if not opened:
                raise UnsupportedError(
                    f"this machine has no address {' or '.join(addresses)} to listen on; log in without a browser on it (--no-browser)"
                )
            return opened
        raise BusyError("no port is free for the browser to come back to; try again, or log in with --no-browser")

    def _accept(self, listening: socket.socket) -> None:
        try:
            client, _ = listening.accept()
        except OSError:  # it has gone meanwhile
            return
        client.setblocking(False)
        if len(self._clients) >= MAX_CONNECTIONS:
            self._answer(next(iter(self._clients)), bad_request())
        self._clients[client] = bytearray(), Deadline(MAX_REQUEST_SECONDS, self._clock)
        self._selector.register(client, EVENT_READ, client)

    def _read(self, client: socket.socket, expected: Expected) -> str:
        """The code, if it is there now."""
        if client not in self._clients:  # given up for another one
            return ""
        request, _ = self._clients[client]
        try:
            part = client.recv(_READ_SIZE)
        except BlockingIOError:
            return ""
        except OSError:
            part = b""
        request += part
        if part and not is_whole(bytes(request)):
            return ""
        found = answer(bytes(request[: MAX_REQUEST_BYTES + 1]), expected)
        if found.code:
            self._forget(client)
            self._accepted = client
            return found.code
        self._answer(client, found.response)
        if found.error is not None:
            raise found.error
        return ""

    def _answer(self, client: socket.socket, response: bytes) -> None:
        self._forget(client)
        _send(client, response)

    def _forget(self, client: socket.socket) -> None:
        self._selector.unregister(client)
        del self._clients[client]


def _send(client: socket.socket, response: bytes) -> None:
    """A page is shorter than any buffer: who does not take it goes without."""
    try:
        client.send(response)
        client.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    client.close()


def _split(redirect_uri: str) -> tuple[str, int, str]:
    """Host, port and path. Raises InvalidRequestError."""
    try:
        parts = urlsplit(redirect_uri)
        host, port = parts.hostname or "", 80 if parts.port is None else parts.port
    except ValueError:
        host, port, parts = "", 0, urlsplit("")
    plain = redirect_uri.isascii() and redirect_uri.isprintable() and " " not in redirect_uri
    if (
        parts.scheme != "http"
        or not is_loopback(host)
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
        or not plain
    ):
        raise InvalidRequestError(
            "the redirect_uri does not lead to this machine; write http://localhost:PORT/PATH, as it is registered with the provider"
        )
    return host, port, parts.path or "/"


def _cannot_listen(error: OSError, port: int) -> BusyError | InvalidRequestError:
    if error.errno == errno.EACCES:
        return InvalidRequestError(
            f"this user may not listen on port {port} of the redirect_uri; register one with a port above 1023"
        )
    if error.errno == errno.EADDRINUSE:
        return BusyError(
            f"port {port} of the redirect_uri is taken, by another login that waits for its browser or by another program; end that "
            "first, or log in with --no-browser"
        )
    return BusyError(f"cannot listen on port {port} of the redirect_uri: {os.strerror(error.errno or 0)}; try again")
