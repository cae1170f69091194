"""A provider or vCenter that answers what a test puts into its mouth, and the clock of the logins there."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from vsphere_session.clock import Clock
from vsphere_session.endpoint import Endpoint, parse_endpoint
from vsphere_session.http.transport import Transport
from vsphere_session.http.trust import Trust

Said = tuple[int, str, bytes]
"""Status, content type, body."""


def in_json(value: object, status: int = 200) -> Said:
    """An answer as APIs give it."""
    return status, "application/json", json.dumps(value).encode()


def refusal(error: str, description: str = "", status: int = 400) -> Said:
    """An error of RFC 6749."""
    return in_json({"error": error} | ({"error_description": description} if description else {}), status)


class Asked:
    """One request as it came."""

    def __init__(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        self.method, self.path, self.headers, self.body = method, path, headers, body

    @property
    def form(self) -> dict[str, str]:
        """The form in the body."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


class Canned:
    """Answers by `METHOD path`, each with what is put there: an answer, or a function of the request. All else is 404."""

    def __init__(self, port: int) -> None:
        self.authority = f"127.0.0.1:{port}"
        self.url = f"http://{self.authority}"
        self.answers: dict[str, Said | Callable[[Asked], Said]] = {}
        self.asked: list[Asked] = []

    def answer(self, asked: Asked) -> Said:
        """What to say."""
        self.asked.append(asked)
        said = self.answers.get(f"{asked.method} {asked.path}", (404, "text/plain", b"no such page"))
        return said(asked) if callable(said) else said


@contextmanager
def canned() -> Iterator[Canned]:
    """One that runs until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            status, kind, said = server.answer(Asked(self.command, self.path, headers, body))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(said)))
            self.send_header("Connection", "close")
            if 300 <= status < 400:
                self.send_header("Location", "https://login.example.com/")
            self.end_headers()
            self.wfile.write(said)

        do_POST = do_GET  # noqa: N815  # the library's name

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        server = Canned(http.server_address[1])
        thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


def way(endpoint: Endpoint, *, timeout: float = 30.0) -> Transport:
    """The way there."""
    return Transport(endpoint, Trust(), clock=Clock(), timeout=timeout)


def way_to(authority: str, *, timeout: float = 30.0) -> Transport:
    """The same for a server on this machine."""
    return way(parse_endpoint(f"http://{authority}"), timeout=timeout)


class HandClock(Clock):
    """Its time goes by when somebody says so."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def now(self) -> float:
        """See Clock."""
        return self.time

    def monotonic(self) -> float:
        """See Clock."""
        return self.time
