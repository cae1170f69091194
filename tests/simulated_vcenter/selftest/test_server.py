"""HTTP as clients really speak it, and many of them at once."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from simulated_vcenter import SimulatedVCenter
from simulated_vcenter.selftest.raw import API, Raw
from support.ports import free_port

USER, PASSWORD = "administrator@vsphere.local", "VMware1!"


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with SimulatedVCenter() as vc:
        yield vc


@pytest.fixture
def client(vc: SimulatedVCenter) -> Raw:
    return Raw(vc.url, vc.ca_file)


def test_a_body_may_come_in_chunks_as_govmomi_sends_it(vc: SimulatedVCenter, client: Raw) -> None:
    with closing(client.connection()) as connection:
        connection.request("POST", "/sdk", iter([b"first ", b"second"]), encode_chunked=True)
        assert connection.getresponse().read()
    assert [(each.operation, each.body) for each in vc.requests] == [("POST /sdk", b"first second")]
    assert vc.requests[0].headers["transfer-encoding"] == "chunked"


def test_one_connection_serves_many_requests(vc: SimulatedVCenter, client: Raw) -> None:
    with closing(client.connection()) as connection:
        connection.connect()
        first = connection.sock
        for _ in range(3):
            connection.request("GET", "/sdk/vimServiceVersions.xml")
            assert connection.getresponse().read()
            assert connection.sock is first
    assert len(vc.requests) == 3


@pytest.mark.parametrize("length", ["-1", "many", str(1 << 40)])
def test_a_senseless_length_is_refused(vc: SimulatedVCenter, client: Raw, length: str) -> None:
    assert client.ask("POST", API, {"Content-Length": length}).status == 400
    assert vc.requests == []


def test_a_request_that_breaks_off_is_none() -> None:
    with SimulatedVCenter() as vc, closing(Raw(vc.url, vc.ca_file).connection()) as connection:
        connection.putrequest("POST", "/sdk")
        connection.putheader("Content-Length", "100")
        connection.endheaders(b"only this much")
    assert vc.requests == []


def test_what_is_not_there_is_404_and_an_unknown_method_405(client: Raw) -> None:
    assert client.ask("GET", "/ui/").status == 404
    assert client.ask("PUT", API).status == 405
    assert client.ask("PURGE", "/sdk").status == 405


def test_a_client_that_never_speaks_holds_up_nobody(vc: SimulatedVCenter, client: Raw) -> None:
    """Not even the end: leaving the `with` block would report a thread that goes on."""
    silent = Raw(f"http://{vc.authority}", None)
    with closing(silent.connection()) as connection:
        connection.connect()
        assert client.login(USER, PASSWORD).status == 200


def test_a_hundred_clients_at_once_get_no_more_sessions_than_there_are() -> None:
    with SimulatedVCenter(session_limit=30) as vc:
        client = Raw(vc.url, vc.ca_file)
        with ThreadPoolExecutor(100) as pool:
            answers = list(pool.map(lambda _: client.login(USER, PASSWORD).status, range(100)))
        assert (answers.count(200), answers.count(503)) == (30, 70)
        assert (vc.session_count, vc.login_attempts) == (30, 100)
        assert len({session.id for session in vc.sessions}) == 30


def test_offline_means_connection_refused_and_everything_as_before_afterwards(
    vc: SimulatedVCenter, client: Raw
) -> None:
    session = client.login(USER, PASSWORD).session_id
    with vc.offline(), pytest.raises(ConnectionRefusedError):
        client.whoami(session)
    assert client.whoami(session)


def test_afterwards_the_port_is_closed_and_no_thread_is_left() -> None:
    before = set(threading.enumerate())
    with SimulatedVCenter(port=free_port()) as vc:
        client = Raw(vc.url, vc.ca_file)
        connection = client.connection()
        connection.connect()
        assert set(threading.enumerate()) - before
    with closing(connection):
        assert isinstance(connection.sock, ssl.SSLSocket)
        assert connection.sock.recv(1) == b""
    assert set(threading.enumerate()) <= before  # other tests of this process may have had some that end now
    with pytest.raises(ConnectionRefusedError):
        client.ask("GET", API)


def test_it_says_so_if_it_has_not_been_started() -> None:
    with pytest.raises(RuntimeError, match="has not been started"):
        _ = SimulatedVCenter().url
