"""The checks in the order in which a call meets what they look at, and what each of them needs of those before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.commands.examining import (
    callers,
    certificate,
    directories,
    fleet,
    here,
    logins,
    service,
    stores,
    way,
)
from vsphere_session.commands.examining.check import Check, carried_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vsphere_session.commands.examining.case import Case
    from vsphere_session.commands.examining.finding import Finding

CHECKS = (
    Check("build", here.build),
    Check("configuration", here.configuration),
    Check("environment", here.environment),
    Check("endpoint", here.endpoint),
    Check("settings", here.settings, ("configuration", "endpoint")),
    Check("secret store", stores.secret_store),
    Check("directories", directories.directories),
    Check("cache", stores.cache, ("settings", "directories")),
    Check("fleet", fleet.fleet),
    Check("DNS", way.name, ("endpoint",)),
    Check("proxy", way.proxy, ("endpoint",)),
    Check("TCP", way.connection, ("DNS", "proxy")),
    Check("TLS", certificate.certificate, ("settings", "TCP")),
    Check("service", service.service, ("TLS",)),
    Check("clock", service.clock, ("service",)),
    Check("REST", service.rest, ("service",)),
    Check("one id", service.one_id, ("service",)),
    Check("login method", logins.method, ("settings",)),
    Check("refusals", logins.refusals, ("login method",)),
    Check("login", logins.login, ("service", "REST", "refusals")),
    Check("session limit", logins.session_limit, ("service",)),
    *(Check(f"caller {caller}", callers.look_at(caller)) for caller in callers.CHECKED),
)


def examine(case: Case, tell: Callable[[str], None]) -> Iterator[tuple[str, Finding]]:
    """Every check's findings, each with its area."""
    yield from carried_out(CHECKS, case, tell)
