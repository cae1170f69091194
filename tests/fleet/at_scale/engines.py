"""Scenes of the engine: it is killed, stands still, is empty, full, or another one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

from fleet.at_scale.crowd import Crowd, Going, together
from fleet.at_scale.figures import Measured, Row, merged
from fleet.at_scale.holders import has_lease, writes
from fleet.at_scale.runner import PATIENCE_SECONDS, ScaledRunner
from fleet.at_scale.stage import stage
from fleet.proxy import proxy_to
from fleet.servers import valkey_server

KEPT = "appendonly yes\nappendfsync always"
_STOPPED_SECONDS = 5.0
_ROOM_BYTES = 16 << 20
"""Enough for the connections of all, which count too."""
_TOLD_AWAY_SECONDS = 11.0
"""After these a machine asks an engine again that was away."""
_AFTER_TRUST_SECONDS = 61.0


def killed(engine: str, size: int) -> Iterator[Row]:
    """SIGKILL and a start at once, before each write of who logs in for all, with its files and without."""
    for options, kept in ((KEPT, "kept its files"), ("", "lost all")):
        with ThreadPoolExecutor(3) as pool:
            rows = list(pool.map(partial(_killed_before, engine, size, options), writes(size)))
        yield merged(f"8 engine killed before each of {len(rows)} writes, started again, {kept}", rows)


def _killed_before(engine: str, size: int, options: str, number: int) -> Row:
    with stage(engine, options) as here:
        first, *others = here.runners(max(3, size // 50))
        reached, is_back = threading.Event(), threading.Event()
        first.before = _once(number, lambda: reached.set() or is_back.wait(PATIENCE_SECONDS))  # type: ignore[func-returns-value]
        measured = Measured(here)
        going = Going([first], ScaledRunner.get)
        assert reached.wait(PATIENCE_SECONDS)
        all_others = Going(others, ScaledRunner.get)
        if has_lease(number):
            here.waiting.until(len(others))
        here.server.end()
        here.server.start()  # not by the runner's thread, with which it would end
        is_back.set()
        crowd = all_others.join() + going.join()
        assert set(crowd.errors) <= {"storage"}, crowd.errors
        here.later(_AFTER_TRUST_SECONDS)
        after = together([first, *others])
        after.all_shared()
        assert measured.logins() <= 4, "one more of each kind"
        assert here.vcenter.session_count <= 4
        return measured.row("", crowd + after, explained=1, note="the engine forgot it")


def stopped(engine: str, size: int) -> Iterator[Row]:
    """SIGSTOP for five seconds: who waits goes on waiting, who comes meanwhile is told within two seconds."""
    with stage(engine) as here:
        waiting, late = here.runners(size // 5), here.runners(8)
        measured = Measured(here)
        with here.held(waiting[0]):
            going = Going(waiting, ScaledRunner.get)
            here.waiting.until(len(waiting))
            here.server.pause()
            over = threading.Timer(_STOPPED_SECONDS, here.server.resume)
            over.start()
            told = together(late)
            over.join()
        crowd = going.join()
        crowd.all_shared()
        assert told.errors == {"storage": len(late)}, told.errors
        here.later(_AFTER_TRUST_SECONDS)
        together(late).all_shared()
        assert measured.logins() == 2
        yield measured.row("9 engine stands still for 5 s", crowd + told)


def failed_over(engine: str, size: int) -> Iterator[Row]:
    """To a replica that has not heard of the login: one more, and what was made before lives with who has it."""
    with ExitStack() as stack:
        here = stack.enter_context(stage(engine))
        primary = here.server
        replica = stack.enter_context(valkey_server(options=f"replicaof 127.0.0.1 {primary.port}"))
        proxy = stack.enter_context(proxy_to(primary.port))
        way, count = here.way(proxy.port), size // 20
        before, measured = here.runners(count, way), Measured(here)
        with replica.administrator() as client:
            client.replicaof("no", "one")
        first = together(before)
        first.all_shared()
        primary.end()
        proxy.target, here.server = replica.port, replica
        here.later(_AFTER_TRUST_SECONDS)
        crowd = together(here.runners(count, way))
        crowd.all_shared()
        again = together(before)
        again.all_shared()
        assert again.ids == crowd.ids
        assert measured.logins() == 4
        assert here.vcenter.session_count == 4, "the first ones live on, and are retired"
        yield measured.row("10 failover to a replica that had heard nothing", first + crowd + again)


def emptied(engine: str, size: int) -> Iterator[Row]:
    """FLUSHALL, and memory that is full: whoever has the session still tells the engine again."""
    with stage(engine) as here:
        runners = here.runners(size // 5)
        together(runners).all_shared()
        with here.server.administrator() as client:
            client.flushall()
        here.later(_AFTER_TRUST_SECONDS)
        measured = Measured(here)
        crowd = here.let_go(runners)
        crowd.all_shared()
        assert measured.logins() == 0
        yield measured.row("17 the engine forgets all while all have the session", crowd)

        measured, rounds = Measured(here), Crowd()
        with here.server.administrator() as client:
            for _ in range(3):
                here.later(_AFTER_TRUST_SECONDS)
                going = Going(runners, ScaledRunner.get)
                client.flushall()
                rounds += going.join()
        rounds.all_good()
        here.later(_AFTER_TRUST_SECONDS)
        together(runners).all_shared()
        assert measured.logins() == 0
        yield measured.row("17 it forgets all three times while all ask", rounds)

        measured = Measured(here)
        with here.server.administrator() as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
            client.config_set("maxmemory", int(client.info("memory")["used_memory"]) + _ROOM_BYTES)
            for number in range(2 * _ROOM_BYTES // 4096):
                client.set(f"other{number}", b"x" * 4096)
            evicted = int(client.info("stats")["evicted_keys"])
        assert evicted
        here.later(_AFTER_TRUST_SECONDS)
        crowd = together(runners)
        crowd.all_good()
        assert measured.logins() == 0
        yield measured.row("17 it evicts what it likes", crowd)


def full(engine: str, size: int) -> Iterator[Row]:
    """No more connections than a fifth of the runners need: who finds none waits, and may be told in the end."""
    with stage(engine) as here:
        runners, measured = here.runners(size // 5), Measured(here)
        with here.server.administrator() as client:
            client.config_set("maxclients", max(12, size // 25))
        crowd = together(runners)
        assert set(crowd.errors) <= {"storage"}, crowd.errors
        assert len(crowd.ids) == 1
        assert measured.logins() == 2
        here.later(_TOLD_AWAY_SECONDS)
        row = measured.row("18 the engine takes a fifth of the connections", crowd)
        with here.server.administrator() as client:
            client.config_set("maxclients", 10_000)
        together(runners).all_shared()
        yield row


def _once(number: int, work: Callable[[], object]) -> Callable[[str], None]:
    """What does the work before the n-th write."""
    left = number

    def before(method: str) -> None:
        nonlocal left
        left -= method == "put"
        if method == "put" and not left:
            work()

    return before
