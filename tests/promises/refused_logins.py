"""The row of promise 4 on refused passwords: a loop of callers is one failed login, and so are many at once."""

from __future__ import annotations

import tempfile
import threading
from contextlib import ExitStack
from itertools import product
from pathlib import Path

from contract.processes import PATIENCE_SECONDS, all_wait, finished, running
from peers import Govc
from promises.rows import Progress, Row, Size
from simulated_vcenter import SimulatedVCenter, faults
from support.program import PASSWORD, USER, Helper, request

CALLERS = {Size.SHORT: 4, Size.LONG: 50}
WRONG = "wr0ng-Omega"
USERS = (USER, USER.upper(), "VSPHERE.LOCAL\\Administrator", "administrator", "administrator@other.example.com")


def row(size: Size, progress: Progress) -> Row:
    """Callers one after the other and at once, with and without a cache; then a new password."""
    number = CALLERS[size]
    with tempfile.TemporaryDirectory(prefix="refused-") as directory, SimulatedVCenter() as vcenter:
        helper = Helper(Path(directory))
        ways: tuple[dict[str, object], ...] = (
            {},
            {"reauth": True},
            {"passthrough": True},
            {"api": "rest"},
            {"insecure": True},
        )
        for way in [ways[count % len(ways)] for count in range(number)]:
            reply = helper.call("get", request(vcenter, password=WRONG, **way))
            assert reply.kind == "login-refused", reply
            progress(1)
        assert vcenter.login_attempts == 1, f"{vcenter.login_attempts} attempts of {number} callers one after the other"
        for passthrough, slow in product((False, True), (False, True)):
            before, secret = vcenter.login_attempts, f"{WRONG}-{passthrough}-{slow}"
            _at_once(helper, vcenter, number, secret, passthrough=passthrough, slow=slow)
            attempts = vcenter.login_attempts - before
            what = f"passthrough={passthrough}, slow={slow}"
            assert attempts == 1, f"{attempts} attempts of {number} callers at once, {what}"
            progress(number)
        before = vcenter.login_attempts
        for user, host in product(USERS, ("127.0.0.1", "localhost", "LOCALHOST")):
            url = f"{host}:{vcenter.authority.rpartition(':')[2]}"
            spelled = request(vcenter, url=url, username=user, password=f"{WRONG}-spelled")
            assert helper.call("get", spelled).kind == "login-refused"
            progress(1)
        attempts = vcenter.login_attempts - before
        assert attempts == 1, f"{attempts} attempts in {len(USERS) * 3} spellings"
        assert helper.ok("get", request(vcenter, password=PASSWORD))["source"] == "login", "a new password is tried"
        ids = {session.id for session in vcenter.sessions}
        assert ids == helper.sessions_in_files
    return Row(
        f"a wrong password: {number} callers in a loop, {number} at once, {number} at once with passthrough, both also with a server"
        f" that is slower than any of them waits; {len(USERS) * 3} spellings of user and host; then the right one",
        "1 attempt each time; the right one is tried at once",
        f"`govc ls` in a loop: {_govc(number, progress)} attempts of {number}",
    )


def _at_once(
    helper: Helper, vcenter: SimulatedVCenter, number: int, secret: str, *, passthrough: bool, slow: bool
) -> None:
    """A slow server holds its refusal until all the others have been seen waiting for it."""
    release = threading.Event()
    held = vcenter.faults.add("=Login", faults.wait_for(release), times=1) if slow else None
    fields = request(vcenter, password=secret, passthrough=passthrough)
    with ExitStack() as stack:
        callers = [stack.enter_context(running(helper, "get", fields, "--timeout", "60")) for _ in range(number)]
        if held is not None:
            assert held.reached.wait(PATIENCE_SECONDS), "nobody has come to log in"
            all_wait(callers, but=1)
            release.set()
        kinds = {finished(caller).kind for caller in callers}
    assert kinds == {"login-refused"}, f"callers at once with a wrong password were told {kinds}"


def _govc(number: int, progress: Progress) -> int:
    with tempfile.TemporaryDirectory(prefix="refused-") as directory, SimulatedVCenter() as vcenter:
        govc = Govc(Path(directory), vcenter.url, USER, WRONG, ca_file=Path(vcenter.ca_file))
        for _ in range(number):
            assert govc.run("ls").returncode != 0
            progress(1)
        return vcenter.login_attempts
