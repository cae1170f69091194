"""The fleet that sessions are shared in, where there is one, in short: whether its engine answers, and its key is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.commands.examining.finding import PROBLEM, WARNING, Finding
from vsphere_session.settings.config_file import fleet_configured
from vsphere_session.version import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vsphere_session.commands.examining.case import Case

_MORE = f"{PROGRAM} fleet doctor tells more"


def fleet(case: Case) -> Iterator[Finding]:
    """Nothing where the endpoint's sessions are this machine's own."""
    if not fleet_configured(case.environ, case.config) or case.config.text("fleet", case.endpoint) == "false":
        return
    from vsphere_session.commands.examining.sharing.in_short import in_short  # noqa: PLC0415  # few have a fleet

    for each in in_short(case):
        do = {PROBLEM: f"{each.do}; {_MORE}", WARNING: _MORE}.get(each.state, "")
        yield Finding(each.state, each.what, do, each.kind)
