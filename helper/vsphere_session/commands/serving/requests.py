"""What somebody asks over HTTP, as far as this server needs to know it, and how much of it there may be."""

from __future__ import annotations

from dataclasses import dataclass

MAX_HEAD_BYTES = 16 * 1024
MAX_BODY_BYTES = 64 * 1024
_TOKEN_CHARACTERS = frozenset("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


class BadRequestError(Exception):
    """What came is not answered any further than by `status`."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


@dataclass(frozen=True, repr=False)
class Asked:
    """A request. `path` is without the query, `bearer` the token or empty, `body` the bytes that are still to come."""

    method: str
    path: str
    bearer: str
    body: int


def head_ends(data: bytes) -> int:
    """Where the body begins in `data`; -1 while the head is not whole. Raises BadRequestError."""
    end = data.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES + 4)
    if end < 0 and len(data) > MAX_HEAD_BYTES:
        raise BadRequestError(431 if b"\r\n" in data[:MAX_HEAD_BYTES] else 414)
    return end + 4 if end >= 0 else -1


def read_head(head: bytes) -> Asked:
    """What a whole head says. Raises BadRequestError."""
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, target = _first_line(first)
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or not _TOKEN_CHARACTERS.issuperset(name) or not value.replace("\t", "").isprintable():
            raise BadRequestError(400)
        lower = name.lower()
        if lower in headers and lower in ("authorization", "content-length", "host"):
            raise BadRequestError(400)
        headers[lower] = value.strip(" \t")
    if "transfer-encoding" in headers:
        raise BadRequestError(411)
    return Asked(method, target.partition("?")[0], _bearer(headers.get("authorization", "")), _body(headers))


def _first_line(line: str) -> tuple[str, str]:
    method, _, rest = line.partition(" ")
    target, _, version = rest.partition(" ")
    if version not in ("HTTP/1.1", "HTTP/1.0") or not method.isalpha() or not target.startswith("/"):
        raise BadRequestError(400)
    if not target.isascii() or not target.isprintable():
        raise BadRequestError(400)
    return method, target


def _body(headers: dict[str, str]) -> int:
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit():
        raise BadRequestError(400)
    if len(length) > 9 or int(length) > MAX_BODY_BYTES:
        raise BadRequestError(413)
    return int(length)


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token.strip(" ") if scheme.lower() == "bearer" else ""
