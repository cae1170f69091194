"""One HTTP request as it came, one answer as it goes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """A request that the simulated vCenter has seen; header names are in lower case."""

    method: str
    path: str  # with the query
    operation: str  # the SOAP operation's name, or method and path
    headers: dict[str, str]
    body: bytes
    client: str = ""  # the peer's address
    certificate: bytes | None = None  # DER of the client's, b"" if it showed none; None outside of the tunnel

    def cookie(self, name: str) -> str:
        """Return the value of the cookie of this name, without quotes, "" if there is none."""
        for pair in self.headers.get("cookie", "").split(";"):
            key, equals, value = pair.strip().partition("=")
            if equals and key == name:
                return value.strip('"')
        return ""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; the length is added when it is sent."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def head(self, framing: Mapping[str, str] | None = None) -> bytes:
        """Status line and headers up to the empty line, by default with the body's length."""
        length = framing if framing is not None else {"Content-Length": str(len(self.body))}
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "Simulated"
        lines = [f"HTTP/1.1 {self.status} {phrase}"]
        lines += [f"{name}: {value}" for name, value in {**self.headers, **length}.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def json_response(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer in JSON."""
    body = json.dumps(value).encode()
    return Response(status, body, {"Content-Type": "application/json", **(headers or {})})


def xml_response(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer in XML."""
    return Response(status, text.encode(), {"Content-Type": "text/xml; charset=utf-8", **(headers or {})})


def text_response(status: int, text: str) -> Response:
    """Return a plain sentence."""
    return Response(status, text.encode(), {"Content-Type": "text/plain; charset=utf-8"})
