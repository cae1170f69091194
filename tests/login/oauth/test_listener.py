"""Waiting for the browser: whatever else comes, and whatever the machine lacks."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from login.oauth.canned import HandClock
from support.ports import free_port
from vsphere_session.clock import Clock, Deadline
from vsphere_session.errors import BusyError, InvalidRequestError, LoginRefusedError, UnsupportedError
from vsphere_session.login.oauth.listener import MAX_CONNECTIONS, MAX_REQUEST_SECONDS, Listener, open_socket
from vsphere_session.login.oauth.redirect import MAX_REQUEST_BYTES, Expected

ANY = "http://localhost:0/auth"
EXPECTED = Expected("/auth", "state")
RIGHT = b"GET /auth?code=the-code&state=state HTTP/1.1\r\nHost: localhost\r\n\r\n"
WRONG = b"GET /auth?code=evil&state=guess HTTP/1.1\r\nHost: localhost\r\n\r\n"


def port_of(listener: Listener) -> int:
    """Where it listens."""
    return int(listener.redirect_uri.split(":")[-1].partition("/")[0])


def say(listener: Listener, data: bytes, address: str = "127.0.0.1") -> bytes:
    """Connect, say this, and return all that is answered."""
    with socket.create_connection((address, port_of(listener)), 30) as connection:
        connection.sendall(data)
        return everything(connection)


def everything(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    connection.settimeout(30)
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


class Waiting:
    """A listener, and somebody who waits at it."""

    def __init__(self, listener: Listener, clock: Clock, pool: ThreadPoolExecutor) -> None:
        self.listener = listener
        self.code: Future[str] = pool.submit(listener.wait, EXPECTED, Deadline(300, clock))


@pytest.fixture
def waiting() -> Iterator[Waiting]:
    with ThreadPoolExecutor() as pool, Listener(ANY, Clock()) as listener:
        started = Waiting(listener, Clock(), pool)
        yield started
        if not started.code.done():
            threading.Thread(target=say, args=(listener, RIGHT), daemon=True).start()
            started.code.result(30)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_the_browser_may_come_to_either_address(address: str) -> None:
    """At the same port, which is in the redirect URI."""
    with ThreadPoolExecutor() as pool, Listener(ANY, Clock()) as listener:
        page = pool.submit(say, listener, RIGHT, address)
        assert listener.wait(EXPECTED, Deadline(300, Clock())) == "the-code"
        assert not page.done(), "it is told how it went when that is known"
        listener.finish(done=True)
        assert b"<h1>Logged in</h1>" in page.result(30)


def test_a_login_that_fails_after_the_browser_has_come_back_is_told_there() -> None:
    with ThreadPoolExecutor() as pool:
        with Listener(ANY, Clock()) as listener:
            page = pool.submit(say, listener, RIGHT)
            listener.wait(EXPECTED, Deadline(300, Clock()))
        assert b"<h1>Not logged in</h1>" in page.result(30)


def test_what_is_not_the_answer_is_told_so_and_the_wait_goes_on(waiting: Waiting) -> None:
    """A wrong state first and then the right one; a favicon; something that is not HTTP; what leaves in the middle."""
    for data in (WRONG, b"GET /favicon.ico HTTP/1.1\r\n\r\n", b"\x16\x03\x01\r\n\r\n", b"x" * (MAX_REQUEST_BYTES + 1)):
        answered = say(waiting.listener, data)
        assert answered == b"" if len(data) > MAX_REQUEST_BYTES and not answered else b"400 Bad Request" in answered
    with socket.create_connection(("127.0.0.1", port_of(waiting.listener))) as connection:
        connection.sendall(RIGHT[:20])
        connection.shutdown(socket.SHUT_WR)
        assert b"400 Bad Request" in everything(connection)
    assert not waiting.code.done()


def test_silent_connections_hold_up_nobody(waiting: Waiting) -> None:
    """As browsers open them ahead; beyond a number of them the oldest is let go."""
    silent = [socket.create_connection(("127.0.0.1", port_of(waiting.listener))) for _ in range(MAX_CONNECTIONS + 3)]
    assert b"400 Bad Request" in say(waiting.listener, WRONG)
    assert b"400 Bad Request" in everything(silent[0])
    for connection in silent:
        connection.close()
    assert not waiting.code.done()


def test_a_request_in_small_pieces_is_one(waiting: Waiting) -> None:
    with socket.create_connection(("127.0.0.1", port_of(waiting.listener))) as connection:
        for byte in RIGHT:
            connection.sendall(bytes([byte]))
        assert waiting.code.result(30) == "the-code"


def test_a_slow_request_is_given_up_and_the_wait_goes_on() -> None:
    clock = HandClock()
    with ThreadPoolExecutor() as pool, Listener(ANY, clock) as listener:
        code = pool.submit(listener.wait, EXPECTED, Deadline(300, clock))
        with socket.create_connection(("127.0.0.1", port_of(listener))) as slow:
            slow.sendall(RIGHT[:30])
            assert b"400 Bad Request" in say(listener, WRONG)  # the other one is known by then
            clock.time += MAX_REQUEST_SECONDS
            assert b"400 Bad Request" in everything(slow)
        assert not code.done()
        page = pool.submit(say, listener, RIGHT)
        assert code.result(30) == "the-code"
        listener.finish(done=True)
        assert page.result(30)


def test_nobody_comes_until_the_deadline() -> None:
    clock = HandClock()
    with ThreadPoolExecutor() as pool, Listener(ANY, clock) as listener:
        code = pool.submit(listener.wait, EXPECTED, Deadline(300, clock))
        assert b"400" in say(listener, WRONG)
        clock.time += 301
        with pytest.raises(BusyError, match="nobody logged in within 300 s in the browser; start again"):
            code.result(30)


def test_a_no_is_raised_and_told() -> None:
    with ThreadPoolExecutor() as pool, Listener(ANY, Clock()) as listener:
        page = pool.submit(say, listener, RIGHT.replace(b"code=the-code", b"error=access_denied"))
        with pytest.raises(LoginRefusedError, match="denied in the browser"):
            listener.wait(EXPECTED, Deadline(300, Clock()))
        assert b"<h1>Not logged in</h1>" in page.result(30)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_busy_port_is_named_with_what_to_do(address: str) -> None:
    """On one of the two addresses is enough: the browser may go there. Nothing is left listening."""
    port = free_port()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with (
        socket.create_server((address, port), family=family),
        pytest.raises(BusyError, match=rf"port {port} of the redirect_uri is taken, by another login .* --no-browser"),
    ):
        Listener(f"http://localhost:{port}/auth", Clock())
    with Listener(f"http://localhost:{port}/auth", Clock()) as listener:
        assert port_of(listener) == port


def test_two_callers_cannot_wait_at_one_port_and_each_gets_its_own_code() -> None:
    """Neither at a registered port, nor mixed up at free ones."""
    with Listener(ANY, Clock()) as first:
        with pytest.raises(BusyError):
            Listener(first.redirect_uri, Clock())
        with Listener(ANY, Clock()) as second, ThreadPoolExecutor() as pool:
            codes = [
                pool.submit(each.wait, Expected("/auth", state), Deadline(300, Clock()))
                for each, state in ((first, "one"), (second, "two"))
            ]
            assert b"400" in say(first, RIGHT.replace(b"state=state", b"state=two"))
            for each, state in ((first, b"one"), (second, b"two")):
                pool.submit(say, each, RIGHT.replace(b"state=state", b"state=" + state).replace(b"the-code", state))
            assert [code.result(30) for code in codes] == ["one", "two"]
            first.finish(done=True)
            second.finish(done=True)


def lacking(*gone: str, error: int = errno.EADDRNOTAVAIL) -> Callable[[str, int], socket.socket]:
    """A machine without these addresses."""

    def opened(address: str, port: int) -> socket.socket:
        if address in gone:
            raise OSError(error, "")
        return open_socket(address, port)

    return opened


@pytest.mark.parametrize("only", ["127.0.0.1", "::1"])
def test_one_of_the_two_addresses_is_enough(only: str) -> None:
    gone = {"127.0.0.1": "::1", "::1": "127.0.0.1"}[only]
    with ThreadPoolExecutor() as pool, Listener(ANY, Clock(), open_socket=lacking(gone)) as listener:
        page = pool.submit(say, listener, RIGHT, only)
        assert listener.wait(EXPECTED, Deadline(300, Clock())) == "the-code"
        listener.finish(done=True)
        assert page.result(30)


def test_a_machine_with_neither_is_told_the_other_way() -> None:
    with pytest.raises(UnsupportedError, match="--no-browser"):
        Listener(ANY, Clock(), open_socket=lacking("127.0.0.1", "::1", error=errno.EAFNOSUPPORT))


def test_a_port_that_only_root_may_take() -> None:
    with pytest.raises(InvalidRequestError, match=r"may not listen on port 80 .* above 1023"):
        Listener("http://localhost/auth", Clock(), open_socket=lacking("127.0.0.1", error=errno.EACCES))


def test_a_free_port_is_the_same_on_both_addresses() -> None:
    """If the other address has it taken, another one is looked for."""
    refused: list[int] = []

    def unlucky(address: str, port: int) -> socket.socket:
        if address == "::1" and len(refused) < 3:
            refused.append(port)
            raise OSError(errno.EADDRINUSE, "")
        return open_socket(address, port)

    with Listener(ANY, Clock(), open_socket=unlucky) as listener:
        assert port_of(listener) > 0
    assert len(refused) == 3


@pytest.mark.parametrize(("host", "other"), [("127.0.0.1", "::1"), ("[::1]", "127.0.0.1")])
def test_an_address_is_listened_on_alone(host: str, other: str) -> None:
    port = free_port()
    with Listener(f"http://{host}:{port}/a", Clock()) as listener:
        socket.create_connection((host.strip("[]"), port), 5).close()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((other, port), 5)
    assert listener.redirect_uri == f"http://{host}:{port}/a"


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_a_free_port_of_one_address_is_told(host: str) -> None:
    with Listener(f"http://{host}:0/a", Clock()) as listener:
        assert listener.redirect_uri == f"http://{host}:{port_of(listener)}/a"
        assert port_of(listener) > 0


@pytest.mark.parametrize(
    "uri",
    [
        "https://localhost:8844/auth",
        "http://vc.example.com:8844/auth",
        "http://localhost:8844/auth?x=1",
        "http://localhost:8844/auth#x",
        "http://me@localhost:8844/auth",
        "http://localhost:99999/auth",
        "http://0.0.0.0:8844/auth",
        "http://[::]:8844/auth",
        "localhost:8844",
        "http://localhost:8844/a b",
        "",
    ],
)
def test_a_redirect_uri_leads_to_this_machine(uri: str) -> None:
    with pytest.raises(InvalidRequestError, match="write http://localhost:PORT/PATH"):
        Listener(uri, Clock())
