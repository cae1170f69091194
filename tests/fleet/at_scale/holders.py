"""Scenes of the runner that logs in for all: it is killed, or it sleeps, before each of its writes to the engine.

Each time with a user of its own, so that all of them are over at the same time: a lease takes ten seconds by the engine's clock.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator, Sequence

from fleet.at_scale.crowd import together
from fleet.at_scale.figures import Measured, Row
from fleet.at_scale.runner import ScaledRunner
from fleet.at_scale.stage import Stage, stage
from fleet.at_scale.stopping import Stopping, standing

LONG = 500
"""From so many runners on, every write is tried."""
WRITES = ("the lease", "the account's turn", "the session aside", "the turn's end", "the commit with the lease's end")
"""What a call writes that logs in, for each kind."""


def killed(engine: str, size: int) -> Iterator[Row]:
    """SIGKILL, and its home is gone as a container's: the others log in when its lease is over, and end what it has left."""
    with stage(engine) as here:
        measured = Measured(here)
        stopped = standing(here, writes(size))
        for each in stopped:
            each.end()
            shutil.rmtree(each.home)
        unwritten = here.unknown()
        crowd = together(_others(here, stopped, size))
        crowd.all_good()
        assert len(crowd.ids) == len(stopped), "one answer for each user"
        assert here.unknown() <= unwritten, "only what nobody had written down"
        assert here.vcenter.session_count <= 2 * len(stopped) + len(unwritten)
        yield measured.row(
            f"5 killed before each of {len(stopped)} writes",
            crowd,
            explained=len(unwritten),
            note="killed between the vCenter's answer and the write; idle out",
        )


def paused(engine: str, size: int) -> Iterator[Row]:
    """SIGSTOP until the others have their session: awake again, it uses theirs, and its own is ended."""
    with stage(engine) as here:
        measured = Measured(here)
        stopped = standing(here, writes(size))
        try:
            for each in stopped:
                each.process.send_signal(signal.SIGSTOP)
                each.go_on()
            crowd = together(_others(here, stopped, size))
            for each in stopped:
                each.process.send_signal(signal.SIGCONT)
            crowd.all_good()
            awake = {each.answer() for each in stopped}
            here.later(61)
            after = together([here.runners(1, user=each.user)[0] for each in stopped])
        finally:
            for each in stopped:
                each.end()
        assert after.ids == crowd.ids
        assert awake <= crowd.ids, f"{len(awake - crowd.ids)} use another session"
        assert here.vcenter.session_count == 2 * len(stopped)
        yield measured.row(f"6 asleep past its lease before each of {len(stopped)} writes", crowd)


def writes(size: int) -> Sequence[int]:
    """Of a call that logs in for both kinds, or some of the first."""
    return range(1, 2 * len(WRITES) + 1) if size >= LONG else (2, 3, 4, 5)


def has_lease(write: int) -> bool:
    """Whether a runner has the lease before its n-th write."""
    return (write - 1) % len(WRITES) > 0


def _others(here: Stage, stopped: list[Stopping], size: int) -> list[ScaledRunner]:
    return [runner for each in stopped for runner in here.runners(max(2, size // 2 // len(stopped)), user=each.user)]
