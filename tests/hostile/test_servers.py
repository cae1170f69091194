"""Servers that answer wrongly, on every operation: the contract's kind, the cached session kept, none left behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hostile.answers import JSON, LOST, NO_ANSWER, NOT_HTTP, TOO_SLOW
from hostile.inside import Inside
from hostile.operations import OPERATIONS, Operation
from simulated_vcenter import Fault, SimulatedVCenter, faults
from simulated_vcenter.exchange import Exchange
from support.program import PASSWORD

LIMIT = b'{"messages": [{"id": "com.vmware.vapi.endpoint.failedToLoginMaxUserSessionCountReached"}]}'
orphans = pytest.mark.sessions_counted_by_hand

SENSELESS = {
    f"{operation.where}: {name}": (operation, answer)
    for operation in OPERATIONS
    for name, answer in NO_ANSWER.items()
    if not (
        operation.where.startswith("DELETE") and name in JSON
    )  # which may well be how a server says that it is done
}
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.where)


@pytest.fixture
def inside(vcenter: SimulatedVCenter, home: Path) -> Inside:
    return Inside(home, vcenter)


def meet(inside: Inside, operation: Operation, fault: Fault, kind: str = "unreachable") -> None:
    """Let the operation meet the fault, and check all that the contract promises for that.

    A session that was cached is kept, is alive, and good again when the server is. `erase` removes the file all the
    same, and warns. A session that was not cached does not exist.
    """
    operation.prepare(inside)
    file = operation.file(inside)
    before = file.read_bytes() if file is not None else b""
    logins = len(inside.vcenter.logins)
    inside.vcenter.faults.add("=" + operation.where, fault)
    if operation.verb == "erase":
        reply = inside.ask("erase", **operation.fields)
        assert reply["erased"] == operation.kind
        assert "may live on" in reply["warning"]
        assert operation.file(inside) is None
        inside.vcenter.end_all()  # as if it had idled out
        return
    failure = inside.failure("get", **operation.fields)
    assert failure.kind == kind, failure.message
    assert inside.vcenter.login_attempts <= logins + 1, "a failed login was tried again"
    inside.vcenter.faults.clear()
    inside.timeout = 30.0
    if file is not None:
        assert file.read_bytes() == before
        assert inside.get(**operation.fields)["source"] == "cache"
        assert len(inside.vcenter.logins) == logins
    else:
        assert operation.file(inside) is None
        assert inside.vcenter.session_count == 0
        assert inside.get(**operation.fields)["source"] == "login"
    assert inside.vcenter.session_count == 1


# ---- what makes no sense


@every_operation
@pytest.mark.parametrize("answer", NOT_HTTP.values(), ids=NOT_HTTP)
def test_what_is_not_http_is_unreachable(inside: Inside, operation: Operation, answer: Callable[[], Fault]) -> None:
    meet(inside, operation, answer())


@every_operation
@pytest.mark.parametrize("head", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"])
def test_interim_answers_without_end_are_given_up_after_a_few(
    inside: Inside, operation: Operation, head: bytes
) -> None:
    """Not at the time-out, and not when the server has had enough."""

    def act(exchange: Exchange) -> None:
        while True:
            exchange.write(head)

    operation.prepare(inside)
    inside.vcenter.faults.add("=" + operation.where, Fault(act))
    if operation.verb == "erase":
        assert "interim answers without end" in inside.ask("erase", **operation.fields)["warning"]
        inside.vcenter.end_all()
    else:
        assert "interim answers without end" in inside.failure("get", **operation.fields).message


@pytest.mark.parametrize("operation", [OPERATIONS[0], OPERATIONS[2]], ids=lambda operation: operation.where)
def test_a_document_type_is_refused_even_in_an_answer_that_is_right_otherwise(
    inside: Inside, operation: Operation
) -> None:
    """SOAP 1.1 forbids it, and entities are the way to bombs and to files."""

    def act(exchange: Exchange) -> None:
        answer = exchange.perform()
        begin = answer.body.index(b"<", answer.body.index(b"?>"))
        body = answer.body[:begin] + b'<!DOCTYPE x [<!ENTITY y "z">]>' + answer.body[begin:]
        exchange.send(replace(answer, body=body))

    meet(inside, operation, Fault(act))


@pytest.mark.parametrize(("operation", "answer"), SENSELESS.values(), ids=SENSELESS)
def test_an_answer_that_makes_no_sense_is_unreachable(
    inside: Inside, operation: Operation, answer: Callable[[], Fault]
) -> None:
    meet(inside, operation, answer())


@every_operation
@pytest.mark.parametrize("answer", TOO_SLOW.values(), ids=TOO_SLOW)
def test_an_answer_that_does_not_end_is_given_up_at_the_time_out(
    inside: Inside, operation: Operation, answer: Callable[[], Fault]
) -> None:
    operation.prepare(inside)
    inside.timeout = 1.0
    meet(inside, operation, answer())


@every_operation
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308, 300, 304, 399])
def test_a_redirect_is_unreachable_and_the_other_address_sees_nothing(
    inside: Inside, operation: Operation, code: int
) -> None:
    with SimulatedVCenter() as elsewhere:
        meet(inside, operation, faults.redirect(elsewhere.url, code))
        assert elsewhere.requests == []


# ---- statuses that mean something


@pytest.mark.parametrize("code", [401, 403])
def test_401_and_403_mean_what_the_operation_makes_of_them(inside: Inside, code: int) -> None:
    """A refused login, a session that is gone, or nothing that the contract knows."""
    content, login, confirm, logout, create, check, delete = OPERATIONS
    for operation in (content, confirm):
        meet(inside, operation, faults.status(code))
        inside.ask("erase")
    for operation in (login, create):
        inside.vcenter.faults.add("=" + operation.where, faults.status(code))
        assert inside.failure("get", **operation.fields).kind == "login-refused"
        inside.vcenter.faults.clear()
        inside.ask("erase", scope="password")  # or the refusal would be remembered
    meet(inside, logout, faults.status(code))
    inside.vcenter.faults.clear()
    check.prepare(inside)
    inside.vcenter.faults.add("=" + check.where, faults.status(code), times=1)
    assert inside.get(**check.fields)["source"] == "login"
    assert inside.vcenter.session_count == 1, "the session that was taken for dead is ended, should it live"
    inside.vcenter.faults.add("=" + delete.where, faults.status(code))
    assert inside.ask("erase", api="rest") == {"erased": "rest"}
    inside.vcenter.end_all()


@pytest.mark.parametrize("code", [404, 405])
@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.kind == "soap"], ids=lambda one: one.where)
def test_an_address_without_the_service_is_unsupported(inside: Inside, operation: Operation, code: int) -> None:
    meet(inside, operation, faults.status(code), "unsupported")


@pytest.mark.parametrize("code", [404, 405])
def test_an_address_without_either_rest_service_is_unsupported(inside: Inside, code: int) -> None:
    inside.vcenter.faults.add("session", faults.status(code))
    assert inside.failure("get", api="rest").kind == "unsupported"
    assert inside.get()["source"] == "login"  # "both" means SOAP alone there
    assert inside.vcenter.session_count == 1


@pytest.mark.parametrize("code", [500, 503])
@pytest.mark.parametrize("operation", OPERATIONS[:2] + OPERATIONS[4:5], ids=lambda operation: operation.where)
def test_an_error_that_names_the_session_limit_is_the_session_limit(
    inside: Inside, operation: Operation, code: int
) -> None:
    meet(inside, operation, faults.status(code, LIMIT), "session-limit")


@every_operation
@pytest.mark.parametrize("content_type", ["text/html", "application/octet-stream", "", "text/xml; charset=utf-7"])
def test_a_content_type_that_is_wrong_does_not_matter(inside: Inside, operation: Operation, content_type: str) -> None:
    def act(exchange: Exchange) -> None:
        answer = exchange.perform()
        exchange.send(replace(answer, headers={**answer.headers, "Content-Type": content_type}))

    operation.prepare(inside)
    fault = inside.vcenter.faults.add("=" + operation.where, Fault(act))
    reply = inside.ask(operation.verb, password=PASSWORD, **operation.fields)
    assert fault.reached.is_set()
    assert "warning" not in reply


# ---- a login whose answer is lost


@orphans
@pytest.mark.parametrize("answer", LOST.values(), ids=LOST)
@pytest.mark.parametrize("operation", [OPERATIONS[1], OPERATIONS[4]], ids=lambda operation: operation.where)
def test_a_login_whose_answer_is_lost_is_not_tried_again_and_ended_if_its_id_came(
    inside: Inside, operation: Operation, answer: Callable[[], Fault]
) -> None:
    """SOAP sends the id in a header, which may have come; REST in the body, so that nobody can know it."""
    inside.vcenter.faults.add("=" + operation.where, answer())
    assert inside.failure("get", **operation.fields).kind == "unreachable"
    assert inside.vcenter.login_attempts == 1
    header_came = operation.kind == "soap" and answer is not LOST["a reset"]
    assert inside.vcenter.session_count == (0 if header_came else 1)
    assert operation.file(inside) is None
    inside.vcenter.faults.clear()
    assert inside.get(**operation.fields)["source"] == "login"


@pytest.mark.parametrize("answer", [*LOST.values(), *TOO_SLOW.values()], ids=[*LOST, *TOO_SLOW])
def test_a_rest_login_that_cannot_be_confirmed_is_ended(inside: Inside, answer: Callable[[], Fault]) -> None:
    """The id has come, and then the question whose session that is goes wrong, until the time is over."""
    inside.timeout = 1.0
    inside.vcenter.faults.add("=GET /api/session", answer())
    assert inside.failure("get", api="rest").kind == "unreachable"
    assert len(inside.vcenter.logins) == 1
    assert inside.vcenter.session_count == 0


@pytest.mark.parametrize("passthrough", [False, True])
@pytest.mark.parametrize("where", ["POST /api/session", "GET /api/session"])
@pytest.mark.parametrize(
    "answer",
    [faults.html, faults.reset, faults.stall, faults.drip, lambda: faults.status(401)],
    ids=["a web page", "a reset", "no answer", "a body byte by byte", "401"],
)
def test_a_half_made_login_leaves_nothing_that_no_file_knows(
    inside: Inside, answer: Callable[[], Fault], where: str, passthrough: bool
) -> None:
    """SOAP yes, REST no; also where the time was over before the first half could be undone."""
    inside.timeout = 1.0
    inside.vcenter.faults.add("=" + where, answer())
    assert inside.failure("get", passthrough=passthrough).kind in {"unreachable", "login-refused"}
    if passthrough:
        assert inside.vcenter.session_count == 0
    inside.vcenter.faults.clear()
    inside.timeout = 30.0
    inside.ask("erase", scope="password")  # or a refusal would be remembered
    assert inside.get()["rest_session_id"]
    assert inside.vcenter.session_count == 2


@orphans
@pytest.mark.parametrize("answer", LOST.values(), ids=LOST)
@pytest.mark.parametrize("operation", [OPERATIONS[3], OPERATIONS[6]], ids=lambda operation: operation.where)
def test_an_erase_whose_answer_is_lost_has_ended_the_session_and_removed_the_file(
    inside: Inside, operation: Operation, answer: Callable[[], Fault]
) -> None:
    operation.prepare(inside)
    inside.vcenter.faults.add("=" + operation.where, answer())
    assert inside.ask("erase", api=operation.kind)["erased"] == operation.kind
    assert inside.vcenter.session_count == 0
    assert operation.file(inside) is None
