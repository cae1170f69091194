"""The modes with which files and directories are made, seen by strace: not what they are repaired to afterwards."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from faults import under_strace
from hostile.surroundings import within
from promises.rows import Progress
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, Helper, request

_MADE = re.compile(
    r'(?P<call>openat|open|creat|mkdir|mkdirat)\((?:AT_FDCWD(?:<[^>]*>)?, )?"(?P<path>[^"]*)".*?(?P<mode>0[0-7]{3,4})\)'
)


def row_part(progress: Progress) -> str:
    """How many were made, all of them private from their first byte."""
    made: list[str] = []
    with tempfile.TemporaryDirectory() as place, SimulatedVCenter() as vcenter:
        home, log = Path(place) / "home", Path(place) / "calls"
        home.mkdir(mode=0o700)
        for verb, options, fields in (
            ("store", ("--secret-store", "file"), {"password": PASSWORD}),
            ("get", (), {}),
            ("get", (), {"reauth": True}),
            ("erase", (), {}),
        ):
            helper = Helper(home)
            helper.program = under_strace(
                helper.program, log=log, calls=("openat", "open", "creat", "mkdir", "mkdirat")
            )
            reply = within(helper, "os.umask(0)").call(verb, request(vcenter, **fields), *options)
            assert reply.status == 0, f"{verb}: {reply}"
            made += [line for line in log.read_text(encoding="utf-8").splitlines() if str(home) in line]
            progress(1)
        assert vcenter.session_count == 0
    found = [match for line in made if (match := _MADE.search(line)) is not None and _makes(line)]
    assert len(found) >= 20, f"strace has seen only {len(found)} files and directories being made"
    for match in found:
        wanted = "0700" if match["call"].startswith("mkdir") else "0600"
        assert match["mode"] == wanted, f"under umask 000 {match['path']} is made with mode {match['mode']}"
    return f"{len(found)} of {len(found)} made with 0600 or 0700 in the system call itself"


def _makes(line: str) -> bool:
    return "mkdir" in line or "O_CREAT" in line
