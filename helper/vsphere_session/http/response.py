"""Reading one HTTP/1.1 answer off a connection, within the limits. On the fast path."""

from __future__ import annotations

from vsphere_session.errors import UnreachableError
from vsphere_session.http.limits import MAX_BODY_BYTES, MAX_CHUNK_LINES, MAX_HEADER_BYTES, MAX_INTERIM_ANSWERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Response:
    """An answer: status, headers with lower-case names in the order received, the whole body."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def header(self, name: str) -> str:
        """The first header of that lower-case name, or empty."""
        return next((value for key, value in self.headers if key == name), "")


class ResponseReader:
    """Reads answers from `receive`, which returns the next bytes and none at the end of the connection."""

    def __init__(self, receive: Callable[[], bytes], place: str) -> None:
        self._receive = receive
        self._place = place
        self._buffer = bytearray()  # what is taken off its front is not copied

    def read(self, *, without_body: bool = False) -> tuple[Response, bool]:
        """The answer, and whether the connection can be used again."""
        for _ in range(MAX_INTERIM_ANSWERS):
            version, status, headers = self._head()
            if status >= 200 or status == 101:
                break
        else:
            raise self._broken("sent interim answers without end")
        named = dict(reversed(headers))
        response = Response(status, headers, b"")
        if without_body or status in (101, 204, 304):
            return response, True
        try:
            if named.get("content-encoding", "identity").lower() != "identity":
                raise self._broken("sent a compressed answer that nobody asked for")
            response.body, whole = self._body(named)
        except UnreachableError as error:
            error.headers = headers
            raise
        return response, whole and version == "HTTP/1.1" and named.get("connection", "").lower() != "close"

    def _head(self) -> tuple[str, int, list[tuple[str, str]]]:
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > MAX_HEADER_BYTES:
                raise self._broken(f"sent more than {MAX_HEADER_BYTES} bytes of headers")
            self._fill("before its answer was complete")
        head = self._take(self._buffer.index(b"\r\n\r\n"), 4)
        first, *lines = head.decode("latin-1").split("\r\n")
        version, _, rest = first.partition(" ")
        code = rest.partition(" ")[0]
        if version not in ("HTTP/1.1", "HTTP/1.0") or not (len(code) == 3 and code.isascii() and code.isdigit()):
            raise self._broken("does not speak HTTP")
        pairs = [line.partition(":") for line in lines]
        return version, int(code), [(name.strip().lower(), value.strip()) for name, _, value in pairs]

    def _body(self, headers: dict[str, str]) -> tuple[bytes, bool]:
        if headers.get("transfer-encoding", "").lower().endswith("chunked"):
            return self._chunks(), True
        length = headers.get("content-length")
        if length is None:
            return self._to_the_end(), False
        if not (length.isascii() and length.isdigit() and len(length) < 20):
            raise self._broken("sent a length that is no number")
        return self._exactly(int(length)), True

    def _exactly(self, count: int) -> bytes:
        if count > MAX_BODY_BYTES:
            raise self._too_long()
        while len(self._buffer) < count:
            self._fill("in the middle of its answer")
        return self._take(count)

    def _chunks(self) -> bytes:
        body: list[bytes] = []
        total = 0
        for lines in range(MAX_CHUNK_LINES):
            size_text = self._line().partition(b";")[0].strip()
            if not size_text or len(size_text) > 8 or any(c not in b"0123456789abcdefABCDEF" for c in size_text):
                raise self._broken("sent a chunk without a length")
            size = int(size_text, 16)
            total += size
            if total > MAX_BODY_BYTES:
                raise self._too_long()
            if size == 0:
                if all(self._line() for _ in range(lines, MAX_CHUNK_LINES)):
                    break
                return b"".join(body)
            body.append(self._exactly(size))
            self._line()
        raise self._broken(f"sent more than {MAX_CHUNK_LINES} lines between its chunks")

    def _line(self) -> bytes:
        while b"\r\n" not in self._buffer:
            if len(self._buffer) > MAX_HEADER_BYTES:
                raise self._broken("sent a chunk without a length")
            self._fill("in the middle of its answer")
        return self._take(self._buffer.index(b"\r\n"), 2)

    def _to_the_end(self) -> bytes:
        total = len(self._buffer)
        parts = [self._take(total)]
        while part := self._receive():
            parts.append(part)
            total += len(part)
            if total > MAX_BODY_BYTES:
                raise self._too_long()
        return b"".join(parts)

    def _take(self, count: int, end: int = 0) -> bytes:
        """The next bytes, without the `end` bytes that close them."""
        data = bytes(memoryview(self._buffer)[:count])
        del self._buffer[: count + end]
        return data

    def _fill(self, when: str) -> None:
        self._buffer += self._more(when)

    def _more(self, when: str) -> bytes:
        part = self._receive()
        if not part:
            raise self._broken(f"closed the connection {when}")
        return part

    def _too_long(self) -> UnreachableError:
        return self._broken(f"sent an answer of more than {MAX_BODY_BYTES} bytes")

    def _broken(self, what: str) -> UnreachableError:
        return UnreachableError(f"{self._place} {what}; is it a vCenter or ESXi? Try again, or check the url")
