"""Whatever is done to an engine or the way to it: every call ends within its budget, and tells what is known."""

from __future__ import annotations

import pytest

from fleet.kinds import KEEP, engine_at, new_name
from fleet.proxy import Mode, proxy_to
from fleet.servers import RedisServer, redis_server
from vsphere_session.fleet.engine import ConflictError, DownError, UnknownError
from vsphere_session.fleet.of_redis import RedisEngine

FAULTS = [mode for mode in Mode if mode not in (Mode.PASS, Mode.DELAY)]
BUDGET = 1.0
"""Seconds, where a call is meant to use them up."""


@pytest.fixture(params=["in clear", "TLS"])
def server(request: pytest.FixtureRequest, redis_with_accounts: RedisServer) -> RedisServer:
    """Redis, by both ways."""
    return redis_with_accounts if request.param == "TLS" else request.getfixturevalue("in_clear")


@pytest.mark.parametrize("mode", FAULTS, ids=lambda mode: mode.name.lower())
def test_every_call_ends_and_tells_what_is_known(server: RedisServer, mode: Mode) -> None:
    """A read failed, a put is in doubt, and when the way is free again all goes on."""
    name = new_name()
    with proxy_to(server.tls_port or server.port) as proxy:
        engine = engine_at(server, port=proxy.port, seconds=BUDGET)
        version = engine.put(name, b"", b"1", KEEP).version
        proxy.mode = mode
        with pytest.raises(UnknownError):
            engine.put(name, version, b"2", KEEP)
        engine.close()
        proxy.mode = Mode.PASS
        seen = engine.get(name)
        assert seen.data == (b"1" if mode is Mode.BLACKHOLE else b"2")
        for ask in (lambda: engine.get(name), lambda: engine.wait(name, seen.version, 0.1)):
            engine.get(name)
            proxy.mode = mode
            with pytest.raises(DownError):
                ask()
            proxy.mode = Mode.PASS
        assert engine.get(name).data == seen.data
        engine.close()


@pytest.mark.parametrize("mode", FAULTS, ids=lambda mode: mode.name.lower())
def test_a_connection_that_cannot_be_made_leaves_no_doubt(server: RedisServer, mode: Mode) -> None:
    """Nothing was sent, a put neither."""
    name = new_name()
    with proxy_to(server.tls_port or server.port) as proxy:
        proxy.mode = mode
        engine = engine_at(server, port=proxy.port, seconds=BUDGET)
        for ask in (
            lambda: engine.put(name, b"", b"1", KEEP),
            lambda: engine.get(name),
            lambda: engine.wait(name, b"", 0.1),
        ):
            with pytest.raises(DownError):
                ask()
        proxy.mode = Mode.PASS
        assert engine.get(name).version == b""
        engine.close()


def test_a_slow_way_is_slow_and_no_more(server: RedisServer) -> None:
    """For all that is asked, the handshake included."""
    name = new_name()
    with proxy_to(server.tls_port or server.port) as proxy:
        proxy.mode = Mode.DELAY
        engine = engine_at(server, port=proxy.port)
        version = engine.put(name, b"", b"1", KEEP).version
        assert engine.get(name).version == version
        assert not engine.wait(name, version, 0.01)
        engine.close()


def test_an_engine_that_is_stopped_keeps_nobody(alone: RedisServer) -> None:
    """A put that lies in its queue takes effect when it goes on: nobody could know."""
    name = new_name()
    engine, fresh = engine_at(alone, seconds=BUDGET), engine_at(alone, seconds=BUDGET)
    version = engine.put(name, b"", b"1", KEEP).version
    alone.pause()
    with pytest.raises(UnknownError):
        engine.put(name, version, b"2", KEEP)
    with pytest.raises(DownError):
        engine.get(name)
    with pytest.raises(DownError):
        fresh.wait(name, version, 0.1)
    alone.resume()
    assert engine.get(name).data == b"2"
    with pytest.raises(ConflictError):
        engine.put(name, version, b"3", KEEP)
    for one in (engine, fresh):
        one.close()


def test_an_engine_that_is_not_there_is_down(alone: RedisServer) -> None:
    """And is found again when it is back, by the same runner, also for a put."""
    name = new_name()
    engine = engine_at(alone)
    engine.put(name, b"", b"1", KEEP)
    alone.end()
    for ask in (lambda: engine.get(name), lambda: engine.put(name, b"", b"2", KEEP), lambda: engine.wait(name, b"", 1)):
        with pytest.raises(DownError, match="refused"):
            ask()
    alone.start()
    assert engine.put(name, b"", b"2", KEEP).data == b"2"
    engine.close()


def test_a_call_without_time_left_asks_nothing(redis_with_accounts: RedisServer) -> None:
    """The whole call's deadline stands above the engine's budgets."""
    name = new_name()
    engine = engine_at(redis_with_accounts, remaining=0.0)
    for ask in (lambda: engine.get(name), lambda: engine.put(name, b"", b"2", KEEP), lambda: engine.wait(name, b"", 1)):
        with pytest.raises(DownError, match="no time was left"):
            ask()
    assert engine_at(redis_with_accounts).get(name).version == b""


def test_a_child_process_makes_a_connection_of_its_own(
    redis_with_accounts: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that shared one would read each other's answers."""
    engine: RedisEngine = engine_at(redis_with_accounts)
    engine.get(new_name())
    before = engine._wire
    monkeypatch.setattr("os.getpid", lambda: -1)
    engine.get(new_name())
    assert engine._wire is not before
    engine.close()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("replicaof", "127.0.0.1 1"), "READONLY"),
        (("replica-serve-stale-data", "no", "replicaof", "127.0.0.1 1"), "MASTERDOWN"),
        (("min-replicas-to-write", "1"), "NOREPLICAS"),
        (("maxmemory", "1"), "OOM"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_real_engine_that_takes_no_writes_is_down(alone: RedisServer, options: tuple[str, ...], code: str) -> None:
    """And what was there stays."""
    name = new_name()
    engine = engine_at(alone)
    version = engine.put(name, b"", b"1", KEEP).version
    with alone.administrator() as client:
        for option, value in zip(options[::2], options[1::2], strict=True):
            if option == "replicaof":
                client.replicaof(*value.split())
            else:
                client.config_set(option, value)
    with pytest.raises(DownError, match=code):
        engine.put(name, version, b"2", KEEP)
    with alone.administrator() as client:
        if "replicaof" in options:
            client.execute_command("REPLICAOF", "NO", "ONE")
        client.config_set("maxmemory", "0")
    assert engine.get(name).version == version
    engine.close()


def test_a_real_cluster_is_told_to_be_one() -> None:
    """One without its data, here."""
    with redis_server(tls=False, options="cluster-enabled yes") as server:
        engine = engine_at(server)
        with pytest.raises(DownError, match="CLUSTERDOWN"):
            engine.get("vs:ci:1")
        with pytest.raises(DownError, match="CLUSTERDOWN"):
            engine.put("vs:ci:1", b"", b"1", KEEP)
        engine.close()
