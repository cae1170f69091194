"""As much of a container registry as a login and a manifest need: Basic authentication over TLS on loopback."""

from __future__ import annotations

import base64
import json

from interop.web import Page, Web

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


class Registry(Web):
    """`logins` are the (user, password) pairs it was sent, in order; it lets in whoever sends one of `accounts`."""

    def __init__(self, accounts: dict[str, str]) -> None:
        super().__init__(self._answer)
        self.accounts = accounts
        self.logins: list[tuple[str, str]] = []

    def _answer(self, path: str, authorization: str) -> Page:
        """401 without a login that is known, else what the path names."""
        kind, _, encoded = authorization.partition(" ")
        user, _, password = base64.b64decode(encoded).decode().partition(":") if kind == "Basic" else ("", "", "")
        if kind:
            self.logins.append((user, password))
        headers = {"Docker-Distribution-Api-Version": "registry/2.0"}
        if not kind or self.accounts.get(user) != password:
            return 401, {**headers, "WWW-Authenticate": 'Basic realm="stub"'}, b"{}"
        if "/manifests/" in path:
            return 200, {**headers, "Content-Type": str(_MANIFEST["mediaType"])}, json.dumps(_MANIFEST).encode()
        return 200, headers, b"{}"
