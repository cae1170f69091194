"""Certificates, ports and connections that are not what they should be; and nothing is said to whom nobody trusts."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hostile import raw_server
from hostile.inside import Inside
from hostile.operations import OPERATIONS, Operation
from hostile.raw_server import RawServer, dribbling, saying
from simulated_vcenter import Fault, SimulatedVCenter
from simulated_vcenter.exchange import Exchange
from support.ports import closed_port
from support.program import PASSWORD, Helper, request

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.where)


@pytest.fixture
def inside(vcenter: SimulatedVCenter, home: Path) -> Inside:
    return Inside(home, vcenter)


def trust(vcenter: SimulatedVCenter, by: str) -> dict[str, object]:
    """What a caller says who trusts the certificate of this moment, and goes on saying."""
    if by == "ca_file":
        return {"ca_file": vcenter.ca_file}
    return {"ca_file": None, "thumbprint": vcenter.thumbprint_sha1 if by == "SHA-1" else vcenter.thumbprint}


# ---- certificates


@every_operation
@pytest.mark.parametrize("by", ["ca_file", "SHA-256", "SHA-1"])
def test_a_certificate_that_was_swapped_is_untrusted_and_the_server_is_told_nothing(
    inside: Inside, operation: Operation, by: str
) -> None:
    """No session, no password and no question; the session is kept, in its file and on the server."""
    vcenter = inside.vcenter
    trusted = trust(vcenter, by)
    expected = str(trusted.get("thumbprint", "authorities"))
    if operation.cached:
        inside.get(api=operation.kind, **trusted)
    file = operation.file(inside)
    before = (len(vcenter.requests), vcenter.session_count, file.read_bytes() if file is not None else b"")
    vcenter.new_certificate()
    failure = inside.failure(operation.verb, **operation.fields, **trusted)
    assert failure.kind == "untrusted"
    assert expected in failure.message
    assert (vcenter.thumbprint_sha1 if by == "SHA-1" else vcenter.thumbprint) in failure.message
    after = (len(vcenter.requests), vcenter.session_count, file.read_bytes() if file is not None else b"")
    assert after == before
    assert operation.file(inside) == file


@pytest.mark.parametrize("by", ["ca_file", "SHA-256"])
def test_a_certificate_that_is_swapped_between_two_requests_is_untrusted_and_no_password_sent(
    inside: Inside, by: str
) -> None:
    trusted = trust(inside.vcenter, by)

    def swap(exchange: Exchange) -> None:
        inside.vcenter.new_certificate()
        answer = exchange.perform()
        exchange.send(replace(answer, headers={**answer.headers, "Connection": "close"}))
        exchange.close()

    inside.vcenter.faults.add("RetrieveServiceContent", Fault(swap))
    assert inside.failure("get", **trusted).kind == "untrusted"
    assert [seen.operation for seen in inside.vcenter.requests] == ["RetrieveServiceContent"]


@pytest.mark.parametrize("names", [("vc.example.com",), ("192.0.2.1",)], ids=str)
def test_a_certificate_for_another_name_is_untrusted(inside: Inside, names: tuple[str, ...]) -> None:
    inside.vcenter.new_certificate(*names)
    assert inside.failure("get").kind == "untrusted"
    assert inside.vcenter.requests == []


def test_a_certificate_that_has_expired_is_untrusted(inside: Inside) -> None:
    inside.vcenter.new_certificate(expired=True)
    failure = inside.failure("get")
    assert failure.kind == "untrusted"
    assert "expired" in failure.message
    assert inside.vcenter.requests == []


# ---- ports


def test_tls_on_a_port_that_speaks_plain_http_is_unreachable_and_no_password_goes_there(home: Path) -> None:
    with SimulatedVCenter(tls=False) as plain:
        inside = Inside(home, plain)
        assert inside.failure("get", url=f"https://{plain.authority}/sdk").kind == "unreachable"
        assert plain.requests == []


def test_plain_http_on_a_port_that_speaks_tls_is_unreachable(inside: Inside) -> None:
    assert inside.failure("get", url=f"http://{inside.vcenter.authority}/sdk").kind == "unreachable"
    assert inside.vcenter.requests == []


def test_a_port_on_which_nobody_listens_is_unreachable(inside: Inside) -> None:
    with closed_port() as port:
        failure = inside.failure("get", url=f"127.0.0.1:{port}")
    assert failure.kind == "unreachable"
    assert "refused" in failure.message


# ---- connections

HTTP_400 = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
TLS_ALERT = b"\x15\x03\x03\x00\x02\x02\x28"  # a fatal handshake failure
TLS_BEGIN = b"\x16\x03\x03\x40\x00"  # a handshake record of 16 KiB, of which nothing ever comes


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize(
    "act",
    [
        raw_server.closing,
        raw_server.resetting,
        raw_server.silent,
        saying(HTTP_400),
        saying(TLS_ALERT),
        saying(TLS_BEGIN),
        saying(bytes(1000)),
        saying(b"SSH-2.0-OpenSSH_9.2\r\n"),
        dribbling(TLS_BEGIN),
        dribbling(b"HTTP/1.1 200 OK\r\nX: a"),
    ],
    ids=["closes", "resets", "is silent", "speaks HTTP", "alerts", "begins TLS", "sends zeros", "is SSH", "dribbles TLS", "dribbles HTTP"],
)  # fmt: skip
def test_a_port_on_which_something_else_listens_is_unreachable(
    inside: Inside, act: Callable[[socket.socket], object], scheme: str
) -> None:
    inside.timeout = 1.0
    with RawServer(act) as server:
        assert inside.failure("get", url=f"{scheme}://{server.authority}/sdk").kind == "unreachable"


def test_a_server_that_is_down_keeps_the_cached_sessions(inside: Inside) -> None:
    inside.get()
    with inside.vcenter.offline():
        assert inside.failure("get", verify="always").kind == "unreachable"
        assert inside.failure("get", reauth=True).kind == "unreachable"
        assert inside.get()["source"] == "cache"
    assert inside.get(verify="always")["source"] == "cache"
    assert len(inside.vcenter.logins) == 2


@pytest.mark.sessions_counted_by_hand
def test_erase_while_the_server_is_down_removes_the_files_and_warns(inside: Inside) -> None:
    inside.get()
    with inside.vcenter.offline():
        reply = inside.ask("erase")
    assert reply["erased"] == "soap,rest"
    assert "may live on" in reply["warning"]
    assert inside.ask("erase") == {"erased": ""}
    assert inside.vcenter.session_count == 2


def test_the_time_out_holds_for_the_whole_program(vcenter: SimulatedVCenter, helper: Helper) -> None:
    with RawServer(raw_server.silent) as server:
        fields = request(vcenter, url=server.authority, password=PASSWORD)
        reply = helper.call("get", fields, "--timeout", "0.5")
        assert (reply.kind, reply.status) == ("unreachable", 5)
        assert "0.5 s" in reply.stderr
