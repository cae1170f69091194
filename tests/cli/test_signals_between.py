"""SIGINT and SIGTERM between a passthrough login and its answer: a session that its caller was never told of is ended."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import credential_protocol
import vsphere_session
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, Helper, request

ROOTS = [str(Path(str(package.__file__)).parents[1]) for package in (vsphere_session, credential_protocol)]
STRUCK = """
import importlib, os, signal, sys
roots, module, name, number, *arguments = sys.argv[1:]
sys.path[:0] = roots.split("|")
from vsphere_session.cli import main as entry
place = importlib.import_module(module)
for part in name.split(".")[:-1]:
    place = getattr(place, part)
name = name.rpartition(".")[2]
there = getattr(place, name)

def struck(*given, **named):
    setattr(place, name, there)
    os.kill(os.getpid(), int(number))
    return there(*given, **named)

setattr(place, name, struck)
sys.exit(entry.run(arguments))
"""
"""The program, with a signal at the moment when it enters that function for the first time."""

PLACES = {
    "when the login's connection is closed": ("vsphere_session.cache.clients", "WireClient.__exit__"),
    "when the reply is put together": ("vsphere_session.service.verbs", "_fields"),
    "when it becomes bytes": ("credential_protocol.native", "render"),
    "when it is written": ("vsphere_session.cli.native", "write"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("number", "status"), [(2, 130), (15, 143)], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("api", ["soap", "rest", "both"])
def test_a_signal_between_a_passthrough_login_and_its_answer_leaves_no_session(
    vcenter: SimulatedVCenter, helper: Helper, place: str, number: int, status: int, api: str
) -> None:
    asked = request(vcenter, password=PASSWORD, passthrough=True, api=api)
    done = subprocess.run(
        [sys.executable, "-c", STRUCK, "|".join(ROOTS), *PLACES[place], str(number), "get"],
        input=json.dumps(asked).encode(),
        capture_output=True,
        env=helper.environment,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (status, b"", b"")
    assert vcenter.logins
    assert vcenter.session_count == 0
