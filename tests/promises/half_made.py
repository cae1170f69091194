"""Logins that break half-way: SOAP has a session, REST gets none or one that nobody can confirm. Nothing may be left."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from contract.desk import SharedClock
from credential_protocol.messages import Failure, Request
from promises.rows import Progress, Row
from simulated_vcenter import Fault, SimulatedVCenter, faults
from support.cache_files import session_ids
from support.program import PASSWORD, USER
from vsphere_session.cache.surroundings import Surroundings
from vsphere_session.service.call import Call
from vsphere_session.service.verbs import get
from vsphere_session.settings.config_file import Configuration

PLENTY_SECONDS = 30.0
SHORT_SECONDS = 0.5
"""The timeout where an answer never comes; doubled where a slow machine did not even get that far."""
STALLS = "no answer"
BREAKS: dict[str, Callable[[], Fault]] = {
    "500": lambda: faults.status(500),
    "503": lambda: faults.status(503),
    "a reset": faults.reset,
    STALLS: faults.stall,
    "a refusal": faults.invalid_login,
    "a web page": faults.html,
    "a redirect": lambda: faults.redirect("https://192.0.2.1/"),
}
CALLS = {"cached": {}, "with passthrough": {"passthrough": "true"}, "with reauth": {"reauth": "true"}}


def row(progress: Progress) -> Row:
    """Each way to break at each step after the SOAP session was made, and at that itself."""
    tried = 0
    with SimulatedVCenter() as vcenter:
        for where in ("POST /api/session", "GET /api/session"):
            for name, broken in BREAKS.items():
                for how, fields in CALLS.items() if name != STALLS else list(CALLS.items())[:1]:
                    _try(vcenter, f"{how}, {name} at {where}", where, broken(), fields)
                    tried += 1
                    progress(1)
        for how, fields in CALLS.items():
            _try(vcenter, f"{how}, half an answer at Login", "=Login", faults.close_mid_answer(), fields)
            tried += 1
            progress(1)
    return Row(
        f"a login for both kinds breaks after the SOAP session was made ({', '.join([*BREAKS, 'half an answer'])})",
        f"{tried} broken logins: 0 sessions left on the server in no file",
    )


def _try(vcenter: SimulatedVCenter, what: str, where: str, fault: Fault, fields: dict[str, str]) -> None:
    timeout = SHORT_SECONDS if STALLS in what else PLENTY_SECONDS
    vcenter.faults.add(where, fault)
    while not fault.reached.is_set():
        assert timeout <= PLENTY_SECONDS, f"{what}: the call never got there"
        with tempfile.TemporaryDirectory(prefix="promise-3-") as home:
            reply = _get(vcenter, home, timeout, fields)
            assert "error" in reply, f"{what}: the call succeeded: {sorted(reply)}"
            left = {session.id for session in vcenter.sessions} - session_ids(Path(home) / ".govmomi")
        vcenter.end_all()
        timeout *= 2
    assert not left, f"{what}: {len(left)} sessions are left on the server and in no file"
    vcenter.faults.clear()


def _get(vcenter: SimulatedVCenter, home: str, timeout: float, fields: dict[str, str]) -> dict[str, str]:
    around = Surroundings({"HOME": home, "PATH": os.defpath}, clock=SharedClock(vcenter), timeout=timeout)
    call = Call(around, Configuration("config.toml", {}, {}))
    given = {"username": USER, "password": PASSWORD, "ca_file": vcenter.ca_file, **fields}
    try:
        return get(Request("get", vcenter.authority, given), call).fields
    except Failure as failure:
        return {"error": failure.kind}
