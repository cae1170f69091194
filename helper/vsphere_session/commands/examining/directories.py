"""Where files are kept: whether they can be, and whether anybody else can read or change them. Nothing is repaired."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vsphere_session.commands.examining.finding import failed, ok, problem, warning
from vsphere_session.errors import SessionError
from vsphere_session.storage.files import check_directory, check_not_shared, check_ours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vsphere_session.commands.examining.case import Case
    from vsphere_session.commands.examining.finding import Finding

_NAMED = 3
"""How many files are named where many have the same flaw."""


@dataclass(frozen=True)
class _Place:
    """A directory, what is in it, and what moves it."""

    path: str
    what: str
    moved_by: str


def directories(case: Case) -> Iterator[Finding]:
    """Those of the sessions, and the one of the helper's own state."""
    if case.paths is None:
        yield failed(case.paths_error or SessionError("there are none"))
        return
    good = True
    for place in _places(case):
        for each in _findings(place):
            good = False
            yield each
    if good:
        yield ok(
            f"sessions are in {os.path.dirname(case.paths.soap_sessions)}, what belongs to them in {case.paths.state}"
        )


def _places(case: Case) -> Iterator[_Place]:
    named = case.asked.settings.directories if case.asked is not None else {}
    for kind, usual in (("soap", case.paths.soap_sessions), ("rest", case.paths.rest_sessions)) if case.paths else ():
        own = named.get(kind, "")
        yield _Place(own or usual, f"{kind.upper()} sessions", "VSPHERE_VIM_SESSION_PATH" if own else "GOVMOMI_HOME")
    if case.paths:
        yield _Place(case.paths.state, "the helper's state", "XDG_STATE_HOME")


def _findings(place: _Place) -> Iterator[Finding]:
    """What is wrong with a directory and the files below it."""
    instead = f"or use another directory ({place.moved_by})"
    if not os.path.lexists(place.path):
        yield from _could_be_made(place, instead)
        return
    try:
        check_not_shared(place.path, f"the directory of {place.what}")
        mode = stat.S_IMODE(check_directory(place.path, repair=False).st_mode)
    except SessionError as error:
        yield failed(error)
        return
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        yield problem(f"{place.path}, for {place.what}, cannot be used ({why})", f"remove it, {instead}", "storage")
        return
    if not os.access(place.path, os.R_OK | os.W_OK | os.X_OK):
        yield problem(f"{place.path}, for {place.what}, cannot be written", f"make it yours, {instead}", "storage")
    elif _is_full(place.path):
        yield problem(f"there is no space left for {place.path}", f"free some, {instead}", "storage")
    if mode & 0o077 and os.name == "posix":
        yield warning(f"others may look into {place.path} (mode {mode:04o})", "the next call makes it 0700")
    yield from _files(place)


def _could_be_made(place: _Place, instead: str) -> Iterator[Finding]:
    """The nearest directory above it that is there has to take it."""
    above = os.path.dirname(place.path)
    while not os.path.lexists(above) and above != os.path.dirname(above):
        above = os.path.dirname(above)
    if not os.path.isdir(above):
        yield problem(f"{place.path} cannot be made: {above} is no directory", f"remove that, {instead}", "storage")
    elif not os.access(above, os.W_OK | os.X_OK):
        yield problem(f"{place.path} cannot be made: {above} cannot be written", f"make it yours, {instead}", "storage")
    elif _is_full(above):
        yield problem(f"there is no space left for {place.path}", f"free some, {instead}", "storage")


def _is_full(directory: str) -> bool:
    try:
        found = os.statvfs(directory)
    except (AttributeError, OSError):
        return False
    return found.f_bavail == 0 and found.f_blocks > 0


def _files(place: _Place) -> Iterator[Finding]:
    loose, bad = [], []
    for directory, names, files in os.walk(place.path):
        for name in (*names, *files):
            path = os.path.join(directory, name)
            try:
                found = os.lstat(path)
                if name in files:
                    check_ours(path, found)
            except SessionError as error:
                bad.append(error)
                continue
            except OSError:  # gone meanwhile
                continue
            if found.st_mode & 0o077 and not stat.S_ISLNK(found.st_mode) and os.name == "posix":
                loose.append(path)
    yield from map(failed, bad[:_NAMED])
    if loose:
        more = f" and {len(loose) - _NAMED} more" if len(loose) > _NAMED else ""
        yield warning(
            f"others may look into {', '.join(loose[:_NAMED])}{more}",
            "each is made 0600 when it is read next; or: chmod go-rwx",
        )
