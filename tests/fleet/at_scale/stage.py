"""What a scene plays on: one real engine, one vCenter that counts, runners with empty homes, and the time that goes by."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from fleet.at_scale.crowd import Call, Crowd, Going
from fleet.at_scale.documents import aged, digests_in, is_account
from fleet.at_scale.runner import PATIENCE_SECONDS, ScaledRunner, Waiting, Way
from fleet.servers import PASSWORDS, RUNNER, RedisServer, redis_server, valkey_server
from simulated_vcenter import SimulatedVCenter
from support.counting import all_ids
from support.program import PASSWORD, USER
from vsphere_session.cache.fleet_place import FleetPlace
from vsphere_session.clock import Clock, Deadline
from vsphere_session.digest import session_digest
from vsphere_session.fleet import document as documents

NAMESPACE = "vs:ci:scale"
SESSION_LIMIT = 550
"""A vCenter's own, per user."""
USERS = 24
KEEP_MS = 26 * 3600 * 1000
REDIS, VALKEY = "Redis, TLS, ACL", "Valkey"


class Stage:
    """`count` runners are a scene's size; `engine` is which one it is."""

    def __init__(self, name: str, server: RedisServer, vcenter: SimulatedVCenter, place: Path) -> None:
        self.name = name
        self.server = server
        self.vcenter = vcenter
        self.place = place
        self.waiting = Waiting()
        self._numbers = itertools.count()

    @property
    def engine_ca(self) -> str:
        """The file with the authority of the engine's certificate."""
        return str(self.server.socket.parent / "authority.pem")

    # ---- runners

    def way(self, port: int = 0) -> Way:
        """To the engine, or to a proxy at that port."""
        server = self.server
        scheme, user = (
            ("rediss", f"{RUNNER}@") if server.tls_port else ("redis", f"{RUNNER}@" if server.accounts else "")
        )
        return Way(
            f"{scheme}://{user}127.0.0.1:{port or server.tls_port or server.port}/",
            PASSWORDS[RUNNER] if server.accounts else "",
            server.context if server.tls_port else None,
        )

    def runners(self, count: int, way: Way | None = None, **terms: Any) -> list[ScaledRunner]:
        """So many with empty homes."""
        place, way = self.place / f"homes{next(self._numbers)}", way or self.way()
        return [
            ScaledRunner(self.vcenter, way, place / str(number), NAMESPACE, self.waiting, **terms)
            for number in range(count)
        ]

    def let_go(self, runners: list[ScaledRunner], call: Call = ScaledRunner.get) -> Crowd:
        """All at one moment: they wait for somebody who has the lease, and who gives it back when all of them have come."""
        with self.held(runners[0]):
            going = Going(runners, call)
            self.waiting.until(len(runners))
            came = Clock().monotonic()
        return going.join().since(came)

    @contextmanager
    def held(self, like: ScaledRunner) -> Iterator[None]:
        """The lease of the place of this runner is somebody's within the block, for a minute at most."""
        engine = like.fleet().open(Deadline(PATIENCE_SECONDS, Clock()), str(like.home), Clock())
        place = FleetPlace(engine, like.session().endpoint(), insecure=False, who="the start")
        try:
            assert place.take("login")
            lease = place.lease
            assert lease is not None
            longest = documents.MAX_LEASE_SECONDS
            assert place.place.change(
                lambda document, now: (documents.renew(document, now, lease, longest) or (None,))[0]
            )
            yield
            place.release()
        finally:
            engine.close()

    # ---- time

    def later(self, seconds: float) -> None:
        """So many seconds go by for the vCenter, each runner, and what the engine has, while nobody changes that."""
        self.vcenter.clock.advance(seconds)
        self.put({name: aged(data, seconds) for name, data in self.documents().items()})

    # ---- what is where

    def known(self) -> set[str]:
        """The digests of all sessions that a document has, or a file of any runner."""
        found = [digests_in(data) for data in self.documents().values() if not is_account(data)]
        return set().union(*found) | {session_digest(each) for each in all_ids(self.place)}

    def unknown(self) -> set[str]:
        """The digests of sessions on the server that nobody knows any more."""
        return {session_digest(each.id) for each in self.vcenter.sessions} - self.known()

    def documents(self) -> dict[bytes, bytes]:
        """All that the engine has, by name."""
        with self.server.administrator() as client:
            names = sorted(client.scan_iter(match=f"{NAMESPACE}*", _type="stream"))
            found = [(name, client.xrevrange(name, count=1)) for name in names]
        return {name: entries[0][1][b"d"] for name, entries in found if entries}

    def put(self, documents: Mapping[bytes, bytes]) -> None:
        """Put these in place of what the engine has."""
        with self.server.administrator() as client:
            for name, data in documents.items():
                client.xadd(name, {"d": data}, maxlen=1, approximate=False)
                client.pexpire(name, KEEP_MS)


@contextmanager
def stage(engine: str, options: str = "", **terms: Any) -> Iterator[Stage]:
    """A new engine, a new vCenter, and nobody there yet."""
    users = {USER: PASSWORD, **{user(number): PASSWORD for number in range(USERS)}}
    with ExitStack() as stack:
        server = stack.enter_context(
            redis_server(options=options) if engine == REDIS else valkey_server(options=options)
        )
        vcenter = stack.enter_context(SimulatedVCenter(users, session_limit=SESSION_LIMIT, **terms))
        place = Path(tempfile.mkdtemp(prefix="homes-", dir=_memory()))
        stack.callback(shutil.rmtree, place, ignore_errors=True)
        yield Stage(engine, server, vcenter, place)


def user(number: int) -> str:
    """One of the vCenter's users, who each have a document of their own."""
    return f"robot{number}@vsphere.local"


def _memory() -> str | None:
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30 else None
