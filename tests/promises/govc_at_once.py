"""The same for govmomi's cache, with the real govc; the server counts."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random

from peers import Govc, VcSim, build
from promises.operations import PASSWORDS
from simulated_vcenter import SimulatedVCenter, faults
from support.cache_files import session_ids

LOGIN = ["session.login", "-l"]


def logins(number: int) -> int:
    """How many SOAP logins so many `govc session.login` make at once with an empty cache, on govmomi's own simulator."""
    with VcSim() as server, tempfile.TemporaryDirectory(prefix="govc-") as home:
        govc = server.govc(Path(home))
        # some may fail: govmomi's cache is read while it is written (docs/cache.md, row g)
        assert os.EX_OK in _at_once(govc, [LOGIN] * number), "not one govc could log in"
        return server.session_count()


def left_behind(calls: int, seed: int) -> str:
    """What so many calls of govc leave on the simulated vCenter: four at once, with expiry, logouts, 503s, both kinds."""
    rng, fours = Random(seed), calls // 4
    user, password = next(iter(PASSWORDS.items()))
    with SimulatedVCenter(PASSWORDS) as vcenter, tempfile.TemporaryDirectory(prefix="govc-") as directory:
        govc = Govc(Path(directory), vcenter.authority, user, password, ca_file=Path(vcenter.ca_file))
        for _ in range(fours):
            match rng.randrange(4):
                case 0:
                    vcenter.clock.advance(1600.0)
                case 1:
                    vcenter.clock.advance(1900.0)
                case 2:
                    vcenter.faults.add("Login", faults.status(503), times=1)
                case _:
                    _at_once(govc, [["session.logout", "-r"]])
            _at_once(govc, [LOGIN, [*LOGIN, "-r"], LOGIN, rng.choice([LOGIN, ["about", "-persist-session=false"]])])
            vcenter.faults.clear()
        alive = {session.id for session in vcenter.sessions}
        made, files = len(vcenter.logins), session_ids(Path(directory))
    return f"{4 * fours} mixed calls, four at once: {made} logins; at the end {len(alive)} sessions on the server, {len(alive - files)} of them in no file"


def _at_once(govc: Govc, calls: Sequence[Sequence[str]]) -> list[int]:
    """The exit statuses of these calls, all started before one has ended."""
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen(
                    [build().govc, *arguments],
                    env=govc.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
            for arguments in calls
        ]
        return [process.wait() for process in started]
