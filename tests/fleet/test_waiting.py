"""To wait for a document to change costs nothing, ends as soon as it does, and misses no change."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from fleet.kinds import KEEP, RACES, WAITERS, Kind, engine_at, new_name
from fleet.proxy import proxy_to
from fleet.servers import ADMIN, PASSWORDS, RedisServer, redis_server
from vsphere_session.clock import Clock
from vsphere_session.fleet.engine import DownError
from vsphere_session.fleet.of_redis import RedisEngine

LONG = 20.0


def test_a_wait_ends_at_once_where_another_version_is_there(kind: Kind) -> None:
    """Also where a document was made, or is gone."""
    name = new_name()
    with kind.engine() as engine:
        first = engine.put(name, b"", b"1", KEEP)
        second = engine.put(name, first.version, b"2", KEEP)
        assert engine.wait(name, b"", LONG)
        assert engine.wait(name, first.version, LONG)
        assert engine.wait(new_name(), second.version, LONG)


def test_a_wait_ends_without_a_change_when_its_time_is_over(kind: Kind) -> None:
    """And the engine can be asked as before."""
    name = new_name()
    with kind.engine() as engine:
        assert not engine.wait(name, b"", 0.1)
        version = engine.put(name, b"", b"1", KEEP).version
        assert not engine.wait(name, version, 0.1)
        assert not engine.wait(name, version, 0.0)
        assert engine.get(name).version == version


def test_a_wait_for_what_is_not_there_ends_when_it_is_made(kind: Kind) -> None:
    name = new_name()
    with kind.engine() as engine, kind.engine() as other, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(engine.wait, name, b"", LONG)
        other.put(name, b"", b"1", KEEP)
        assert waiting.result()


def test_no_change_is_missed_however_it_falls_together_with_the_wait(kind: Kind) -> None:
    """One waits for what the other writes, turn by turn; a wait that missed it would end without a change."""
    name = new_name()
    races = RACES if kind.name != "etcd" else RACES // 10
    begin = Barrier(2)
    with kind.engine() as waiter, kind.engine() as writer, ThreadPoolExecutor(1) as pool:
        version = writer.put(name, b"", b"0", KEEP).version

        def wait(before: bytes) -> bool:
            begin.wait()
            return waiter.wait(name, before, LONG)

        for number in range(races):
            waiting = pool.submit(wait, version)
            begin.wait()
            version = writer.put(name, version, b"%d" % number, KEEP).version
            assert waiting.result(), number


def test_everybody_who_waits_is_woken_by_one_change(kind: Kind) -> None:
    name = new_name()
    with kind.engine() as writer, ThreadPoolExecutor(WAITERS) as pool:
        version = writer.put(name, b"", b"0", KEEP).version

        def wait(_number: int) -> bool:
            with kind.engine() as engine:
                return engine.wait(name, version, LONG)

        waiting = pool.map(wait, range(WAITERS))
        writer.put(name, version, b"1", KEEP)
        assert list(waiting) == [True] * WAITERS


def test_waiting_costs_the_engine_three_commands_however_long_it_is(alone: RedisServer) -> None:
    """To log in, to look and to wait."""
    name = new_name()

    def wait(_number: int) -> bool:
        engine = engine_at(alone)
        changed = engine.wait(name, b"", 1.0)
        engine.close()
        return changed

    before = alone.commands()
    with ThreadPoolExecutor(WAITERS) as pool:
        assert list(pool.map(wait, range(WAITERS))) == [False] * WAITERS
    assert alone.commands() - before - 2 <= 3 * WAITERS  # counting them is two: AUTH and INFO


@pytest.mark.parametrize("how", ["killed", "cut off"])
def test_a_wait_ends_when_the_engine_goes_away(alone: RedisServer, how: str) -> None:
    """With an error, not with an answer."""
    name = new_name()
    with proxy_to(alone.port) as proxy, ThreadPoolExecutor(1) as pool:
        engine = engine_at(alone, port=proxy.port)
        waiting = pool.submit(engine.wait, name, b"", LONG)
        _until_somebody_waits(alone)
        alone.end() if how == "killed" else proxy.close()
        with pytest.raises(DownError):
            waiting.result()
        engine.close()


def test_a_wait_survives_one_broken_connection(alone: RedisServer) -> None:
    """An engine that was restarted, or a load balancer that ends what is idle, costs a new connection and no more."""
    name = new_name()
    with ThreadPoolExecutor(1) as pool:
        engine, other = engine_at(alone), engine_at(alone)
        version = engine.put(name, b"", b"1", KEEP).version
        waiting = pool.submit(engine.wait, name, version, LONG)
        _until_somebody_waits(alone)
        with alone.administrator() as client:
            client.execute_command("CLIENT", "KILL", "USER", "ci-runner")
        other.put(name, version, b"2", KEEP)
        assert waiting.result()
        engine.close()
        other.close()


def _until_somebody_waits(server: RedisServer) -> None:
    with server.administrator() as client:
        while not client.info("clients")["blocked_clients"]:
            pass


class Recorded(Clock):
    """Does not wait, and remembers for how long it was to."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def monotonic(self) -> float:
        """As if it had waited."""
        return time.monotonic() + sum(self.slept)

    def sleep(self, seconds: float) -> None:
        """Not at all."""
        self.slept.append(seconds)


def test_where_blocking_is_refused_it_looks_again_and_again() -> None:
    """Less and less often, from a fifth of a second to two, and each runner at moments of its own."""
    name = new_name()
    clock = Recorded()
    with redis_server(tls=False, options="rename-command XREAD ''") as server:
        engine = RedisEngine(
            f"unix://{ADMIN}@{server.socket}", password=PASSWORDS[ADMIN], tls=None, remaining=lambda: 100.0, clock=clock
        )
        assert not engine.wait(name, b"", LONG)
        assert sum(clock.slept) <= LONG
        assert 0.1 <= clock.slept[0] <= 0.2
        assert all(0.1 <= slept <= 2 for slept in clock.slept[:-1])
        assert max(clock.slept) >= 1
        version = engine.put(name, b"", b"1", KEEP).version
        assert engine.wait(name, b"", LONG)
        assert not engine.wait(name, version, 1.0)
        engine.close()


def test_where_the_engine_has_too_many_connections_it_waits_for_one(alone: RedisServer) -> None:
    """And says so, where none comes free in time."""
    name = new_name()
    clock = Recorded()
    with alone.administrator() as client:
        client.config_set("maxclients", 1)
        engine = RedisEngine(
            alone.url("ci-runner"), password=PASSWORDS["ci-runner"], tls=None, remaining=lambda: 100.0, clock=clock
        )
        for ask in (
            lambda: engine.get(name),
            lambda: engine.put(name, b"", b"1", KEEP),
            lambda: engine.wait(name, b"", LONG),
        ):
            clock.slept.clear()
            with pytest.raises(DownError, match="as many connections as it takes"):
                ask()
            assert len(clock.slept) > 2
        client.config_set("maxclients", 100)
        assert engine.put(name, b"", b"1", KEEP).version
        engine.close()
