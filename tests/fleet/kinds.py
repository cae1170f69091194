"""The engines that the suite holds to the same promises, and how much of everything it does."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fleet.in_memory import Memory
from fleet.of_etcd import EtcdEngine
from fleet.servers import NAMESPACE, PASSWORDS, READER, RUNNER, RedisServer, etcd_server, redis_server, valkey_server
from vsphere_session.fleet.engine import Engine
from vsphere_session.fleet.of_redis import RedisEngine

CREATORS = 200
COUNTERS, COUNTS = 8, 25
RACES = 1000
WAITERS = 100
KEEP = 60.0
TIME = 30.0
"""Seconds that a call may still take, where a test does not say how many."""


@dataclass(frozen=True)
class Kind:
    """One of them, running.

    make         a runner's engine, which it closes itself
    make_reader  that of an account that only reads; None where the engine has no accounts
    forget       have it lose everything
    """

    name: str
    make: Callable[[], Engine]
    make_reader: Callable[[], Engine] | None
    forget: Callable[[], None]

    @contextlib.contextmanager
    def engine(self) -> Iterator[Engine]:
        """One for a runner."""
        engine = self.make()
        try:
            yield engine
        finally:
            engine.close()


def engine_at(
    server: RedisServer, user: str | None = None, *, port: int = 0, remaining: float = TIME, seconds: float = TIME
) -> RedisEngine:
    """One for the account; `port` is that of a proxy in front of the server, `seconds` what an answer may take.

    A crowd on a busy machine needs more of them than a runner has by default.
    """
    user = (RUNNER if server.accounts else "") if user is None else user
    url = server.url(user).replace(f":{server.tls_port or server.port}/", f":{port}/") if port else server.url(user)
    return RedisEngine(
        url,
        password=PASSWORDS.get(user, ""),
        tls=server.context,
        remaining=lambda: remaining,
        connect_seconds=seconds,
        answer_seconds=seconds,
    )


def new_name() -> str:
    """One of the fleet's, that nothing is there of."""
    return f"{NAMESPACE}{uuid.uuid4().hex}"


@contextlib.contextmanager
def memory() -> Iterator[Kind]:
    """The one in this process."""
    store = Memory()
    yield Kind("memory", lambda: store.engine(namespace=NAMESPACE), lambda: store.engine(may_write=False), store.forget)


@contextlib.contextmanager
def of_redis() -> Iterator[Kind]:
    """Redis with TLS and accounts."""
    with redis_server() as server:
        yield Kind("redis", lambda: engine_at(server), lambda: engine_at(server, READER), lambda: _flush(server))


@contextlib.contextmanager
def of_valkey() -> Iterator[Kind]:
    """Valkey in clear, without accounts."""
    with valkey_server() as server:
        yield Kind("valkey", lambda: engine_at(server), None, lambda: _flush(server))


@contextlib.contextmanager
def of_etcd() -> Iterator[Kind]:
    """etcd, in clear, without accounts."""
    with etcd_server() as server:
        yield Kind("etcd", lambda: EtcdEngine(server.url, lambda: TIME), None, server.forget)


KINDS = {"memory": memory, "redis": of_redis, "valkey": of_valkey, "etcd": of_etcd}


def _flush(server: RedisServer) -> None:
    with server.administrator() as client:
        client.flushall()
