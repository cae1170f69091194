"""`fleet doctor`: everything that can be wrong with a fleet. It asks the engine alone, and changes no document but its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.commands.doctor import document, looked, show, status_of, summary
from vsphere_session.commands.examining.case import Case
from vsphere_session.commands.examining.sharing.order import examine
from vsphere_session.commands.options import command, host_argument, json_option, request_of
from vsphere_session.version import PROGRAM

if TYPE_CHECKING:
    from vsphere_session.commands.invocation import Invocation


@command(
    "Find out what is wrong with the fleet, in the order in which a call meets it: a line for each thing, with what to do. Its engine is "
    "asked, and given a document on trial that it removes after seconds; no server is asked, nobody is logged in, and no other document "
    "is changed. The exit status is 0 where nothing is a problem, else that of the first one.",
    f"{PROGRAM} fleet doctor\n{PROGRAM} fleet doctor vc.example.com --json",
    name="doctor",
)
@host_argument
@json_option
def doctor_command(invocation: Invocation, *, host: str | None, as_json: bool) -> int:
    """See above."""
    case = Case(invocation.environ, invocation.common, fields=request_of(invocation, host), build=invocation.build)
    screen, found = invocation.screen, looked(invocation, lambda tell: examine(case, tell))
    status = status_of([each for _, each in found])
    if as_json:
        screen.json(document(found, status))
    else:
        show(screen, found)
        screen.line(summary(found))
    return status
