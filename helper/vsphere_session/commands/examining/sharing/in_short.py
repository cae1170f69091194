"""A fleet in a line or two, for who examines more than that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.commands.examining.check import Check, carried_out
from vsphere_session.commands.examining.finding import PROBLEM, WARNING, ok
from vsphere_session.commands.examining.sharing import engine, here
from vsphere_session.commands.examining.sharing.case import FleetCase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vsphere_session.commands.examining.case import Case
    from vsphere_session.commands.examining.finding import Finding

_CHECKS = (
    Check("configuration", here.configuration),
    Check("key", here.key, ("configuration",)),
    Check("engine", engine.engine, ("configuration",)),
    Check("account", engine.account, ("engine",)),
    Check("eviction", engine.eviction, ("account",)),
)


def in_short(case: Case) -> Iterator[Finding]:
    """What is wrong, and where nothing is a problem which fleet it is."""
    fleet = FleetCase(case)
    try:
        found = [each for _, each in carried_out(_CHECKS, fleet, lambda _area: None)]
        if all(each.state != PROBLEM for each in found) and fleet.keys is not None:
            yield ok(
                f"{fleet.settings.namespace} at {fleet.fleet.host}: the engine answers, and the key is there ({fleet.keys.ids[0]})"
            )
        yield from (each for each in found if each.state in (PROBLEM, WARNING))
    finally:
        case.seen += fleet.names
        fleet.close()
