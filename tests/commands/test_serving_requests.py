"""Requests that no client of Kubernetes' makes: each has one small answer, and none is in another's way."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from commands.serving import TOKEN, Serving, shared_token, trusting
from simulated_vcenter import SimulatedVCenter
from support.program import Helper
from vsphere_session.clock import Clock
from vsphere_session.commands.serving import server as module
from vsphere_session.commands.serving.certificate import Certificate
from vsphere_session.commands.serving.requests import MAX_BODY_BYTES, MAX_HEAD_BYTES
from vsphere_session.commands.serving.server import MAX_CONNECTIONS

BEARER = f"Authorization: Bearer {TOKEN}\r\n"


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    place = tmp_path_factory.mktemp("serving")
    (place / "home").mkdir(mode=0o700)
    with SimulatedVCenter() as vcenter, Serving(Helper(place / "home"), vcenter, place) as server:
        yield server


def status(serving: Serving, text: str | bytes) -> int:
    answer = serving.say(text.encode("latin-1") if isinstance(text, str) else text)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert body.startswith(b"{"), answer
    assert b"Cache-Control: no-store" in head
    return int(answer.split(b" ")[1])


@pytest.mark.parametrize(
    ("request_text", "wanted"),
    [
        (f"GET / HTTP/1.1\r\n{BEARER}\r\n", 200),
        (f"GET / HTTP/1.0\r\n{BEARER}\r\n", 200),
        (f"GET / HTTP/1.1\r\nauthorization: bearer  {TOKEN}\r\nContent-Length: 3\r\n\r\nabc", 200),
        ("GET / HTTP/1.1\r\n\r\n", 401),
        (f"GET / HTTP/1.1\r\nAuthorization: Basic {TOKEN}\r\n\r\n", 401),
        (f"GET / HTTP/1.1\r\nAuthorization: {TOKEN}\r\n\r\n", 401),
        ("GET / HTTP/1.1\r\nAuthorization: Bearer \xe9\xff\r\n\r\n", 401),
        (f"POST / HTTP/1.1\r\n{BEARER}Content-Length: 0\r\n\r\n", 405),
        (f"HEAD / HTTP/1.1\r\n{BEARER}\r\n", 405),
        (f"GET / HTTP/1.1\r\n{BEARER}{BEARER}\r\n", 400),
        (f"GET / HTTP/1.1\r\n{BEARER} folded\r\n\r\n", 400),
        (f"GET / HTTP/1.1\r\n{BEARER}Content-Length: -1\r\n\r\n", 400),
        (f"GET / HTTP/1.1\r\n{BEARER}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (f"GET / HTTP/1.1\r\n{BEARER}Content-Length: {MAX_BODY_BYTES + 1}\r\n\r\n", 413),
        (f"GET / HTTP/1.1\r\n{BEARER}Content-Length: {'9' * 5000}\r\n\r\n", 413),
        (f"GET / HTTP/1.1\r\nX: {'x' * MAX_HEAD_BYTES}\r\n\r\n", 431),
        (f"GET /{'x' * MAX_HEAD_BYTES} HTTP/1.1\r\n\r\n", 414),
        ("GET http://elsewhere/ HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\n\r\n", 400),
        ("\x00\x01\x02\r\n\r\n", 400),
        ("\r\n\r\n", 400),
    ],
)
def test_each_request_has_its_status(serving: Serving, request_text: str, wanted: int) -> None:
    assert status(serving, request_text) == wanted


def test_a_body_without_end_is_not_read(serving: Serving) -> None:
    body = b"x" * (1 << 20)
    assert status(serving, f"GET / HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body) == 413


def test_who_says_nothing_or_half_is_in_nobodys_way(serving: Serving) -> None:
    silent = [serving.connection() for _ in range(MAX_CONNECTIONS + 8)]
    silent[-1].sendall(b"GET / HT")
    assert shared_token(serving.url, TOKEN, trusting(serving.ca_file))
    for each in silent:
        each.close()


def heard(connection: socket.socket) -> bytes:
    """What the other side says at most before it hangs up, however it does."""
    try:
        return connection.recv(100)
    except ConnectionResetError:
        return b""


def test_what_is_no_tls_is_in_nobodys_way(serving: Serving) -> None:
    with socket.create_connection(("127.0.0.1", serving.port)) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert not heard(plain).startswith(b"HTTP")
    assert shared_token(serving.url, TOKEN, trusting(serving.ca_file))


def test_who_does_not_finish_in_time_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "MAX_REQUEST_SECONDS", 0.3)
    authority = trustme.CA()
    pem = tmp_path / "tls.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(pem))
    told: list[str] = []
    server = module.Server(
        ("127.0.0.1", 0), Certificate(str(pem), "", told.append), lambda *_: b"", Clock(), told.append
    )
    reads, writes = socket.socketpair()
    thread = threading.Thread(target=server.serve, args=(reads,))
    thread.start()
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    port = int(server.address.rpartition(":")[2])
    with trust.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="127.0.0.1") as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nX")
        assert slow.recv(100).startswith(b"HTTP/1.1 408 ")
    writes.send(b"x")
    thread.join(30)
    assert told == ["127.0.0.1: 408, no request that is answered"]
    reads.close()
    writes.close()
