"""Runners of a fleet: each with a home and a clock of its own, as a container has them, and one vCenter that counts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import simulated_vcenter
from fleet.sharing.scripted import Door, Store
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER
from vsphere_session.cache.clients import RestClient, SoapClient, WireClient
from vsphere_session.cache.session import Session
from vsphere_session.clock import Clock
from vsphere_session.fleet.fleet import Fleet
from vsphere_session.fleet.keys import Keys, new_key

KEY = new_key("2026-11")
NAMESPACE = "vs:ci"


class Time(Clock):
    """A runner's clock: the vCenter's, which stands still, but for so many seconds."""

    def __init__(self, clock: simulated_vcenter.Clock, ahead: float = 0.0) -> None:
        self._clock = clock
        self._ahead = ahead

    def now(self) -> float:
        """Its idea of the time."""
        return self._clock.now() + self._ahead

    def sleep(self, seconds: float) -> None:
        """Nobody waits for what is away: that is one look after the other."""


class Runner:
    """One machine: `session` begins a call on it, as a process would.

    door      its way to the engine
    password  what it logs in with; None for a runner that has none
    ahead     by how many seconds its clock is
    """

    def __init__(
        self,
        vcenter: SimulatedVCenter,
        store: Store,
        home: Path,
        *,
        password: str | None = PASSWORD,
        ahead: float = 0.0,
        key: str = KEY,
        engine_down: str = "refuse",
    ) -> None:
        home.mkdir(mode=0o700, exist_ok=True)
        self.vcenter = vcenter
        self.door = Door(store)
        self.home = home
        self.password = password
        self.clock = Time(vcenter.clock, ahead)
        self.key = key
        self.engine_down = engine_down
        self.namespace = NAMESPACE
        self.verify_pulled = False
        self.sessions = 1
        self.machine = home.name

    def fleet(self) -> Fleet:
        """As this runner is configured."""
        return Fleet(
            lambda _: self.door,
            lambda _: Keys.of_text(self.key),
            namespace=self.namespace,
            host="engine.example.com",
            engine_down=self.engine_down,
            login_spread=0.0,
            verify_pulled=self.verify_pulled,
            sessions=self.sessions,
            machine=self.machine,
        )

    def session(self, **terms: object) -> Session:
        """A call that begins now."""
        return Session(
            f"https://{USER}@{self.vcenter.authority}/sdk",
            **{  # type: ignore[arg-type]
                "ca_file": str(self.vcenter.ca_file),
                "password": lambda: self.password,
                "environ": {"HOME": str(self.home)},
                "clock": self.clock,
                "fleet": self.fleet,
                **terms,
            },
        )

    def get(self, kinds: str = "soap rest", **terms: object) -> list[str]:
        """The ids of a session of each kind, as `get` hands them out."""
        session = self.session(**terms)
        session.begin()
        try:
            clients: list[WireClient] = [SoapClient() if kind == "soap" else RestClient() for kind in kinds.split()]
            for client in clients:
                session.login(client)
            return [client.session_id for client in clients]
        finally:
            session.close()

    def erase(self) -> list[bool]:
        """End both sessions, as `erase` does."""
        session = self.session()
        return [session.erase(client) for client in (SoapClient(), RestClient())]


def crowd(runners: Iterable[Runner], call: Callable[[Runner], object] = Runner.get) -> list[object]:
    """What each of them is answered that calls at the same time as the others; an error is an answer."""
    answers: list[object] = []

    def run(runner: Runner) -> None:
        try:
            answers.append(call(runner))
        except Exception as error:  # noqa: BLE001  # judged by the test
            answers.append(error)

    threads = [threading.Thread(target=run, args=(runner,)) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def crowd_that_has_looked(runners: list[Runner], call: Callable[[Runner], object]) -> list[object]:
    """The same, where nobody writes before all have seen what there was."""
    have_looked = threading.Barrier(len(runners), timeout=60)

    def begin_together(runner: Runner) -> object:
        def before(method: str, _: int) -> None:
            if method == "put":
                runner.door.before = lambda *_: None
                have_looked.wait()

        runner.door.before = before
        return call(runner)

    return crowd(runners, begin_together)


def farm(vcenter: SimulatedVCenter, place: Path, count: int, store: Store, **terms: object) -> list[Runner]:
    """So many runners, each with an empty home."""
    return [Runner(vcenter, store, place / f"runner{number}", **terms) for number in range(count)]  # type: ignore[arg-type]
