"""About both sessions the server is asked at once, on one connection: nobody but the clock can tell it from one after the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from contract.desk import Desk
from credential_protocol.messages import Failure
from simulated_vcenter import SimulatedVCenter, faults
from simulated_vcenter.exchange import Exchange
from simulated_vcenter.messages import Response
from simulated_vcenter.switchboard import Fault
from support.program import PASSWORD
from vsphere_session.http import transport
from vsphere_session.http.connection import Connection
from vsphere_session.http.transport import Transport


def framed(write: Callable[[Exchange, Response], None]) -> Callable[[], Fault]:
    """The ordinary answer, in other bytes."""
    return lambda: Fault(lambda exchange: write(exchange, exchange.perform()), work_first=True)


def chunked(exchange: Exchange, answer: Response) -> None:
    half = len(answer.body) // 2
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (answer.body[:half], answer.body[half:]) if part)
    exchange.write(answer.head({"Transfer-Encoding": "chunked"}) + chunks + b"0\r\n\r\n")


def byte_by_byte(exchange: Exchange, answer: Response) -> None:
    for byte in answer.head() + answer.body:
        exchange.write(bytes([byte]))


def closing(exchange: Exchange, answer: Response) -> None:
    exchange.write(answer.head({"Content-Length": str(len(answer.body)), "Connection": "close"}) + answer.body)
    exchange.close()


def closing_unsaid(exchange: Exchange, answer: Response) -> None:
    exchange.send(answer)
    exchange.close()


def of_1996(exchange: Exchange, answer: Response) -> None:
    exchange.write(answer.head({}).replace(b"HTTP/1.1", b"HTTP/1.0") + answer.body)
    exchange.close()


def compressed(exchange: Exchange, answer: Response) -> None:
    exchange.write(answer.head({"Content-Length": str(len(answer.body)), "Content-Encoding": "gzip"}) + answer.body)


def after_an_interim_one(exchange: Exchange, answer: Response) -> None:
    exchange.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
    exchange.send(answer)


ANSWERS: dict[str, Callable[[], Fault] | None] = {
    "good": None,
    "chunked": framed(chunked),
    "byte by byte": framed(byte_by_byte),
    "closing": framed(closing),
    "closing, unsaid": framed(closing_unsaid),
    "HTTP/1.0": framed(of_1996),
    "compressed": framed(compressed),
    "interim": framed(after_an_interim_one),
    "gone": faults.not_authenticated,
    "403": lambda: faults.status(403),
    "404": lambda: faults.status(404),
    "503": lambda: faults.status(503),
    "a web page": faults.html,
    "a redirect": lambda: faults.redirect("https://elsewhere.example.com/"),
    "reset": faults.reset,
    "cut short": faults.close_mid_answer,
}
SOAP, REST = "RetrievePropertiesEx", "GET /api/session"


def told(desk: Desk, soap: str, rest: str) -> dict[str, object]:
    """Everything that a caller, and whoever looks after the server, can see of one `get` that asks."""
    vcenter = desk.vcenter
    before = desk.ask("get", password=PASSWORD)
    logins = vcenter.login_attempts
    for where, name in ((SOAP, soap), (REST, rest)):
        fault = ANSWERS[name]
        if fault is not None:
            vcenter.faults.add(where, fault())
    try:
        reply = desk.ask("get", password=PASSWORD, verify="always")
        seen: dict[str, object] = {
            name: reply.get(name) == before.get(name) for name in {*before, *reply} - {"expires_at"}
        }
        seen |= {"source": reply["source"]}
    except Failure as failure:
        seen = {"kind": failure.kind, "message": failure.message}
    vcenter.settle()
    seen |= {"logins": vcenter.login_attempts - logins, "sessions": vcenter.session_count}
    vcenter.faults.clear()
    desk.ask("erase")
    vcenter.end_all()
    return seen


@pytest.mark.sessions_counted_by_hand
@pytest.mark.parametrize("soap", ANSWERS)
def test_it_comes_to_the_same(
    vcenter: SimulatedVCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, soap: str
) -> None:
    """With every answer about REST."""
    for number, rest in enumerate(ANSWERS):
        for mode in ("at once", "in turn"):
            (tmp_path / f"{number} {mode}").mkdir()
        at_once = told(Desk(tmp_path / f"{number} at once", vcenter), soap, rest)
        with monkeypatch.context() as patched:
            patched.setattr(Transport, "ask_ahead", lambda *_: None)
            said = soap.removesuffix(", unsaid")  # or the second question may be under way when the server hangs up
            in_turn = told(Desk(tmp_path / f"{number} in turn", vcenter), said, rest)
        assert at_once == in_turn, (soap, rest)


def test_they_do_go_out_at_once(vcenter: SimulatedVCenter, home: Path) -> None:
    """The question about REST is there before the one about SOAP is answered."""
    desk = Desk(home, vcenter)
    desk.ask("get", password=PASSWORD)
    sent: list[bytes] = []

    original = Connection.send

    def send(self: Connection, data: bytes) -> None:
        sent.append(data)
        original(self, data)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Connection, "send", send)
        assert desk.requests_during("get", verify="always") == 2
    assert len(sent) == 1
    assert sent[0].startswith(b"POST /sdk ")
    assert b"GET /api/session " in sent[0]


def test_who_asks_about_one_or_logs_in_asks_nothing_ahead(vcenter: SimulatedVCenter, home: Path) -> None:
    desk = Desk(home, vcenter)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Transport, "ask_ahead", lambda *_: pytest.fail("it did"))
        desk.ask("get", password=PASSWORD)
        desk.ask("get", verify="always", api="soap")
        desk.ask("get", verify="always", api="rest")
        desk.ask("get")


def test_a_server_that_drops_what_comes_early_is_asked_again(
    vcenter: SimulatedVCenter, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On another connection, after a moment and not after the whole time of the call."""
    monkeypatch.setattr(transport, "_PATIENCE", 0.05)
    desk = Desk(home, vcenter)
    before = desk.ask("get", password=PASSWORD)
    stalled = vcenter.faults.add(REST, faults.stall(), times=1)
    reply = desk.ask("get", verify="always")
    assert stalled.reached.is_set()
    assert reply["source"] == "cache"
    assert reply["rest_session_id"] == before["rest_session_id"]


def test_a_server_that_takes_back_its_first_answer_is_asked_again(vcenter: SimulatedVCenter, home: Path) -> None:
    """It closes a connection on which there is more to read: what it has said before may never arrive."""
    desk = Desk(home, vcenter)
    desk.ask("get", password=PASSWORD)
    for fault in (faults.reset(), faults.close_mid_answer()):
        vcenter.faults.add(SOAP, fault, times=1)
        assert desk.ask("get", verify="always")["source"] == "cache"
        assert fault.reached.is_set()
