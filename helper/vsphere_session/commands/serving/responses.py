"""What is answered: JSON that nobody may keep, and of what went wrong its status alone."""

from __future__ import annotations

from credential_protocol.jsontext import encode

_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    411: "Length Required",
    413: "Content Too Large",
    414: "URI Too Long",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
_MORE = {401: "WWW-Authenticate: Bearer", 405: "Allow: GET", 503: "Retry-After: 5"}


def ticket_response(ticket: str) -> bytes:
    """The answer with a ticket, as Kubernetes' programs read it."""
    return _response(200, {"token": ticket})


def response(status: int) -> bytes:
    """The answer without one."""
    return _response(status, {"error": _REASONS[status]})


def _response(status: int, value: dict[str, str]) -> bytes:
    body = encode(value).encode() + b"\n"
    lines = [
        f"HTTP/1.1 {status} {_REASONS[status]}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Connection: close",
        *([_MORE[status]] if status in _MORE else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body
