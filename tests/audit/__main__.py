"""Ask the advisory services in turn until one of them answers. A known vulnerability is a failure, silence is one line.

Then say which sources of the single file are behind (behind.py): for people to read, and never a failure.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from audit import behind
from audit.services import Report, UnusableLockError, ask

ROOT = Path(__file__).resolve().parents[2]
LOCKS = (
    ROOT / "requirements.lock",
    ROOT / "packaging" / "requirements.lock",
    ROOT / "packaging" / "packages" / "requirements.lock",
    ROOT / "packaging" / "installers" / "requirements.lock",
    ROOT / "tests" / "docs" / "requirements.lock",
    ROOT / "tests" / "interop" / "requirements.lock",
    ROOT / "tests" / "peers" / "requirements.lock",
)
Service = Callable[[Path], Report]
SERVICES: dict[str, Service] = {name: partial(ask, name) for name in ("osv", "pypi")}  # pip-audit's names for them


def main() -> int:
    """Return 1 if something is known against a package, or a lock file cannot be used."""
    try:
        lines = [(lock, *verdict(lock, SERVICES)) for lock in LOCKS]
    except UnusableLockError as error:
        sys.stdout.write(f"audit: {error}\n")
        return 1
    for lock, _, text in lines:
        sys.stdout.write(f"audit: {lock.relative_to(ROOT)}: {text}\n")
    for line in behind.lines():
        sys.stdout.write(f"audit: {behind.LOCK.relative_to(ROOT)}: {line}\n")
    return int(any(bad for _, bad, _ in lines))


def verdict(lock: Path, services: dict[str, Service]) -> tuple[bool, str]:
    """Whether something is known against `lock`, and the text that says so, or that nobody could be asked."""
    silent: Sequence[str] = []
    for name, service in services.items():
        report = service(lock)
        if not report.silent:
            return bool(report.found), _text(name, report)
        silent = [*silent, f"{name}: {report.silent}"]
    return False, f"NOT AUDITED, no advisory service answers here ({'; '.join(silent)})"


def _text(name: str, report: Report) -> str:
    rest = f"; {name} does not know {', '.join(report.unknown)}" if report.unknown else ""
    if report.found:
        return "\n  ".join([f"{len(report.found)} known vulnerabilities{rest}", *report.found])
    return f"nothing is known against {report.known} packages, according to {name}{rest}"


if __name__ == "__main__":
    sys.exit(main())
