"""Answers of a server that is broken or means harm: endless, enormous, or built to explode."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from simulated_vcenter.exchange import Exchange
from simulated_vcenter.messages import Response
from simulated_vcenter.switchboard import Fault

_BLOCK = 1 << 16
_CHUNKED = {"Transfer-Encoding": "chunked"}
_SOAP = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
)
_SOAP_END = "</soapenv:Body></soapenv:Envelope>"


def slow_headers(interval: float = 0.05) -> Fault:
    """One byte of a header at a time, every so many seconds, until the client leaves or the server stops."""

    def act(exchange: Exchange) -> None:
        exchange.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not exchange.gone(interval):
            exchange.write(b"a")

    return Fault(act)


def drip(interval: float = 0.05) -> Fault:
    """One byte of the body at a time, every so many seconds, until the client leaves or the server stops."""

    def act(exchange: Exchange) -> None:
        exchange.write(_plain(exchange).head(_CHUNKED) + _chunk(_opening(exchange)))
        while not exchange.gone(interval):
            exchange.write(_chunk(b"a"))

    return Fault(act)


def huge(total_bytes: int | None = 1 << 30, *, chunked: bool = False) -> Fault:
    """Answer with a well-begun body of so many bytes; None: without end, which needs chunks."""

    def act(exchange: Exchange) -> None:
        whole = total_bytes is not None and not chunked
        framing = {"Content-Length": str(total_bytes)} if whole else _CHUNKED
        exchange.write(_plain(exchange).head(framing))
        for piece in _filled(_opening(exchange), total_bytes):
            exchange.write(piece if whole else _chunk(piece))
        exchange.write(b"" if whole else _chunk(b""))

    return Fault(act)


def huge_headers(total_bytes: int = 1 << 24, *, line_bytes: int = 1000) -> Fault:
    """So many bytes of headers, in lines of about `line_bytes`."""

    def act(exchange: Exchange) -> None:
        exchange.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n")
        for number in range(max(1, total_bytes // line_bytes)):
            exchange.write(b"X-Filler-%d: %s\r\n" % (number, b"a" * line_bytes))
        exchange.write(b"\r\n")

    return Fault(act)


def entity_bomb() -> Fault:
    """XML of one kilobyte whose entities expand to gigabytes ("billion laughs")."""
    entities = '<!ENTITY e0 "ha">' + "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 11))
    return _xml(f"<!DOCTYPE bomb [{entities}]>{_SOAP}<bomb>&e10;</bomb>{_SOAP_END}")


def deep_xml(depth: int = 200_000) -> Fault:
    """XML with elements so many levels deep."""
    return _xml(_SOAP + "<a>" * depth + "</a>" * depth + _SOAP_END)


def gzip_bomb(total_bytes: int = 1 << 30) -> Fault:
    """Answer with a compressed body of about a megabyte that unpacks to so many bytes."""

    def act(exchange: Exchange) -> None:
        answer = _plain(exchange)
        head = Response(200, b"", {**answer.headers, "Content-Encoding": "gzip"}).head(_CHUNKED)
        exchange.write(head + _chunk(b"\x1f\x8b\x08\0\0\0\0\0\0\xff"))
        # A fully flushed block of deflate can be repeated: compress one, send it many times.
        size, check, block, packed = 0, 0, b"", b""
        for piece in _filled(_opening(exchange), total_bytes, 1 << 20):
            if piece != block:
                deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
                block, packed = piece, deflate.compress(piece) + deflate.flush(zlib.Z_FULL_FLUSH)
            size, check = size + len(piece), zlib.crc32(piece, check)
            exchange.write(_chunk(packed))
        trailer = check.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")
        exchange.write(_chunk(b"\x03\x00" + trailer) + _chunk(b""))

    return Fault(act)


def _xml(text: str) -> Fault:
    body = ('<?xml version="1.0" encoding="UTF-8"?>\n' + text).encode()
    return Fault(lambda exchange: exchange.send(Response(200, body, {"Content-Type": "text/xml"})))


def _plain(exchange: Exchange) -> Response:
    soap = exchange.request.path.startswith("/sdk")
    return Response(200, b"", {"Content-Type": "text/xml; charset=utf-8" if soap else "application/json"})


def _opening(exchange: Exchange) -> bytes:
    """Return the beginning of something that a parser of this service goes on reading."""
    return (_SOAP + "<a>").encode() if exchange.request.path.startswith("/sdk") else b'{"value":"'


def _filled(opening: bytes, total_bytes: int | None, block_bytes: int = _BLOCK) -> Iterator[bytes]:
    """Return the opening and then letters, together so many bytes, None: for ever."""
    left = total_bytes
    first = opening if left is None else opening[:left]
    yield first
    block = b"a" * block_bytes
    if left is None:
        while True:
            yield block
    left -= len(first)
    while left > 0:
        yield block[:left]
        left -= len(block)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)
