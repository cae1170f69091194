"""Answers of servers that are broken, in the way, or mean harm; by the name under which a test shows them."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace

from simulated_vcenter import Fault, faults
from simulated_vcenter.exchange import Exchange

ENVELOPE = b'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>%s</Body></Envelope>'


def raw(data: bytes, *, times: int = 1) -> Callable[[], Fault]:
    """These bytes, so many times, and then the end of the connection."""

    def act(exchange: Exchange) -> None:
        for _ in range(times):
            exchange.write(data)
        exchange.close()

    return lambda: Fault(act)


def body(data: bytes, content_type: str = "text/xml", code: int = 200, **headers: str) -> Callable[[], Fault]:
    """An answer with this body, and nothing done."""
    return lambda: faults.status(code, data, {"Content-Type": content_type, **headers})


def after_work(data: bytes) -> Callable[[], Fault]:
    """What was asked for is done, its headers are sent, and then this body in place of its own."""

    def act(exchange: Exchange) -> None:
        exchange.send(replace(exchange.perform(), body=data))

    return lambda: Fault(act, work_first=True)


def packed() -> Fault:
    """The right answer, but compressed, which nobody has asked for."""

    def act(exchange: Exchange) -> None:
        answer = exchange.perform()
        headers = {**answer.headers, "Content-Encoding": "gzip"}
        exchange.send(replace(answer, body=gzip.compress(answer.body), headers=headers))

    return Fault(act, work_first=True)


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

NOT_HTTP: dict[str, Callable[[], Fault]] = {
    "nothing": raw(b""),
    "a line of text": raw(b"220 mail.example.com ESMTP\r\n\r\n"),
    "zeros": raw(bytes(1000)),
    "a status line alone": raw(OK),
    "HTTP/0.9": raw(b"<html>hello</html>\r\n\r\n"),
    "HTTP/2": raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "a status that is no number": raw(b"HTTP/1.1 OK\r\n\r\n"),
    "a status of four digits": raw(b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"),
    "a status of zero": raw(b"HTTP/1.1 000 \r\nContent-Length: 0\r\n\r\n"),
    "headers without CR": raw(b"HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
    "a length below zero": raw(OK + b"Content-Length: -1\r\n\r\n"),
    "a length that is no number": raw(OK + b"Content-Length: many\r\n\r\n"),
    "a length of 100 digits": raw(OK + b"Content-Length: " + b"9" * 100 + b"\r\n\r\n"),
    "a length longer than the body": raw(OK + b"Content-Length: 1000\r\n\r\nshort"),
    "a chunk without a length": raw(CHUNKED + b"\r\nhello\r\n"),
    "a chunk with a length below zero": raw(CHUNKED + b"-5\r\nhello\r\n"),
    "a chunk with an enormous length": raw(CHUNKED + b"f" * 100 + b"\r\nhello\r\n"),
    "a chunk that ends early": raw(CHUNKED + b"5\r\nhel"),
    "chunks without an end": raw(CHUNKED + b"5\r\nhello\r\n"),
    "interim answers without end": raw(b"HTTP/1.1 100 Continue\r\n\r\n", times=10_000),
    "early hints without end": raw(b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n", times=10_000),
    "another protocol": raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
    "nothing after the interim answer": raw(b"HTTP/1.1 100 Continue\r\n\r\n"),
}
"""What does not make an HTTP answer."""

NO_ANSWER: dict[str, Callable[[], Fault]] = {
    "a web page": faults.html,
    "a web page of an error": lambda: faults.html(502),
    "plain text": body(b"Service is starting up\n", "text/plain"),
    "binary": body(bytes(range(256)) * 10, "application/octet-stream"),
    "JSON that is cut": body(b'{"value": "abc', "application/json"),
    "JSON null": body(b"null", "application/json"),
    "JSON of another kind": body(b'[{"user": ["x"]}]', "application/json"),
    "JSON with an odd user": body(b'{"user": {"name": 1}}', "application/json"),
    "JSON that is 100,000 deep": body(b"[" * 100_000, "application/json"),
    "XML that is cut": body(ENVELOPE[:-5]),
    "XML of another kind": body(b"<feed><entry/></feed>"),
    "an envelope without a body": body(b"<Envelope/>"),
    "a SOAP body with nothing in it": body(ENVELOPE % b""),
    "another SOAP answer": body(ENVELOPE % b"<OtherResponse><returnval/></OtherResponse>"),
    "XML in an odd encoding": body(b'<?xml version="1.0" encoding="utf-7"?><a/>'),
    "XML in an encoding that nobody knows": body(b'<?xml version="1.0" encoding="nonsense"?><a/>'),
    "XML in an encoding that is none": body(b'<?xml version="1.0" encoding="base64"?><a/>'),
    "XML with an entity bomb": faults.entity_bomb,
    "XML that is deep": faults.deep_xml,
    "XML that is deep and short": lambda: faults.deep_xml(5000),
    "XML with many elements": body(ENVELOPE % (b"<a/>" * 100_000)),
    "XML with text between many elements": body(ENVELOPE % ((b"<a/>" + b"x" * 200) * 19_000)),
    "a document from the file system": body(b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'),
    "a fault without a name": body(ENVELOPE % b"<Fault/>", code=500),
    "a fault of nobody": body(ENVELOPE % b"<Fault><faultcode>x</faultcode><detail><FunnyFault/></detail></Fault>"),
    "500": lambda: faults.status(500),
    "502": lambda: faults.status(502),
    "503": lambda: faults.status(503),
    "504": lambda: faults.status(504),
    "418": lambda: faults.status(418),
    "999": lambda: faults.status(999),
    "a huge answer": faults.huge,
    "a huge answer in chunks": lambda: faults.huge(chunked=True),
    "an answer without end": lambda: faults.huge(None),
    "huge headers": faults.huge_headers,
    "a header that is huge": lambda: faults.huge_headers(line_bytes=1 << 20),
    "a gzip bomb": faults.gzip_bomb,
    "a reset": faults.reset,
}
"""Answers to something that was not done, and that say nothing about a session."""

JSON = ("JSON null", "JSON of another kind", "JSON with an odd user")

TOO_SLOW: dict[str, Callable[[], Fault]] = {
    "no answer": faults.stall,
    "headers byte by byte": faults.slow_headers,
    "a body byte by byte": faults.drip,
}
"""Answers that never end and never stop coming; only the time-out ends them."""

LOST: dict[str, Callable[[], Fault]] = {
    "a reset": faults.drop_after_work,
    "the end in the middle": faults.close_mid_answer,
    "a web page": after_work(b"<!DOCTYPE html><html></html>"),
    "an empty body": after_work(b""),
    "compressed": packed,
}
"""What was asked for is done, and the answer gets lost on its way."""
