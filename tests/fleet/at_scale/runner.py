"""A runner at scale: an empty home, a clock and a connection to the real engine of its own, and the real `Session`."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fleet.sharing.runners import KEY, Time
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER
from vsphere_session.cache.clients import RestClient, SoapClient, WireClient
from vsphere_session.cache.session import Session
from vsphere_session.clock import Clock, Deadline
from vsphere_session.fleet.engine import Engine, Facts, Seen
from vsphere_session.fleet.fleet import Fleet
from vsphere_session.fleet.keys import Keys
from vsphere_session.fleet.of_redis import RedisEngine

AT_ONCE = 8
"""So many runners compute at the same time: each is a machine of its own, and all of them have the cores of this one."""
PATIENCE_SECONDS = 150.0
"""For one call: a thousand machines come by turns here."""
_turns = threading.BoundedSemaphore(AT_ONCE)


class Waiting:
    """How many runners wait for the one who logs in."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    @contextmanager
    def one(self) -> Iterator[None]:
        """One more, within the block."""
        self._add(1)
        try:
            yield
        finally:
            self._add(-1)

    def until(self, count: int, seconds: float = PATIENCE_SECONDS) -> None:
        """Return when so many wait. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._count >= count, seconds):
                raise TimeoutError(f"{self._count} runners wait, not {count}")

    def _add(self, number: int) -> None:
        with self._changed:
            self._count += number
            self._changed.notify_all()


class _Time(Time):
    """It waits as a machine does."""

    def sleep(self, seconds: float) -> None:
        """Wait."""
        Clock().sleep(seconds)


@dataclass
class Way:
    """How runners come to an engine: where a proxy is in between, `url` is the proxy's."""

    url: str
    password: str = ""
    context: ssl.SSLContext | None = None


@dataclass
class ScaledRunner:
    """One machine.

    user      who logs in at the vCenter
    ahead     seconds by which its clock is
    shares    whether it knows of the fleet at all
    before    called with each method of the engine before it is carried out, while the runner has its turn
    """

    vcenter: SimulatedVCenter
    way: Way
    home: Path
    namespace: str
    waiting: Waiting
    user: str = USER
    password: str | None = PASSWORD
    ahead: float = 0.0
    key: str = KEY
    engine_down: str = "refuse"
    shares: bool = True
    before: Callable[[str], None] = field(default=lambda _: None)

    def __post_init__(self) -> None:
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)

    def fleet(self) -> Fleet:
        """As this runner is configured."""
        return Fleet(
            self._connect,
            lambda _: Keys.of_text(self.key),
            namespace=self.namespace,
            host="engine.example.com",
            engine_down=self.engine_down,
            login_spread=0.0,
        )

    def session(self, **terms: Any) -> Session:
        """A call that begins now."""
        usual: dict[str, Any] = {
            "ca_file": str(self.vcenter.ca_file),
            "password": lambda: self.password,
            "environ": {"HOME": str(self.home)},
            "clock": _Time(self.vcenter.clock, self.ahead),
            "fleet": self.fleet if self.shares else None,
            "timeout": PATIENCE_SECONDS,
        }
        return Session(f"https://{self.user}@{self.vcenter.authority}/sdk", **{**usual, **terms})

    def get(self, **terms: Any) -> tuple[str, ...]:
        """The ids of a session of each kind, as `get` hands them out."""
        session = self.session(**terms)
        session.begin()
        try:
            clients: list[WireClient] = [SoapClient(), RestClient()]
            for client in clients:
                session.login(client)
            return tuple(client.session_id for client in clients)
        finally:
            session.close()

    def reauth(self) -> tuple[str, ...]:
        """Other ones than those that are there."""
        return self.get(reauth=True)

    def erase(self) -> tuple[str, ...]:
        """End both sessions, as `erase` does."""
        session = self.session()
        for client in (SoapClient(), RestClient()):
            session.erase(client)
        return ()

    def _connect(self, deadline: Deadline) -> Engine:
        engine = RedisEngine(
            self.way.url, password=self.way.password, tls=self.way.context, remaining=deadline.remaining
        )
        return _Door(self, engine)


@contextmanager
def turn() -> Iterator[None]:
    """Compute, as one of few."""
    with _turns:
        yield


class _Door:
    """The way of one call to the engine; who waits there leaves the core to others."""

    def __init__(self, runner: ScaledRunner, engine: RedisEngine) -> None:
        self._runner = runner
        self._engine = engine

    def get(self, name: str) -> Seen:
        """As an engine does."""
        self._runner.before("get")
        return self._engine.get(name)

    def put(self, name: str, version: bytes, data: bytes, keep: float) -> Seen:
        """As an engine does."""
        self._runner.before("put")
        return self._engine.put(name, version, data, keep)

    def wait(self, name: str, version: bytes, seconds: float) -> bool:
        """As an engine does."""
        self._runner.before("wait")
        _turns.release()
        try:
            with self._runner.waiting.one():
                return self._engine.wait(name, version, seconds)
        finally:
            _turns.acquire()

    def about(self) -> Facts:
        """As an engine does."""
        return self._engine.about()

    def close(self) -> None:
        """As an engine does."""
        self._engine.close()
