"""Where files live: govmomi's directories for sessions, the platform's for what is the helper's own. On the fast path.

On Linux the two environment variables of the XDG specification are read here, because importing `platformdirs`
costs more than a whole warm answer; a test holds both to the same result. Elsewhere `platformdirs` decides.
"""

from __future__ import annotations

import os
import sys

from vsphere_session.errors import InvalidRequestError, StorageError
from vsphere_session.version import PROGRAM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Paths:
    """The directories of one user, all absolute. Raises StorageError where there is no home directory."""

    __slots__ = ("config", "rest_sessions", "soap_sessions", "state")

    def __init__(self, environ: Mapping[str, str]) -> None:
        govmomi = usable_path(environ.get("GOVMOMI_HOME", ""), "GOVMOMI_HOME") or os.path.join(
            home(environ), ".govmomi"
        )
        self.soap_sessions = os.path.join(absolute(govmomi, "GOVMOMI_HOME"), "sessions")
        self.rest_sessions = os.path.join(absolute(govmomi, "GOVMOMI_HOME"), "rest_sessions")
        self.state = _platform_dir(environ, "XDG_STATE_HOME", ".local/state", "user_state_path")
        self.config = usable_path(environ.get("VSPHERE_SESSION_CONFIG", ""), "VSPHERE_SESSION_CONFIG") or os.path.join(
            _platform_dir(environ, "XDG_CONFIG_HOME", ".config", "user_config_path"), "config.toml"
        )


def usable_path(path: str, variable: str) -> str:
    """`path`, which a variable names. Raises InvalidRequestError for one with control characters, or in quotes.

    Both come from files that were read by another tool than they were written for, and would lead to a place that
    nobody looks into. A path may be no UTF-8.
    """
    if not path.isprintable() or path[:1] in ("'", '"'):
        from credential_protocol.characters import flaw  # noqa: PLC0415  # only a mistake pays for it

        found = flaw("".join(c for c in path if not "\udc80" <= c <= "\udcff"))
        if found:
            raise InvalidRequestError(f"{variable} {found}")
    return path


def home(environ: Mapping[str, str]) -> str:
    """The user's home directory: HOME, else what the system's user database says; never the current directory."""
    path = environ.get("HOME" if os.name == "posix" else "USERPROFILE", "")
    if not os.path.isabs(path):
        path = _home_in_user_database()
    if not os.path.isabs(path):
        raise StorageError(
            "there is no home directory: HOME is not set to an absolute path; set HOME, or each of GOVMOMI_HOME, XDG_STATE_HOME "
            "and XDG_CONFIG_HOME"
        )
    if environ.get("SUDO_UID") and os.name == "posix":
        _refuse_callers_home(path, environ["SUDO_UID"])
    return path


def _refuse_callers_home(path: str, caller: str) -> None:
    """Whom sudo runs us as must make no directories in the caller's home: its owner could not get into them any more."""
    try:
        owner = os.stat(path).st_uid
    except OSError:
        return
    if owner != os.geteuid() and str(owner) == caller:
        raise StorageError(
            f"HOME is {path}, which belongs to the user who called sudo (uid {owner}); use sudo -H, or set each of GOVMOMI_HOME, "
            "XDG_STATE_HOME and XDG_CONFIG_HOME"
        )


def absolute(path: str, what: str) -> str:
    """`path`, which is `what`, seen from the root. Raises StorageError for a relative one in a directory that is gone."""
    try:
        return os.path.abspath(path)
    except OSError:
        raise StorageError(
            f"{what} is {path}, which is relative, and the current directory is gone; set it to an absolute path"
        ) from None


def named_paths(text: str, environ: Mapping[str, str], directory: str = "") -> str:
    """The paths in `text`, a list as in PATH, with `~` as in a shell; relative ones are seen from `directory`.

    Raises StorageError for a `~` where there is no home directory.
    """
    return os.pathsep.join(_named_path(path, environ, directory) for path in text.split(os.pathsep))


def _named_path(path: str, environ: Mapping[str, str], directory: str) -> str:
    if path == "~" or path.startswith(("~/", f"~{os.sep}")):
        return home(environ) + path[1:]
    if path.startswith("~"):
        path = os.path.expanduser(path)  # another user's
    return os.path.join(directory, path) if path else path


def _home_in_user_database() -> str:
    try:
        from pwd import getpwuid  # noqa: PLC0415  # not on every platform, and only without HOME

        return getpwuid(os.getuid()).pw_dir
    except (ImportError, KeyError):
        return ""


def _platform_dir(environ: Mapping[str, str], variable: str, below_home: str, elsewhere: str) -> str:
    if sys.platform == "linux":
        base = environ.get(variable, "").strip()
        return os.path.join(base if os.path.isabs(base) else os.path.join(home(environ), below_home), PROGRAM)
    import platformdirs  # noqa: PLC0415  # costs more than a warm answer on Linux

    return str(getattr(platformdirs.PlatformDirs(PROGRAM, appauthor=False), elsewhere))
