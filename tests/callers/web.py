"""A small web server over TLS that asks for a login, for callers that fetch something."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from simulated_vcenter.certificates import Certificates

Page = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""


class Web:
    """Where it is, and what was asked of it.

    authority   host and port
    ca_file     the authority of its certificate, PEM
    seen        path and Authorization header of each request
    """

    def __init__(self, authority: str, ca_file: str) -> None:
        self.authority = authority
        self.ca_file = ca_file
        self.seen: list[tuple[str, str]] = []


@contextmanager
def serving(page: Callable[[str, str], Page]) -> Iterator[Web]:
    """Serve what `page` returns for a path and an Authorization header, within the `with` block."""
    certificates = Certificates()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server looks for
            path, authorization = self.path.partition("?")[0], self.headers.get("Authorization", "")
            web.seen.append((path, authorization))
            status, headers, body = page(path, authorization)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its own name
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web = Web(f"127.0.0.1:{server.server_address[1]}", certificates.ca_file)
    server.socket = certificates.context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        certificates.close()
