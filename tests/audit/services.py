"""Asking an advisory service, by `pip-audit`, and telling "it says no" from "it says nothing"."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from unittest import mock

import requests


class UnusableLockError(Exception):
    """pip-audit did not get as far as asking: the lock file is broken, or a package in it has no hash."""


@dataclass(frozen=True)
class Report:
    """What a service says of one lock file.

    known    packages that it knows, with the version of the lock
    found    what it knows against them, a line each
    silent   why it says nothing at all; empty where it does say something
    unknown  packages that it does not know
    """

    known: int = 0
    found: list[str] = field(default_factory=list)
    silent: str = ""
    unknown: list[str] = field(default_factory=list)


def ask(service: str, lock: Path, *options: str) -> Report:
    """Have a service asked about every package of `lock`, each of which must have its hashes.

    Raises UnusableLockError. Whatever else goes wrong in pip-audit is raised as it is: it is a fault, not an answer.
    """
    _run(service, lock, *options, "--dry-run")  # reads the whole file and asks nobody
    try:
        said = _run(service, lock, *options)
    except requests.RequestException as error:
        return Report(silent=type(error).__name__)
    except Exception as error:
        if not _is_of_service(error):
            raise
        return Report(silent=str(error.__cause__ or error))
    return _report(json.loads(said)["dependencies"])


def _run(service: str, lock: Path, *options: str) -> str:
    """What pip-audit prints. Raises what it raises, also where it would only end with a status.

    What it says on stderr is kept from the reader: "No known vulnerabilities found", too, where it could ask about nothing.
    """
    arguments = ["-s", service, "-f", "json", "--progress-spinner", "off", "--disable-pip", "--require-hashes"]
    said = io.StringIO()
    command = ["pip-audit", *arguments, "-r", str(lock), *options]
    with redirect_stdout(said), redirect_stderr(io.StringIO()), mock.patch("sys.argv", command):
        try:
            _pip_audit()()
        except SystemExit as end:
            if isinstance(end.__context__, Exception) and _is_of_service(end.__context__):
                raise end.__context__ from None
            if end.code and not said.getvalue():
                raise UnusableLockError(f"{lock}: {end.__context__ or 'pip-audit does not say why'}") from None
    return said.getvalue()


def _pip_audit() -> Callable[[], None]:
    (script,) = entry_points(group="console_scripts", name="pip-audit")
    program: Callable[[], None] = script.load()
    return program


def _is_of_service(error: Exception) -> bool:
    """Whether it was the service that did not answer, by the class of pip-audit's own errors."""
    return any(
        f"{kind.__module__}.{kind.__name__}" == "pip_audit._service.interface.ServiceError"
        for kind in type(error).__mro__
    )


def _report(packages: list[dict[str, object]]) -> Report:
    unknown = [str(package["name"]) for package in packages if "skip_reason" in package]
    known = [package for package in packages if "skip_reason" not in package]
    found = [line for package in known for line in _against(package)]
    if not known:
        return Report(silent=f"it knows none of {len(unknown)} packages", unknown=unknown)
    return Report(len(known), found, unknown=unknown)


def _against(package: dict[str, object]) -> list[str]:
    vulnerabilities = package["vulns"]
    assert isinstance(vulnerabilities, list)
    return [
        f"{package['name']} {package['version']}: {each['id']}, fixed in {', '.join(each['fix_versions']) or 'no version yet'}"
        for each in vulnerabilities
    ]
