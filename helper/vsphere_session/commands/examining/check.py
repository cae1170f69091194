"""One check, and how many of them are carried out in turn: one that fails hides none of those that do not need it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from vsphere_session.commands.examining.finding import OK, WARNING, failed, problem, skipped
from vsphere_session.errors import SessionError
from vsphere_session.version import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from vsphere_session.commands.examining.finding import Finding

C = TypeVar("C")


@dataclass(frozen=True)
class Check(Generic[C]):
    """One area: what it is called, what looks at it, and the areas without which that makes no sense."""

    area: str
    look: Callable[[C], Iterator[Finding]]
    needs: tuple[str, ...] = ()


def carried_out(checks: Iterable[Check[C]], case: C, tell: Callable[[str], None]) -> Iterator[tuple[str, Finding]]:
    """Every check's findings, each with its area."""
    good: dict[str, bool] = {}
    for check in checks:
        tell(check.area)
        bad = [area for area in check.needs if not good[area]]
        found = [skipped(f"it needs {bad[0]} to be ok")] if bad else _findings(check, case)
        good[check.area] = bool(found) and not bad and all(each.state in (OK, WARNING) for each in found)
        for each in found:
            yield check.area, each


def _findings(check: Check[C], case: C) -> list[Finding]:
    found: list[Finding] = []
    try:
        for each in check.look(case):
            found.append(each)
    except SessionError as error:
        found.append(failed(error))
    except Exception as error:  # noqa: BLE001  # a bug in one check hides no other one's findings
        found.append(
            problem(
                f"this check has failed itself ({type(error).__name__})",
                f"report it: see {PROGRAM} doctor --report",
                "internal",
            )
        )
    return found
