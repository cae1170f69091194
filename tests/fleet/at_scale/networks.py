"""Scenes of the way to the engine: some are cut off, or it is slow."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from fleet.at_scale.crowd import together
from fleet.at_scale.figures import Measured, Row
from fleet.at_scale.stage import stage
from fleet.proxy import Mode, Proxy, proxy_to

_AFTER_TRUST_SECONDS = 61.0
_DELAY_SECONDS = 0.1
_LOST = 0.01


def refused(engine: str, size: int) -> Iterator[Row]:
    """A third does not reach the engine, and may not log in without it: no stampede, and all is well when it is back."""
    with stage(engine) as here, proxy_to(here.server.tls_port or here.server.port) as proxy:
        third = size // 3
        reached, cut = here.runners(size - third), here.runners(third, here.way(proxy.port))
        proxy.mode = Mode.CUT
        measured = Measured(here)
        crowd = together(reached + cut)
        assert crowd.errors == {"storage": third}, crowd.errors
        assert len(crowd.ids) == 1
        assert measured.logins() == 2
        yield measured.row('11 a third is cut off, engine_down = "refuse"', crowd)

        proxy.mode = Mode.PASS
        here.later(_AFTER_TRUST_SECONDS)
        measured = Measured(here)
        crowd = together(cut)
        crowd.all_shared()
        assert measured.logins() == 0
        yield measured.row("11 it is back for them", crowd)


def alone(engine: str, size: int) -> Iterator[Row]:
    """A third does not reach the engine, and logs in by itself: one session each, which end when it is back."""
    with stage(engine) as here, proxy_to(here.server.tls_port or here.server.port) as proxy:
        cut = here.runners(size // 15, here.way(proxy.port), engine_down="login")
        reached = here.runners(2 * len(cut), engine_down="login")
        proxy.mode = Mode.CUT
        measured = Measured(here)
        crowd = together(reached + cut)
        crowd.all_good()
        assert measured.logins() == 2 + 2 * len(cut)
        yield measured.row('11 a third is cut off, engine_down = "login"', crowd)

        proxy.mode = Mode.PASS
        here.later(_AFTER_TRUST_SECONDS)
        measured = Measured(here)
        crowd = together(reached + cut)
        crowd.all_shared()
        assert measured.logins() == 0
        assert here.vcenter.session_count == 2, "their own ones have ended"
        yield measured.row("11 it is back for them, whose own sessions end", crowd)


def slow(engine: str, size: int) -> Iterator[Row]:
    """Each answer takes a tenth of a second, and of a hundred one is a broken connection."""
    with stage(engine) as here, _slow_proxy(here.server.tls_port or here.server.port) as proxy:
        measured = Measured(here)
        crowd = together(here.runners(size // 10, here.way(proxy.port)))
        assert set(crowd.errors) <= {"storage"}, crowd.errors
        assert len(crowd.ids) == 1
        assert measured.logins() <= 4
        yield measured.row(
            "12 answers take 100 ms, 1 % of them break",
            crowd,
            explained=2,
            note="the connection broke at the bad moment",
        )


class _SlowProxy(Proxy):
    def __init__(self, target: int) -> None:
        super().__init__(target)
        self.mode, self.delay = Mode.DELAY, _DELAY_SECONDS
        self._chance = random.Random(12)

    def _pass_on(self, client: socket.socket, data: bytes) -> None:
        if self._chance.random() < _LOST:
            raise ConnectionResetError
        super()._pass_on(client, data)


@contextmanager
def _slow_proxy(port: int) -> Iterator[Proxy]:
    proxy = _SlowProxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
