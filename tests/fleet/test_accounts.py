"""Who may do what, over which way: an account is held to its namespace, and nothing is said to a stranger."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator

import pytest
import trustme

from fleet.canned import canned
from fleet.kinds import KEEP, TIME, Kind, engine_at, new_name
from fleet.servers import NAMESPACE, PASSWORDS, READER, RUNNER, RedisServer
from vsphere_session.errors import InvalidRequestError
from vsphere_session.fleet.engine import DeniedError, DownError
from vsphere_session.fleet.of_redis import RedisEngine


def test_a_reader_gets_and_waits_and_puts_nothing(kind: Kind) -> None:
    """Whatever it gives as the version."""
    name = new_name()
    with kind.engine() as engine:
        put = engine.put(name, b"", b"1", KEEP)
        if kind.make_reader is None:
            return
        reader = kind.make_reader()
        assert reader.get(name).version == put.version
        assert reader.wait(name, b"", 1.0)
        assert not reader.wait(name, put.version, 0.1)
        for version in (b"", put.version, b"1-1"):
            with pytest.raises(DeniedError):
                reader.put(name, version, b"2", KEEP)
        assert engine.get(name).data == b"1"
        reader.close()


@pytest.mark.parametrize("name", ["other", "vs:cj:1", "vs:ci", "vs:CI:1", " vs:ci:1", ""])
def test_names_outside_the_namespace_are_denied(redis_with_accounts: RedisServer, name: str) -> None:
    """And what is there stays as it is."""
    with contextlib.closing(engine_at(redis_with_accounts)) as engine:
        for ask in (
            lambda: engine.get(name),
            lambda: engine.put(name, b"", b"1", KEEP),
            lambda: engine.wait(name, b"", 0.1),
        ):
            with pytest.raises(DeniedError):
                ask()
    with redis_with_accounts.administrator() as client:
        assert not client.exists(name)


def test_an_account_that_may_not_set_an_end_writes_nothing(alone: RedisServer) -> None:
    """A right that is missing is found before anything is there, not after."""
    for right in ("pexpire", "xadd", "xrevrange", "time"):
        name = new_name()
        with alone.administrator() as client, contextlib.closing(engine_at(alone)) as engine:
            client.execute_command("ACL", "SETUSER", RUNNER, f"-{right}")
            with pytest.raises(DeniedError):
                engine.put(name, b"", b"1", KEEP)
            assert not client.exists(name)
            client.execute_command("ACL", "SETUSER", RUNNER, f"+{right}")


@pytest.mark.parametrize("password", ["", "wrong", PASSWORDS[READER]])
def test_a_wrong_password_is_denied(redis_with_accounts: RedisServer, password: str) -> None:
    """The message has the account, and no password."""
    engine = RedisEngine(
        redis_with_accounts.url(RUNNER), password=password, tls=redis_with_accounts.context, remaining=lambda: TIME
    )
    with contextlib.closing(engine), pytest.raises(DeniedError, match=RUNNER) as raised:
        engine.put(new_name(), b"", b"1", KEEP)
    assert not password or password not in str(raised.value)


def test_without_an_account_it_is_the_default_one(redis_with_accounts: RedisServer) -> None:
    """Which is off here."""
    engine = RedisEngine(redis_with_accounts.url(), tls=redis_with_accounts.context, remaining=lambda: TIME)
    with contextlib.closing(engine), pytest.raises(DeniedError, match="its default user"):
        engine.get(new_name())


def test_a_server_of_another_authority_is_told_nothing(redis_with_accounts: RedisServer) -> None:
    """No password and no document."""
    stranger = ssl.create_default_context()
    trustme.CA().configure_trust(stranger)
    engine = RedisEngine(redis_with_accounts.url(RUNNER), password="secret", tls=stranger, remaining=lambda: TIME)
    with contextlib.closing(engine), pytest.raises(DownError, match="not trusted"):
        engine.put(new_name(), b"", b"1", KEEP)


def test_a_server_by_another_name_is_told_nothing(redis_with_accounts: RedisServer) -> None:
    """Its certificate is for the name in the url."""
    url = redis_with_accounts.url(RUNNER).replace("127.0.0.1", "127.0.0.2")
    engine = RedisEngine(url, password="secret", tls=redis_with_accounts.context, remaining=lambda: TIME)
    with contextlib.closing(engine), pytest.raises(DownError):
        engine.get(new_name())
    url = redis_with_accounts.url(RUNNER).replace("127.0.0.1", "localhost")
    engine = RedisEngine(url, password=PASSWORDS[RUNNER], tls=redis_with_accounts.context, remaining=lambda: TIME)
    with contextlib.closing(engine):
        assert engine.get(new_name()).version == b""


def test_where_tls_is_wanted_a_server_in_clear_hears_no_password() -> None:
    with canned(b"+OK\r\n") as server:
        engine = RedisEngine(
            f"rediss://{RUNNER}@127.0.0.1:{server.port}/",
            password="secret-password",
            tls=ssl.create_default_context(),
            remaining=lambda: TIME,
        )
        with contextlib.closing(engine), pytest.raises(DownError, match="TLS"):
            engine.get(new_name())
        assert b"secret-password" not in b"".join(server.asked)


def test_a_unix_socket_needs_no_tls(redis_with_accounts: RedisServer) -> None:
    """As nobody else listens there."""
    url = f"unix://{RUNNER}@{redis_with_accounts.socket}"
    name = new_name()
    with contextlib.closing(RedisEngine(url, password=PASSWORDS[RUNNER], tls=None, remaining=lambda: TIME)) as engine:
        engine.put(name, b"", b"1", KEEP)
        assert engine.get(name).data == b"1"
    nobody = RedisEngine(f"{url}x", password=PASSWORDS[RUNNER], tls=None, remaining=lambda: TIME)
    with contextlib.closing(nobody), pytest.raises(DownError):
        nobody.get(name)


@pytest.mark.parametrize(
    "host", ["cache.example.com", "10.0.0.1", "[2001:db8::1]", "localhost.example.com", "127.0.0.1.example.com"]
)
def test_clear_text_to_another_machine_has_to_be_allowed(host: str) -> None:
    with pytest.raises(InvalidRequestError, match="clear text"):
        RedisEngine(f"redis://{host}:6379/", tls=None, remaining=lambda: TIME)
    assert host.strip("[]") in repr(RedisEngine(f"redis://{host}/", tls=None, remaining=lambda: TIME, allow_clear=True))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]", "LOCALHOST"])
def test_clear_text_on_this_machine_is_allowed(host: str) -> None:
    RedisEngine(f"redis://{host}/", tls=None, remaining=lambda: TIME)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "cache.example.com",
        "https://cache.example.com/",
        "rediss://",
        "rediss:///",
        "rediss://user:hunter2@cache.example.com/",
        "rediss://:hunter2@cache.example.com/",
        "rediss://cache.example.com/1",
        "rediss://cache.example.com/?ssl_cert_reqs=none",
        "rediss://cache.example.com/#hunter2",
        "rediss://cache.example.com:port/",
        "rediss://cache.example.com:99999/",
        "rediss://a b/",
        "unix://",
        "unix://relative",
        "unix://user:hunter2@/socket",
        "unix:///a%00b",
    ],
)
def test_a_url_that_names_no_engine_is_refused(url: str) -> None:
    """In words that repeat nothing of it, as a password may be in it."""
    with pytest.raises(InvalidRequestError) as raised:
        RedisEngine(url, tls=ssl.create_default_context(), remaining=lambda: TIME)
    assert "hunter2" not in str(raised.value)
    assert "the fleet's engine" in str(raised.value)


def test_tls_without_somebody_to_trust_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="trust"):
        RedisEngine("rediss://cache.example.com/", tls=None, remaining=lambda: TIME)


def test_a_certificate_that_is_over_is_refused() -> None:
    """As everywhere."""
    authority = trustme.CA()
    over = authority.issue_cert("127.0.0.1", not_after=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    over.configure_cert(serving)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with tls_server(serving) as port:
        engine = RedisEngine(f"rediss://127.0.0.1:{port}/", tls=trusting, remaining=lambda: TIME)
        with contextlib.closing(engine), pytest.raises(DownError, match="expired"):
            engine.get(NAMESPACE)


@contextlib.contextmanager
def tls_server(context: ssl.SSLContext) -> Iterator[int]:
    """A server that shakes hands once; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                context.wrap_socket(listener.accept()[0], server_side=True).close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()
