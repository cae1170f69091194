"""The same bad days for the real govc, as far as it has the verbs: the cached session asked about, over SOAP and REST."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from peers import Govc
from promises.bad_day import REST, SOAP, Case, Day
from promises.bad_days import through_a_proxy_that_goes
from promises.rows import Progress
from simulated_vcenter import Clock, SimulatedVCenter
from support.program import PASSWORD, USER

COMMANDS = {SOAP: ("session.login", "-l"), REST: ("session.login", "-l", "-r")}


def compared(cases: Sequence[Case], progress: Progress) -> str:
    """In how many of the cases that govc can be put into it answers otherwise, and what it leaves on the server."""
    tried = other = left = 0
    for case in cases:
        if case.inside or case.hangs or case.happens is through_a_proxy_that_goes:
            continue
        for verb in COMMANDS:
            if case.expected[verb].told != "unsupported":
                same, orphans = _outcome(case, "soap" if verb is SOAP else "rest", case.expected[verb].told)
                tried, other, left = tried + 1, other + (not same), left + orphans
                progress(1)
    return f"of {tried}, asked by govc: {other} answered otherwise; {left} sessions left behind"


def _outcome(case: Case, kind: str, expected: str) -> tuple[bool, int]:
    command = COMMANDS[SOAP if kind == "soap" else REST]
    with tempfile.TemporaryDirectory(prefix="bad-day-") as directory, ExitStack() as undo:
        home = Path(directory)
        vcenter = undo.enter_context(SimulatedVCenter(**{"clock": Clock(), **(case.server or {})}))  # type: ignore[arg-type]
        govc = Govc(home / ".govmomi", vcenter.url, USER, PASSWORD, ca_file=Path(vcenter.ca_file))
        today = Day(vcenter, home, undo, None)
        for login in (COMMANDS[SOAP], *([COMMANDS[REST]] if case.expected[REST].told != "unsupported" else [])):
            govc.ok(*login)  # both are cached, whatever is asked about
        before = today.cached
        case.happens(today)
        done = govc.run(*command)
        told = "error" if done.returncode else "cache" if today.cached[kind] == before[kind] else "login"
        lost = {session.id for session in vcenter.sessions} - set(today.cached.values())
    return told == (expected if expected in ("cache", "login") else "error"), len(lost)
