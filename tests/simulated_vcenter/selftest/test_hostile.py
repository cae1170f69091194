"""The hostile answers are as bad as they say, and end with the client."""

from __future__ import annotations

import gzip
import http.client
import zlib
from collections.abc import Iterator
from contextlib import closing
from xml.etree import ElementTree as ET

import pytest

from simulated_vcenter import Fault, SimulatedVCenter, faults
from simulated_vcenter.selftest.raw import API, Raw

MIB = 1 << 20


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    """Leaving it raises if a thread of it goes on."""
    with SimulatedVCenter() as vc:
        yield vc


@pytest.fixture
def client(vc: SimulatedVCenter) -> Raw:
    return Raw(vc.url, vc.ca_file)


def test_headers_can_dribble_without_end(vc: SimulatedVCenter, client: Raw) -> None:
    vc.faults.add("*", faults.slow_headers(interval=0.001))
    with closing(client.connection()) as connection:
        connection.request("GET", API)
        assert connection.sock is not None
        seen = b""
        while len(seen) < 50:
            seen += connection.sock.recv(1)
        assert seen.startswith(b"HTTP/1.1 200 OK\r\nX-Slow: aaaaaaaa")


def test_a_body_can_dribble_without_end(vc: SimulatedVCenter, client: Raw) -> None:
    vc.faults.add("*", faults.drip(interval=0.001))
    with closing(client.connection()) as connection:
        connection.request("GET", API)
        with connection.getresponse() as answer:
            assert answer.read(30) == b'{"value":"' + b"a" * 20


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_can_be_as_large_as_one_likes(vc: SimulatedVCenter, client: Raw, chunked: bool) -> None:
    vc.faults.add("*", faults.huge(5 * MIB + 3, chunked=chunked))
    answer = client.ask("GET", API)
    assert ("content-length" in answer.headers) is not chunked
    assert len(answer.body) == 5 * MIB + 3
    assert answer.body.startswith(b'{"value":"aaa')


@pytest.mark.parametrize("fault", [faults.huge(), faults.huge(chunked=True), faults.huge(None)])
def test_a_client_may_leave_in_the_middle_of_a_huge_body(vc: SimulatedVCenter, client: Raw, fault: Fault) -> None:
    vc.faults.add("*", fault)
    with closing(client.connection()) as connection:
        connection.request("POST", "/sdk", b"")
        with connection.getresponse() as answer:
            assert answer.read(MIB).startswith(b"<soapenv:Envelope ")


def test_headers_can_be_as_large_as_one_likes(vc: SimulatedVCenter, client: Raw) -> None:
    vc.faults.add("*", faults.huge_headers(98_000, line_bytes=1000), times=1)
    assert sum(map(len, client.ask("GET", API).headers.values())) >= 98_000
    vc.faults.add("*", faults.huge_headers())
    with pytest.raises(http.client.HTTPException, match="got more than 100 headers"):
        client.ask("GET", API)


def test_the_entity_bomb_is_small_and_explodes(vc: SimulatedVCenter, client: Raw) -> None:
    vc.faults.add("Login", faults.entity_bomb())
    bomb = client.login("x", "y").body
    assert len(bomb) < 2000
    with pytest.raises(ET.ParseError, match="amplification"):
        ET.fromstring(bomb)


def test_the_deep_xml_is_deep(vc: SimulatedVCenter, client: Raw) -> None:
    vc.faults.add("Login", faults.deep_xml(1000))
    assert client.login("x", "y").text.count("<a>") == 1000


def test_the_gzip_bomb_is_small_and_unpacks_to_what_it_says(vc: SimulatedVCenter, client: Raw) -> None:
    vc.faults.add("*", faults.gzip_bomb(20 * MIB + 5))
    answer = client.ask("GET", API)
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.body) < MIB / 8
    assert len(gzip.decompress(answer.body)) == 20 * MIB + 5


def test_the_gzip_bomb_is_a_gigabyte_unless_told_otherwise(vc: SimulatedVCenter, client: Raw) -> None:
    vc.faults.add("*", faults.gzip_bomb())
    body = client.ask("GET", API).body
    assert len(body) < 4 * MIB
    unpacker, size = zlib.decompressobj(31), 0
    piece = unpacker.decompress(body, 16 * MIB)
    while piece:
        size += len(piece)
        piece = unpacker.decompress(unpacker.unconsumed_tail, 16 * MIB)
    assert size == 1 << 30
