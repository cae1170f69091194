"""Where this program is, and where links to it go: beside it, or where that cannot be written, to ~/.local/bin."""

from __future__ import annotations

import os
import shutil
import sys

from vsphere_session.configure.plan import Change, Target, link, unlink
from vsphere_session.errors import InvalidRequestError
from vsphere_session.storage.paths import absolute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def this_program(name: str, environ: Mapping[str, str]) -> str:
    """The absolute path under which the program was started. Raises InvalidRequestError where that is no executable, StorageError.

    Links on the way stay: that of a package manager outlives an update, what it leads to does not.
    """
    frozen = sys.executable if getattr(sys, "frozen", False) else None
    found = shutil.which(name, path=environ.get("PATH", os.defpath)) or frozen
    if found is None or found.endswith(".py"):
        raise InvalidRequestError("callers need an executable to run; start it as vsphere-session, not by python -m")
    return absolute(found, "this program")


def directories(target: Target) -> list[str]:
    """Where a link of ours can be, the best place first."""
    return [os.path.dirname(target.program), os.path.join(target.home, ".local", "bin")]


def place(name: str, target: Target) -> str:
    """The path of the link or script `name`: where it is already, else where it is to be."""
    beside, at_home = (os.path.join(directory, name) for directory in directories(target))
    if os.path.lexists(beside) or not os.path.lexists(at_home):
        return beside if os.path.lexists(beside) or os.access(os.path.dirname(beside), os.W_OK) else at_home
    return at_home


def make(path: str, target: Target) -> list[Change]:
    """The link, and a word where its directory is not on PATH. Raises StorageError."""
    changes = link(path, target.program)
    directory = os.path.dirname(path)
    if changes and directory not in target.environ.get("PATH", "").split(os.pathsep):
        changes.append(Change(f"{directory} is not on PATH: add it", lambda: None))
    return changes


def remove(name: str, target: Target) -> list[Change]:
    """Remove our links of this name."""
    paths = dict.fromkeys(os.path.join(directory, name) for directory in directories(target))
    return [change for path in paths for change in unlink(path, target.program)]
