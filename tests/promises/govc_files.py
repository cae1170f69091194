"""The same kills of the real govc, at vcsim: before each call that changes a file when it logs in."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import peers
from faults import CHANGES, Fault, under_strace
from faults.calls import Call, calls_of_threads

_TRIES = 60


@dataclass
class Govc:
    """What the kills of one scene did: how many there were, lost a session, and left a file that govc cannot read."""

    kills: int = 0
    lost: int = 0
    unreadable: int = 0

    @property
    def text(self) -> str:
        """The cell of the table."""
        return (
            f"of {self.kills} kills before a call that changes files {self.lost} lost a session for good and {self.unreadable} left"
            " a file on which every later govc fails"
        )


def govc_killed(directory: Path, *, dead: bool) -> Govc:
    """`govc session.login` killed before each change of a file; with `dead` there is a file of a session that has ended."""
    result = Govc()
    home = directory / "home"
    with peers.VcSim() as vcsim:
        govc = vcsim.govc(home)
        _prepare(govc, dead=dead)
        changes = [call for call in _run(govc) if call.changes(home)]
        paths = [home / "sessions", *govc.soap_files()]
        for change in changes:
            result.kills += 1
            result.lost += _kill_before(change, vcsim, govc, paths, dead=dead)
            result.unreadable += govc.run("session.login").returncode != 0
    return result


def _prepare(govc: peers.Govc, *, dead: bool) -> None:
    shutil.rmtree(govc.home, ignore_errors=True)
    govc.home.mkdir()
    if dead:
        govc.ok("session.login")
        (file,) = govc.soap_files()
        text = file.read_text()
        start = text.index('"Value":"') + len('"Value":"')
        file.write_text(text[:start] + "0" * 8 + text[start + 8 :])  # as good as ended: the server does not know it


def _run(govc: peers.Govc, fault: Fault | None = None, below: Sequence[Path] = ()) -> list[Call]:
    log = govc.home.with_name("calls")
    program = [str(peers.build().govc), "session.login"]
    command = under_strace(program, faults=[fault] if fault else [], log=log, calls=CHANGES, below=below)
    subprocess.run(command, env=govc.environment | {"GOMAXPROCS": "1"}, capture_output=True, check=False)
    return [call for _, call in calls_of_threads(log)]


def _kill_before(change: Call, vcsim: peers.VcSim, govc: peers.Govc, paths: Sequence[Path], *, dead: bool) -> int:
    """How many sessions there are more. strace counts by thread, and Go moves: try until the kill has met this very call."""
    for number in range(_TRIES):
        _prepare(govc, dead=dead)
        before = vcsim.session_count()
        calls = _run(govc, Fault(change.name, str(number % 3 + 1)), paths)
        if calls and calls[-1].text.endswith("= ?") and calls[-1].can_change and calls[-1].name == change.name:
            return vcsim.session_count() - before
    raise AssertionError(f"govc session.login could not be killed before {change}")
