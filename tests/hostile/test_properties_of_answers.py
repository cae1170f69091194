"""What holds for every answer of a server: it means something, or it is one of the contract's kinds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostile.answers import ENVELOPE
from hostile.canary import CANARY, shows_secret
from hostile.strategies import json_values, thorough
from vsphere_session.clock import Clock
from vsphere_session.endpoint import parse_endpoint
from vsphere_session.errors import SessionError, UnreachableError
from vsphere_session.http.response import Response, ResponseReader
from vsphere_session.http.transport import Transport
from vsphere_session.http.trust import Trust
from vsphere_session.vsphere.dates import unix_seconds
from vsphere_session.vsphere.rest import RestWire
from vsphere_session.vsphere.soap import SoapWire
from vsphere_session.vsphere.xml import Element, escape_xml, parse_xml

CONTENT = {
    "sessionManager": {"type": "SessionManager", "value": "SessionManager"},
    "propertyCollector": {"type": "PropertyCollector", "value": "propertyCollector"},
}
NAMES = st.sampled_from([
    "returnval", "val", "propSet", "name", "objects", "obj", "userName", "loginTime", "missingSet", "path", "fault",
    "detail", "Fault", "faultcode", "faultstring", "about", "sessionManager", "LoginResponse", "LogoutResponse",
    "RetrievePropertiesExResponse", "Envelope", "Body", "a", "b:c",
])  # fmt: skip
LEAVES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=10) | st.sampled_from(
    ["currentSession", "user", CANARY, "2026-01-01T00:00:00Z", "InvalidLogin", "SessionManager"]
)


def element(name: str, kind: str, inner: str) -> str:
    """An element with a type, as SOAP marks it."""
    return f'<{name} xmlns:b="x" b:type="{escape_xml(kind).replace(chr(34), "")}">{inner}</{name}>'


elements: st.SearchStrategy[str] = st.recursive(
    LEAVES.map(escape_xml),
    lambda inner: st.builds(element, NAMES, LEAVES, st.lists(inner, max_size=4).map("".join)),
    max_leaves=15,
)
soap_bodies = st.one_of(
    elements.map(lambda inner: ENVELOPE % inner.encode()),
    elements.map(str.encode),
    st.binary(max_size=50),
)
statuses = st.sampled_from([200, 200, 200, 201, 204, 401, 403, 404, 500, 503, 999])
headers = st.lists(
    st.tuples(
        st.sampled_from(["set-cookie", "date", "content-type", "x"]),
        st.text(st.characters(max_codepoint=255), max_size=30)
        | st.sampled_from([f'vmware_soap_session="{CANARY}"; Path=/', "vmware_soap_session=", "Thu, 01 Jan 1970 00:00:00 GMT"]),
    ),
    max_size=4,
)  # fmt: skip


class Canned(Transport):
    """Answers every request with the next of these answers, without a network."""

    def __init__(self, *answers: Response) -> None:
        super().__init__(parse_endpoint("vc.example.com"), Trust(), clock=Clock(), timeout=1.0)
        self._answers = list(answers)

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Response:
        """The next answer, the last one for ever."""
        assert f"{method}{path}".isascii()
        assert not shows_secret(str(headers)) or "Cookie" in headers or "vmware-api-session-id" in headers
        assert not shows_secret(body.decode()) or b"<password>" in body
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


responses = st.builds(Response, statuses, headers, soap_bodies)
json_responses = st.builds(
    Response,
    statuses,
    headers,
    st.one_of(
        json_values.map(lambda value: repr(value).replace("'", '"').encode("utf-8", "replace")),
        st.binary(max_size=50),
        st.sampled_from([b'"%s"' % CANARY.encode(), b'{"value": "x"}', b'{"user": "u", "created_time": 7}', b""]),
    ),
)


def contract_or(call: Callable[[], object]) -> object:
    """What the call returns, or the failure of the contract that it raises: one short line without a secret."""
    try:
        return call()
    except SessionError as failure:
        assert_shown(failure)
        return failure


def assert_shown(failure: SessionError) -> None:
    assert failure.kind in {"unreachable", "login-refused", "session-limit", "unsupported"}
    assert failure.message.isprintable()
    assert len(failure.message) < 1000
    assert not shows_secret(failure.message)


@thorough
@given(responses)
def test_any_answer_to_a_soap_call_is_understood_or_one_of_the_kinds(response: Response) -> None:
    wire = SoapWire(Canned(response), CANARY)
    for call in (
        wire.service_content,
        lambda: wire.current_session(CONTENT),
        lambda: wire.logout(CONTENT),
        lambda: SoapWire(Canned(response)).login(CONTENT, "user", CANARY, lambda: None),
    ):
        contract_or(call)


@thorough
@given(json_responses)
def test_any_answer_to_a_rest_call_is_understood_or_one_of_the_kinds(response: Response) -> None:
    for form in ("", "api", "rest"):
        for call in (
            lambda form=form: RestWire(Canned(response), form=form).login("user", CANARY),
            RestWire(Canned(response), CANARY, form=form).current_session,
            RestWire(Canned(response), CANARY, form=form).logout,
        ):
            contract_or(call)


@thorough
@given(elements.map(lambda inner: f"<a>{inner}</a>".encode()) | soap_bodies | st.binary(max_size=100))
def test_any_bytes_are_xml_or_a_value_error(data: bytes) -> None:
    try:
        root = parse_xml(data)
    except ValueError:
        return
    assert isinstance(root, Element)


pieces = st.lists(
    st.sampled_from(
        [b"HTTP/1.1 ", b"HTTP/1.0 ", b"200", b"100", b"204", b"999", b" OK", b"\r\n", b"\r\n\r\n", b"Content-Length: 5", b"Transfer-Encoding: chunked", b"Content-Encoding: gzip", b"Connection: close", b"hello", b"5\r\nhello\r\n", b"0\r\n\r\n", b"ffffffff\r\n", b":"]
    )
    | st.binary(max_size=5),
    max_size=15,
)  # fmt: skip


@thorough
@given(pieces, st.integers(1, 7))
def test_any_bytes_from_a_connection_are_an_answer_or_unreachable(parts: list[bytes], size: int) -> None:
    """However they are cut into packets."""
    data = b"".join(parts)
    packets = iter([data[start : start + size] for start in range(0, len(data), size)])
    try:
        response, reusable = ResponseReader(lambda: next(packets, b""), "vc.example.com").read()
    except UnreachableError as failure:
        assert_shown(failure)
    else:
        assert 101 <= response.status <= 999
        assert isinstance(reusable, bool)
        assert len(response.body) <= len(data)


@thorough
@given(st.text() | st.datetimes().map(datetime.isoformat))
def test_any_text_is_a_time_or_none(text: str) -> None:
    seconds = unix_seconds(text)
    assert seconds is None or isinstance(seconds, float)


def test_the_canned_transport_would_find_a_secret_in_a_path() -> None:
    """So that the checks above mean something."""
    with pytest.raises(AssertionError):
        Canned(Response(200, [], b"")).send("GET", "/x", {"X": CANARY})
