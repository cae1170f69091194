"""What holds for every file and every answer of a server: all of it or nothing, and the same when written again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from zlib import crc32

from credential_protocol import Failure
from credential_protocol.jsontext import decode
from vsphere_session.cache.govmomi_format import (
    StoredSession,
    read_rest,
    read_soap,
    write_rest,
    write_soap,
)
from vsphere_session.clock import Clock
from vsphere_session.endpoint import parse_endpoint
from vsphere_session.http.limits import MAX_HEADER_BYTES, READ_SIZE
from vsphere_session.http.response import Response, ResponseReader
from vsphere_session.settings import config_file as config
from vsphere_session.vsphere.saml import Assertion, read_token
from vsphere_session.vsphere.session_id import is_session_id
from vsphere_session.vsphere.sts import Sts
from vsphere_session.vsphere.token_messages import Credential
from vsphere_session.vsphere.xml import Element, escape_xml, parse_xml

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check_json(data: bytes, value: object) -> None:
    """The value, written by the library, is read as the same value; without a tail there is no other one."""
    assert decode(json.dumps(value).encode()) == value
    try:
        whole = decode(data)
    except ValueError:
        return
    assert whole == value == json.loads(data.decode("utf-8-sig"), parse_int=str, parse_float=str)


def check_soap_file(_data: bytes, stored: StoredSession | None) -> None:
    """A session that is read can be written, and from then on the bytes stay the same."""
    _check_file(stored, read_soap, write_soap)


def check_rest_file(_data: bytes, stored: StoredSession | None) -> None:
    """As for SOAP; a bare session id has no server, and is never written."""
    _check_file(stored, read_rest, write_rest)


def _check_file(
    stored: StoredSession | None,
    read: Callable[[bytes], StoredSession | None],
    write: Callable[[StoredSession, str], bytes],
) -> None:
    if stored is None:
        return
    assert is_session_id(stored.session_id)
    if stored.authority:
        written = write(stored, "/sdk")
        again = read(written)
        assert again is not None
        assert (again.session_id, again.insecure, again.quoted) == (stored.session_id, stored.insecure, stored.quoted)
        assert write(again, "/sdk") == written


def parse_configuration(data: bytes) -> config.Configuration:
    """The bytes of the file."""
    return config.parse(data, "config.toml")


def check_configuration(_data: bytes, read: config.Configuration) -> None:
    """Every setting is text of a known kind; the file written anew means the same."""
    lines = _toml(read.general)
    for place, section in read.endpoints.items():
        lines += [f"[endpoint.{json.dumps(place.replace('%', '%25'), ensure_ascii=False)}]", *_toml(section)]
    again = parse_configuration("\n".join(lines).encode())
    assert (again.general, again.endpoints) == (read.general, read.endpoints)


def _toml(settings: dict[str, str]) -> list[str]:
    assert set(settings) <= set(config.KEYS)
    return [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in settings.items()]


def parse_http(data: bytes) -> tuple[Response, bool]:
    """Off a connection that gives so many bytes at a time as go with the input."""
    return ResponseReader(_pieces(data, _size(data)), "vc").read()


def _size(data: bytes) -> int:
    sizes = (
        (1, 2, 3, 7, 100, READ_SIZE) if len(data) < 4096 else (1460, READ_SIZE)
    )  # one by one it is the network's time
    return sizes[crc32(data) % len(sizes)]


def check_http(data: bytes, answer: tuple[Response, bool]) -> None:
    """A body is as long as was announced, and the answer is the same however the network cuts it up."""
    response, _ = answer
    length = response.header("content-length")
    if length and not response.header("transfer-encoding") and response.body:
        assert len(response.body) == int(length)
    assert len(response.body) <= len(data)
    if len(data) < MAX_HEADER_BYTES:  # beyond the limit it depends on what was received when it is noticed
        other = ResponseReader(_pieces(data, 5 if _size(data) == READ_SIZE else READ_SIZE), "vc").read()
        assert _values(other) == _values(answer)


def _values(answer: tuple[Response, bool]) -> tuple[object, ...]:
    response, reusable = answer
    return response.status, response.headers, response.body, reusable


def _pieces(data: bytes, size: int) -> Callable[[], bytes]:
    """A connection that gives so many bytes at a time, and then is at its end."""
    parts = iter(range(0, len(data), size))

    def receive() -> bytes:
        start = next(parts, None)
        return b"" if start is None else data[start : start + size]

    return receive


def check_xml(_data: bytes, root: Element) -> None:
    """The tree, written again, is the same tree; where its local names are names by themselves."""
    names, written = _xml(root)
    if all(_NAME.fullmatch(name) for name in names):
        assert _xml(parse_xml(written.encode()))[1] == written


def _xml(element: Element) -> tuple[set[str], str]:
    attributes = "".join(f' {name}="{_escaped(value)}"' for name, value in element.attributes.items())
    inside = [_xml(child) for child in element.children]
    names = {element.name, *element.attributes}.union(*(names for names, _ in inside))
    text = _escaped(element.text) + "".join(child for _, child in inside)
    return names, f"<{element.name}{attributes}>{text}</{element.name}>"


def _escaped(text: str) -> str:
    """Line breaks and quotes as numbers: as they stand, a reader of XML may change them."""
    return re.sub(r'[\r\n\t"]', lambda found: f"&#{ord(found[0])};", escape_xml(text))


def check_token(_data: bytes, token: Assertion) -> None:
    """Its own text, sent alone, says the same; names are one line, and nothing of the text is shown."""
    assert read_token(token.text.encode()) == token
    assert token.name_id.isprintable() or any(c.isspace() for c in token.name_id)
    assert token.text not in repr(token)


class _Answering:
    """A transport to a server that gives one answer."""

    endpoint = parse_endpoint("https://vc.example.com/sts/STSService")

    def __init__(self, data: bytes) -> None:
        self._response = Response(500 if b"Fault" in data else 200, [("date", "Tue, 24 Nov 2026 09:14:37 GMT")], data)

    def send(self, *_request: object) -> Response:
        return self._response


def parse_sts(data: bytes) -> Assertion:
    """The body of the STS's answer to somebody with a password."""
    try:
        return Sts(_Answering(data), Clock()).issue(Credential("a@b", "hunter2"))  # type: ignore[arg-type]
    except Failure as error:
        if "hunter2" in error.message:
            raise AssertionError("the password is shown") from None
        raise
