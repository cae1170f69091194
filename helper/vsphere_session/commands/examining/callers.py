"""Callers' own configuration: whom git, docker and the others run for the server, and whether that is there."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from vsphere_session.commands.examining.finding import failed, ok, problem, skipped, warning
from vsphere_session.configure.change import CALLERS
from vsphere_session.configure.links import this_program
from vsphere_session.configure.looking import helpers
from vsphere_session.configure.plan import Target
from vsphere_session.errors import InvalidRequestError, NotFoundError, SessionError
from vsphere_session.storage.paths import home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vsphere_session.commands.examining.case import Case
    from vsphere_session.commands.examining.finding import Finding
    from vsphere_session.configure.looking import Helper


def look_at(caller: str) -> Callable[[Case], Iterator[Finding]]:
    """The check of one caller."""

    def look(case: Case) -> Iterator[Finding]:
        """Whom it runs for this server, or by our name for any."""
        hosts = [case.endpoint] if case.endpoint is not None else []
        target = Target(case.environ, _ours(case), home(case.environ), hosts)
        try:
            found = helpers(caller, target)
        except NotFoundError:
            yield skipped(f"{caller} is not installed, as far as PATH tells")
            return
        except SessionError as error:
            yield failed(error)
            return
        if not found:
            yield ok("not configured, and need not be")
        for each in found:
            case.seen.append(("host", each.host.partition(":")[0]))
            yield _of(each, caller, target)

    return look


def _ours(case: Case) -> str:
    """The path of this program; empty where it is no executable, as with `python -m`."""
    try:
        return this_program(sys.argv[0], case.environ)
    except InvalidRequestError:
        return ""


def _of(found: Helper, caller: str, target: Target) -> Finding:
    again = f"vsphere-session unconfigure {caller}, then configure {caller}"
    if not found.named_as_ours:
        return warning(
            f"{found.where} runs another program, {found.program}, which is asked in our place",
            f"remove it, then: vsphere-session configure {caller}",
        )
    if not found.runs:
        leads = f" (a link to {os.readlink(found.path)})" if found.path and os.path.islink(found.path) else ""
        return problem(
            f"{found.where} names {found.path or found.program}{leads}, which is not there", again, "not-found"
        )
    if target.program and not _same(found.path, target.program):
        return warning(f"{found.where} runs another copy of this program, {os.path.realpath(found.path)}", again)
    return ok(f"{found.where} runs {found.path}")


def _same(path: str, program: str) -> bool:
    """Whether it is this program: the same file, or a script of ours that names it."""
    if os.path.realpath(path) == os.path.realpath(program):
        return True
    try:
        with open(path, "rb") as file:
            return os.fsencode(program) in file.read(4096)
    except OSError:
        return False


CHECKED = tuple(CALLERS)
