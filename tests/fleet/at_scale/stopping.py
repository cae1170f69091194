"""A runner in a process of its own that stands still before its n-th write to the engine, there to be killed or paused.

python -m fleet.at_scale.stopping    a line of JSON on stdin says who it is; `here` on stdout that it stands, and a line
                                     on stdin lets it go on; its answer is the last line on stdout
"""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

from fleet.at_scale.runner import ScaledRunner, Waiting, Way, turn
from fleet.at_scale.stage import NAMESPACE, Stage, user
from fleet.sharing.runners import KEY
from simulated_vcenter import Clock, SimulatedVCenter

HERE = "here\n"


class Stopping:
    """The process, as who started it has it. `stands`: before its n-th write; else it has got to its end before that."""

    def __init__(self, stage: Stage, user: str, number: int, home: Path) -> None:
        self.user = user
        self.home = home
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fleet.at_scale.stopping"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        way = stage.way()
        said = {
            "authority": stage.vcenter.authority,
            "ca_file": stage.vcenter.ca_file,
            "url": way.url,
            "password": way.password,
            "engine_ca": stage.engine_ca if way.context else "",
            "home": str(home),
            "user": user,
            "key": KEY,
            "number": number,
        }
        self.go_on(json.dumps(said))
        assert self.process.stdout is not None
        self.stands = self.process.stdout.readline() == HERE

    def go_on(self, line: str = "") -> None:
        """Let it go on, if it does."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def answer(self) -> tuple[str, ...]:
        """What it was handed, once it goes on."""
        written, _ = self.process.communicate(timeout=60)
        return tuple(json.loads(written))

    def end(self) -> None:
        """Kill it, if it still runs."""
        self.process.kill()
        self.process.communicate()


class _VCenter:
    """What a runner has to know of one."""

    def __init__(self, authority: str, ca_file: str) -> None:
        self.authority, self.ca_file, self.clock = authority, ca_file, Clock()


def main() -> None:
    """Be that runner."""
    said: dict[str, Any] = json.loads(sys.stdin.readline())
    context = ssl.create_default_context(cafile=said["engine_ca"]) if said["engine_ca"] else None
    vcenter = cast("SimulatedVCenter", _VCenter(said["authority"], said["ca_file"]))
    way, left = Way(said["url"], said["password"], context), said["number"]

    def before(method: str) -> None:
        nonlocal left
        left -= method == "put"
        if method == "put" and not left:
            sys.stdout.write(HERE)
            sys.stdout.flush()
            sys.stdin.readline()

    runner = ScaledRunner(
        vcenter, way, Path(said["home"]), NAMESPACE, Waiting(), said["user"], key=said["key"], before=before
    )
    with turn():
        ids = runner.get()
    sys.stdout.write(f"{json.dumps(ids)}\n")


def standing(stage: Stage, writes: Sequence[int]) -> list[Stopping]:
    """One before each of these writes, the user of each another one; all of them stand."""
    with ThreadPoolExecutor() as pool:
        found = list(
            pool.map(
                lambda number: Stopping(stage, user(number), number, stage.place / "stopped" / str(number)), writes
            )
        )
    if not all(each.stands for each in found):
        for each in found:
            each.end()
        raise AssertionError(f"a call has {sum(each.stands for each in found)} writes, not {len(writes)}")
    return found


if __name__ == "__main__":
    main()
