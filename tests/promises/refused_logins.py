"""The row of promise 4 on refused passwords: a loop of callers is one failed login, and so are many at once."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

from contract.processes import finished, running
from peers import Govc
from promises.rows import Progress, Row, Size
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, request

CALLERS = {Size.SHORT: 4, Size.LONG: 50}
WRONG = "wr0ng-Omega"


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
        for passthrough in (False, True):
            before, secret = vcenter.login_attempts, f"{WRONG}-{passthrough}"
            _at_once(helper, vcenter, number, secret, passthrough=passthrough)
            attempts = vcenter.login_attempts - before
            assert attempts == 1, f"{attempts} attempts of {number} callers at once, passthrough={passthrough}"
            progress(number)
        assert helper.ok("get", request(vcenter, password=PASSWORD))["source"] == "login", "a new password is tried"
        ids = {session.id for session in vcenter.sessions}
        assert ids == helper.sessions_in_files
    return Row(
        f"a wrong password: {number} callers in a loop, {number} at once, {number} at once with passthrough; then the right one",
        "1 attempt, 1 attempt, 1 attempt; the right one is tried at once",
        f"`govc ls` in a loop: {_govc(number, progress)} attempts of {number}",
    )


def _at_once(helper: Helper, vcenter: SimulatedVCenter, number: int, secret: str, *, passthrough: bool) -> None:
    fields = request(vcenter, password=secret, passthrough=passthrough)
    with ExitStack() as stack:
        callers = [stack.enter_context(running(helper, "get", fields, "--timeout", "60")) for _ in range(number)]
        kinds = {finished(caller).kind for caller in callers}
    assert kinds == {"login-refused"}, f"callers at once with a wrong password were told {kinds}"


def _govc(number: int, progress: Progress) -> int:
    with tempfile.TemporaryDirectory(prefix="refused-") as directory, SimulatedVCenter() as vcenter:
        govc = Govc(Path(directory), vcenter.url, USER, WRONG, ca_file=Path(vcenter.ca_file))
        for _ in range(number):
            assert govc.run("ls").returncode != 0
            progress(1)
        return vcenter.login_attempts
