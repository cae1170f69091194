"""What a build is made from: the commit, and the time that is written into everything that wants one."""

from __future__ import annotations

import os
import subprocess

from common import ROOT

SOURCES = ("helper", "protocol", "packaging", "pyproject.toml", "requirements.lock")
BUILT_FROM = "VSPHERE_SESSION_BUILT_FROM"


def source(built_with: str) -> str:
    """What `--version` says: `commit abc1234 (clean), OpenSSL 3.5.7, x86_64-linux-musl`."""
    return f"{built_from()}, {built_with}"


def built_from() -> str:
    """Name the commit, and whether what goes into the build is as it was committed.

    Where there is no checkout, as in a source distribution, VSPHERE_SESSION_BUILT_FROM may say what it was built from.
    """
    given = os.environ.get(BUILT_FROM)
    commit = git("rev-parse", "--short=7", "HEAD")
    if given or not commit:
        return given or "a source distribution"
    return f"commit {commit} ({'changed' if git('status', '--porcelain', '--', *SOURCES) else 'clean'})"


def time_of_source() -> str:
    """SOURCE_DATE_EPOCH: as it is given, else the time of the last commit, else 1 January 1980, a ZIP file's oldest."""
    return os.environ.get("SOURCE_DATE_EPOCH") or git("log", "-1", "--format=%ct") or "315532800"


def git(*arguments: str) -> str:
    """Return what git says of this very tree; nothing where it is no checkout, or lies within somebody else's."""
    if not (ROOT / ".git").exists():
        return ""
    try:
        done = subprocess.run(  # noqa: S603  # nosec B603, B607  # what is run stands here
            ["git", "-c", "safe.directory=*", *arguments],  # noqa: S607  # the user's own git
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
