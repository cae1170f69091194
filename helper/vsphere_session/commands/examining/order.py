"""The checks in the order in which a call meets what they look at, and what each of them needs of those before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vsphere_session.commands.examining import callers, certificate, directories, here, logins, service, stores, way
from vsphere_session.commands.examining.finding import OK, PROBLEM, WARNING, failed, problem, skipped
from vsphere_session.errors import SessionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vsphere_session.commands.examining.case import Case
    from vsphere_session.commands.examining.finding import Finding


@dataclass(frozen=True)
class Check:
    """One area: what it is called, what looks at it, and the areas without which that makes no sense."""

    area: str
    look: Callable[[Case], Iterator[Finding]]
    needs: tuple[str, ...] = ()


CHECKS = (
    Check("build", here.build),
    Check("configuration", here.configuration),
    Check("environment", here.environment),
    Check("endpoint", here.endpoint),
    Check("settings", here.settings, ("configuration", "endpoint")),
    Check("secret store", stores.secret_store),
    Check("directories", directories.directories),
    Check("cache", stores.cache, ("settings", "directories")),
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
    """Every check's findings, each with its area. A check that fails hides none of those that do not need it."""
    good: dict[str, bool] = {}
    for check in CHECKS:
        tell(check.area)
        bad = [area for area in check.needs if not good[area]]
        found = [skipped(f"it needs {bad[0]} to be ok")] if bad else _findings(check, case)
        good[check.area] = bool(found) and not bad and all(each.state in (OK, WARNING) for each in found)
        for each in found:
            yield check.area, each


def _findings(check: Check, case: Case) -> list[Finding]:
    found: list[Finding] = []
    try:
        for each in check.look(case):
            found.append(each)
    except SessionError as error:
        found.append(failed(error))
    except Exception as error:  # noqa: BLE001  # a bug in one check hides no other one's findings
        found.append(
            problem(f"this check has failed itself ({type(error).__name__})", "report it: see --report", "internal")
        )
    return found


__all__ = ["CHECKS", "PROBLEM", "examine"]
