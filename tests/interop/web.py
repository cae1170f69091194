"""A small web server over TLS that asks for a login, for callers that fetch something."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from simulated_vcenter.certificates import Certificates

Page = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""


class Web:
    """Serves what `page` returns for a path and an Authorization header, within the `with` block.

    authority   host and port
    ca_file     the authority of its certificate, PEM
    seen        path and Authorization header of each request
    """

    def __init__(self, page: Callable[[str, str], Page]) -> None:
        self.seen: list[tuple[str, str]] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name that http.server looks for
                path, authorization = self.path.partition("?")[0], self.headers.get("Authorization", "")
                web.seen.append((path, authorization))
                status, headers, body = page(path, authorization)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_HEAD = do_GET  # noqa: N815  # the base class's name for it

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its own name
                """Silence."""

        self._certificates = Certificates()
        self.ca_file = self._certificates.ca_file
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.authority = f"127.0.0.1:{self._server.server_port}"
        self._server.socket = self._certificates.context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://{self.authority}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._certificates.close()
