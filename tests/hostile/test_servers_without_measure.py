"""Servers that send more than anybody can want, or want to be shown to the user: little memory, one short clean line."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from hostile.answers import ENVELOPE, NO_ANSWER, body
from hostile.inside import Inside
from hostile.measured import Measured
from hostile.operations import OPERATIONS
from simulated_vcenter import Fault, SimulatedVCenter
from simulated_vcenter.exchange import Exchange
from support.program import PASSWORD, request

FAULT = (
    '<Fault><faultcode>ServerFaultCode</faultcode><faultstring>%s</faultstring>'
    '<detail><x xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="%s"/></detail></Fault>'
)  # fmt: skip
LARGEST_PEAK_MEGABYTES = 100
HUGE = [
    "a huge answer",
    "a huge answer in chunks",
    "an answer without end",
    "huge headers",
    "a header that is huge",
    "a gzip bomb",
    "JSON that is 100,000 deep",
    "XML with an entity bomb",
    "XML that is deep",
    "XML with many elements",
    "XML with text between many elements",
]


@pytest.fixture
def inside(vcenter: SimulatedVCenter, home: Path) -> Inside:
    return Inside(home, vcenter)


# ---- memory


class Conversation:
    """A process of the program that answers line by line."""

    def __init__(self, process: subprocess.Popen[bytes], vcenter: SimulatedVCenter) -> None:
        self._process = process
        self._vcenter = vcenter

    def ask(self, verb: str, **fields: object) -> dict[str, str]:
        """The reply, or the error."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        given = request(self._vcenter, action=verb, password=PASSWORD, **fields)
        self._process.stdin.write(json.dumps(given).encode() + b"\n")
        self._process.stdin.flush()
        reply: dict[str, str] = json.loads(self._process.stdout.readline())
        return reply


@pytest.mark.parametrize("name", HUGE)
def test_whatever_a_server_sends_the_program_stays_small_and_the_conversation_goes_on(
    vcenter: SimulatedVCenter, measured: Measured, name: str
) -> None:
    """One process meets it on every operation: memory that is not given back would add up."""
    with measured.start() as process:
        conversation = Conversation(process, vcenter)
        for operation in OPERATIONS:
            if operation.cached:
                assert conversation.ask("get", api=operation.kind)["source"] == "login"
            vcenter.faults.add("=" + operation.where, NO_ANSWER[name]())
            reply = conversation.ask(operation.verb, **operation.fields)
            assert reply.get("error") == "unreachable" or "warning" in reply
            vcenter.faults.clear()
            assert "error" not in conversation.ask("erase")
            vcenter.end_all()
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait() == 0
    assert measured.peak_megabytes < LARGEST_PEAK_MEGABYTES


def test_a_million_tiny_chunks_are_given_up_at_the_time_out_at_the_latest(
    vcenter: SimulatedVCenter, measured: Measured
) -> None:
    def act(exchange: Exchange) -> None:
        exchange.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            exchange.write(b"2;x=y\r\nab\r\n" * 10_000)

    vcenter.faults.add("*", Fault(act))
    reply = measured.call("get", request(vcenter, password=PASSWORD), "--timeout", "2")
    assert reply.kind == "unreachable"
    assert measured.peak_megabytes < LARGEST_PEAK_MEGABYTES


def test_one_call_that_logs_in_stays_small(vcenter: SimulatedVCenter, measured: Measured) -> None:
    """So that the bound above means something."""
    measured.ok("get", request(vcenter, password=PASSWORD))
    assert measured.peak_megabytes < LARGEST_PEAK_MEGABYTES / 2


# ---- what a server says


@pytest.mark.parametrize("name", ["InvalidLogin", "Strange"])
@pytest.mark.parametrize(
    "text",
    ["no", "x" * 1_000_000, "a\nb\r\nvsphere-session: all is well", "\u202egnp.exe\u2028", "\x85\x9b2J", "", "&lt;b&gt;"],
    ids=["short", "long", "lines", "bidi", "C1", "empty", "markup"],
)  # fmt: skip
def test_a_fault_is_shown_on_one_short_line_of_printable_text(inside: Inside, name: str, text: str) -> None:
    inside.vcenter.faults.add("Login", body(ENVELOPE % (FAULT % (text, name)).encode(), code=500)())
    kind = inside.failure("get").kind  # which looks at the message, too
    assert kind == ("login-refused" if name == "InvalidLogin" else "unreachable")


@pytest.mark.parametrize("name", ["x" * 1_000_000, "a&#10;b", "\u202e", "", ":", "&#x9b;", "Invalid Login"])
def test_the_name_of_a_fault_is_shown_on_one_short_line_of_printable_text(inside: Inside, name: str) -> None:
    inside.vcenter.faults.add("Login", body(ENVELOPE % (FAULT % ("text", name)).encode(), code=500)())
    assert inside.failure("get").kind == "unreachable"


def test_a_server_that_repeats_what_it_was_told_does_not_get_a_secret_shown(inside: Inside) -> None:
    """The password (which `failure` looks for), and the id of the session in a question and at its end."""
    secret = inside.get()["soap_session_id"]
    for where, said in (("=Login", PASSWORD), ("RetrievePropertiesEx", secret), ("Logout", secret)):
        text = FAULT % (f"what about {said}, then?", f"Not{said}")
        inside.vcenter.faults.add(where, body(ENVELOPE % text.encode(), code=500)())
    assert "what about …, then?" in inside.failure("get", reauth=True).message
    for message in (inside.failure("get", verify="always").message, inside.ask("erase", api="soap")["warning"]):
        assert "what about …, then?" in message
        assert secret not in message
    inside.vcenter.end_all()


@pytest.mark.parametrize("size", [1001, 100_000, 3_000_000])
@pytest.mark.parametrize(
    ("kind", "where", "name"), [("soap", "Login", b"VSPHERE.LOCAL"), ("rest", "GET /api/session", b"administrator")]
)
def test_an_identity_that_no_file_can_hold_is_none_and_its_session_is_ended(
    inside: Inside, kind: str, where: str, name: bytes, size: int
) -> None:
    """The name of a user, as the server reports it."""

    def act(exchange: Exchange) -> None:
        answer = exchange.perform()
        exchange.send(replace(answer, body=answer.body.replace(name, b"V" * size)))

    inside.vcenter.faults.add(where, Fault(act))
    assert inside.failure("get", api=kind).kind == "unreachable"
    assert len(inside.vcenter.logins) == 1
    assert inside.vcenter.session_count == 0


@pytest.mark.parametrize("size", [10_000, 300_000, 2_000_000])
@pytest.mark.parametrize("where", [b"<name>", b'<rootFolder type="Folder">', b"<apiVersion>"])
def test_a_service_content_that_no_file_can_hold_is_no_service_content(inside: Inside, size: int, where: bytes) -> None:
    """Or every call would log in again, and leave the session before behind."""

    def act(exchange: Exchange) -> None:
        answer = exchange.perform()
        assert where in answer.body
        exchange.send(replace(answer, body=answer.body.replace(where, where + b"9" * size, 1)))

    inside.vcenter.faults.add("RetrieveServiceContent", Fault(act))
    assert inside.failure("get", api="soap").kind == "unreachable"
    assert inside.vcenter.login_attempts == 0


@pytest.mark.parametrize(
    "version", ["", ".", "8.0.²", "8." + "9" * 900, "eight", "8.0.3.0.0.0", "-1.0", "\u0668.\u0660"]
)
def test_an_odd_api_version_is_handed_on_and_means_nothing(inside: Inside, version: str) -> None:
    def act(exchange: Exchange) -> None:
        answer = exchange.perform()
        odd = answer.body.replace(b"<apiVersion>8.0.2.0", b"<apiVersion>" + version.encode())
        exchange.send(replace(answer, body=odd))

    inside.vcenter.faults.add("RetrieveServiceContent", Fault(act))
    assert inside.get().get("api_version", "") == version
    assert inside.get().get("api_version", "") == version


@pytest.mark.parametrize(
    "date",
    ["", "yesterday", "Mon, 01 Jan 99999999999 00:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 +2359", "0", "Mon, 01 Jan 2024 00:00:00 +99999999999999999999", "Mon, 31 Feb 2024 25:61:61 GMT", ", , , ,", "\u0130"],
    ids=range(9),
)  # fmt: skip
def test_a_date_that_makes_no_sense_is_no_date(inside: Inside, date: str) -> None:
    def act(exchange: Exchange) -> None:
        answer = exchange.perform()
        exchange.send(replace(answer, headers={**answer.headers, "Date": date.encode().decode("latin-1")}))

    inside.vcenter.faults.add("*", Fault(act))
    assert inside.get()["source"] == "login"
    assert inside.get(verify="always")["source"] == "cache"


@pytest.mark.parametrize("time", ["", "now", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "99999-01-01T00:00:00Z", "2024-13-45"])  # fmt: skip
@pytest.mark.parametrize("name", ["loginTime", "created_time", "last_accessed_time"])
def test_a_time_of_login_that_makes_no_sense_ends_no_call(inside: Inside, name: str, time: str) -> None:
    def act(exchange: Exchange) -> None:
        answer = exchange.perform()
        text = answer.body.decode()
        for start, end in ((f"<{name}>", "<"), (f'"{name}": "', '"')):
            before, found, rest = text.partition(start)
            if found:
                text = before + found + time + end + rest.partition(end)[2]
        exchange.send(replace(answer, body=text.encode()))

    inside.vcenter.faults.add("*", Fault(act))
    for _ in range(2):
        assert inside.get(verify="always")["expires_at"].endswith("Z")
    assert inside.vcenter.session_count == 2


@pytest.mark.parametrize("cookie", ["", "a b", ";b", '"', '""', "x" * 5000, "\x01", "ü", "a,b", "a\\b"])
def test_a_session_id_that_cannot_be_one_is_not_taken(inside: Inside, cookie: str) -> None:
    """The session that the server made cannot be named, and is left to idle out: nothing is cached."""

    def act(exchange: Exchange) -> None:
        answer = replace(exchange.perform(), headers={"Set-Cookie": f"vmware_soap_session={cookie}; Path=/"})
        inside.vcenter.end_all()
        exchange.send(answer)

    inside.vcenter.faults.add("=Login", Fault(act))
    assert inside.failure("get", api="soap").kind == "unreachable"
    assert list(inside.home.glob(".govmomi/sessions/*")) == []
