"""As much of a Kubernetes API server as `kubectl get namespaces` needs, over TLS, and the tokens that it was sent."""

from __future__ import annotations

import json
from collections.abc import Callable

from interop.web import Page, Web

_NAMESPACES = {"name": "namespaces", "singularName": "", "namespaced": False, "kind": "Namespace", "verbs": ["list"]}
_ANSWERS: dict[str, object] = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [_NAMESPACES]},
    "/api/v1/namespaces": {
        "kind": "NamespaceList",
        "apiVersion": "v1",
        "items": [{"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "one-of-ours"}}],
    },
}


class Cluster(Web):
    """`tokens` are the bearer tokens it was sent, in order; a token that `good` does not know is a 401."""

    def __init__(self, good: Callable[[str], bool]) -> None:
        super().__init__(self._answer)
        self.good = good
        self.tokens: list[str] = []

    def _answer(self, path: str, authorization: str) -> Page:
        """What the path names, for a good token."""
        kind, _, token = authorization.partition(" ")
        self.tokens.append(token if kind == "Bearer" else "")
        value = _ANSWERS.get(path)
        if kind != "Bearer" or not self.good(token):
            status, value = 401, _status(401, "Unauthorized")
        elif value is None:
            status, value = 404, _status(404, "NotFound")
        else:
            status = 200
        return status, {"Content-Type": "application/json"}, json.dumps(value).encode()


def _status(code: int, reason: str) -> dict[str, object]:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "reason": reason,
        "message": reason,
        "code": code,
    }
