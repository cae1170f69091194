"""A scene with real processes, each with a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from credential_protocol.jsontext import decode
from fleet.at_scale.crowd import Answer, Crowd
from fleet.at_scale.figures import Measured, Row
from fleet.at_scale.stage import NAMESPACE, Stage, stage
from fleet.sharing.runners import KEY
from support.program import PASSWORD, request

SINGLE_FILE = Path(__file__).resolve().parents[3] / "dist" / "vsphere-session"
BATCH = 50
_PATIENCE_SECONDS = 120.0


def processes(engine: str, size: int) -> Iterator[Row]:
    """The program itself, configured by its environment: as a container starts it."""
    count = size // 5 if size >= 500 else size // 10
    with stage(engine) as here:
        program = [str(SINGLE_FILE)] if SINGLE_FILE.is_file() else [sys.executable, "-m", "vsphere_session"]
        measured = Measured(here)
        with ThreadPoolExecutor(BATCH) as pool:
            crowd = Crowd(
                list(pool.map(lambda number: _run(here, program, here.place / f"process{number}"), range(count)))
            )
        crowd.all_shared()
        assert measured.logins() == 2
        what = "the single file" if SINGLE_FILE.is_file() else "the program"
        yield measured.row(f"1 {count} processes of {what}, {BATCH} at once, nothing there", crowd)


def _run(here: Stage, program: list[str], home: Path) -> Answer:
    home.mkdir()
    way = here.way()
    environment = {
        "HOME": str(home),
        "PATH": os.defpath,
        "VSPHERE_SESSION_FLEET": f"{way.url}{NAMESPACE}",
        "VSPHERE_SESSION_FLEET_KEY": KEY,
        **({"VSPHERE_SESSION_FLEET_PASSWORD": way.password} if way.password else {}),
        **({"VSPHERE_SESSION_FLEET_CA_FILE": here.engine_ca} if way.context else {}),
    }
    began = time.monotonic()
    done = subprocess.run(
        [*program, f"--timeout={_PATIENCE_SECONDS:g}", "get"],
        input=json.dumps(request(here.vcenter, password=PASSWORD)).encode(),
        capture_output=True,
        env=environment,
        check=False,
    )
    reply = decode(done.stdout)
    assert isinstance(reply, dict)
    ids = tuple(str(reply[name]) for name in ("soap_session_id", "rest_session_id") if name in reply)
    return Answer(ids, str(reply.get("error", "")), str(reply.get("message", "")), began, time.monotonic())
