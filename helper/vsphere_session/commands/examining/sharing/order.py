"""The checks of a fleet in the order in which a call meets what they look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.commands.examining.check import Check, carried_out
from vsphere_session.commands.examining.sharing import documents, engine, here
from vsphere_session.commands.examining.sharing.case import FleetCase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vsphere_session.commands.examining.case import Case
    from vsphere_session.commands.examining.finding import Finding

CHECKS = (
    Check("configuration", here.configuration),
    Check("key", here.key, ("configuration",)),
    Check("engine", engine.engine, ("configuration",)),
    Check("account", engine.account, ("engine",)),
    Check("clock", engine.clock, ("account",)),
    Check("durability", engine.durability, ("account",)),
    Check("eviction", engine.eviction, ("account",)),
    Check("keys in use", documents.keys_in_use, ("key", "account")),
    Check("trial", documents.trial, ("account",)),
)


def examine(case: Case, tell: Callable[[str], None]) -> Iterator[tuple[str, Finding]]:
    """Every check's findings, each with its area."""
    fleet = FleetCase(case)
    try:
        yield from carried_out(CHECKS, fleet, tell)
    finally:
        fleet.close()
