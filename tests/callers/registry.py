"""As much of a container registry as a login and a manifest need: Basic authentication over TLS on loopback."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme

_MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": {
        "mediaType": "application/vnd.docker.container.image.v1+json",
        "size": 2,
        "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    },
    "layers": [],
}


class Registry:
    """`logins` are the (user, password) pairs it was sent, in order; it lets in whoever sends one of `accounts`. `ca_file` is written."""

    def __init__(self, accounts: dict[str, str], ca_file: Path) -> None:
        self.accounts = accounts
        self.ca_file = ca_file
        self.logins: list[tuple[str, str]] = []
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                registry.answer(self)

            do_HEAD = do_GET  # noqa: N815  # the base class's name for it

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(ca_file))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def authority(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._server.server_port}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """401 without a login that is known, else what the path names."""
        kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
        user, _, password = base64.b64decode(encoded).decode().partition(":") if kind == "Basic" else ("", "", "")
        if kind:
            self.logins.append((user, password))
        if not kind or self.accounts.get(user) != password:
            self._send(request, 401, {}, {"WWW-Authenticate": 'Basic realm="stub"'})
        elif "/manifests/" in request.path:
            self._send(request, 200, _MANIFEST, {"Content-Type": str(_MANIFEST["mediaType"])})
        else:
            self._send(request, 200, {}, {})

    def _send(self, request: BaseHTTPRequestHandler, status: int, value: object, headers: dict[str, str]) -> None:
        body = json.dumps(value).encode()
        request.send_response(status)
        for name, text in {"Docker-Distribution-Api-Version": "registry/2.0", **headers}.items():
            request.send_header(name, text)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
