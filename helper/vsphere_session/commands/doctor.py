"""`doctor`: everything that can be wrong, in the order in which a call meets it. It changes nothing and logs nobody in, unless told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.text import Text

from credential_protocol.messages import KINDS
from vsphere_session.commands.examining.case import Case
from vsphere_session.commands.examining.finding import OK, PROBLEM, SKIPPED, WARNING
from vsphere_session.commands.examining.order import examine
from vsphere_session.commands.examining.report import report
from vsphere_session.commands.options import command, host_argument, json_option, request_of
from vsphere_session.commands.screen import visible
from vsphere_session.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vsphere_session.commands.examining.finding import Finding
    from vsphere_session.commands.invocation import Invocation
    from vsphere_session.commands.screen import Screen

_STYLES = {OK: "green", WARNING: "yellow", PROBLEM: "bold red", SKIPPED: "dim"}


@command(
    "Find out what is wrong, in the order in which a call meets it: a line for each thing, with what to do. Nothing is changed, and "
    "nobody is logged in. The exit status is 0 where nothing is a problem, else that of the first one.",
    "vsphere-session doctor vc.example.com\nvsphere-session doctor vc.example.com --login --report",
)
@host_argument
@click.option("--login", "log_in", is_flag=True, help="Log in, too, beside the cache, and out again.")
@click.option(
    "--report",
    "as_report",
    is_flag=True,
    help="Print a report for a bug, without secrets, hosts and users, to be pasted.",
)
@click.option("--with-names", is_flag=True, help="With --report: leave the names of hosts and users as they are.")
@json_option
def doctor_command(
    invocation: Invocation, *, host: str | None, log_in: bool, as_report: bool, with_names: bool, as_json: bool
) -> int:
    """See above."""
    if with_names and not as_report:
        raise InvalidRequestError("--with-names goes with --report; leave it out")
    if as_report and as_json:
        raise InvalidRequestError("--report and --json are two ways to print it; choose one")
    case = Case(
        invocation.environ,
        invocation.common,
        fields=request_of(invocation, host),
        build=invocation.build,
        new_call=invocation.call if log_in else None,
    )
    screen, found = invocation.screen, looked(invocation, lambda tell: examine(case, tell))
    status = status_of([each for _, each in found])
    if as_json:
        screen.json(document(found, status))
    elif as_report:
        screen.raw(
            report(case, [f"{each.state:<8} {line_of(area, each)}" for area, each in found], with_names=with_names)
        )
    else:
        show(screen, found)
        screen.line(f"{summary(found)}; a report for a bug: --report")
    return status


def looked(
    invocation: Invocation, examining: Callable[[Callable[[str], None]], Iterable[tuple[str, Finding]]]
) -> list[tuple[str, Finding]]:
    """All findings; what is looked at is told meanwhile."""
    invocation.connecting()
    with invocation.screen.waiting("looking") as tell:
        return list(examining(tell))


def show(screen: Screen, found: list[tuple[str, Finding]]) -> None:
    """A line for each, and an empty one."""
    for area, each in found:
        _show(screen, area, each)
    screen.line()


def _show(screen: Screen, area: str, finding: Finding) -> None:
    """On a terminal what to do has a line of its own."""
    state = Text(f"{finding.state:<8} ", style=_STYLES[finding.state])
    if not screen.on_terminal or not finding.do:
        screen.line(state, line_of(area, finding))
        return
    screen.line(state, visible(f"{area}: {finding.what}"))
    screen.line(Text("  to do: ", style="bold"), visible(finding.do))


def summary(found: list[tuple[str, Finding]]) -> str:
    """Where something is not as it should be."""
    said = []
    for state in (PROBLEM, WARNING):
        areas = dict.fromkeys(area for area, each in found if each.state == state)
        said += [f"{state}: {', '.join(areas)}"] if areas else []
    return "; ".join(said) or "nothing is wrong"


def status_of(found: list[Finding]) -> int:
    """That of the first problem's kind."""
    return next((KINDS[each.kind] for each in found if each.state == PROBLEM), 0)


def line_of(area: str, finding: Finding) -> str:
    """A finding in a line, without its state."""
    return visible(f"{area}: {finding.what}{f'; {finding.do}' if finding.do else ''}")


def document(found: list[tuple[str, Finding]], status: int) -> dict[str, object]:
    """For programs."""
    return {
        "status": status,
        "findings": [
            {"area": area, "state": each.state, "what": each.what, "do": each.do, "kind": each.kind}
            for area, each in found
        ],
    }
