"""Programs that run in a root directory of their own, as on another machine: `support/roots.py` makes such roots."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from peers import PeerMissingError

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def copy_of(root: Path, target: Path) -> Path:
    """A copy, which a test may change."""
    subprocess.run(["cp", "-a", "--reflink=auto", f"{root}/.", target], check=True)
    return target


def run_in(
    root: Path, *command: str, environment: Mapping[str, str] | None = None, stdin: str = "", user: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run a command there to its end, as `change_to` says."""
    return subprocess.run(
        [*change_to(root, user), *command],
        env={"PATH": PATH, "HOME": "/root", "LC_ALL": "C", **(environment or {})},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def change_to(root: Path, user: int = 0) -> list[str | Path]:
    """What stands before a command that is to run there as its root, or as a user if this is root's process.

    Who is not root here is so in a user namespace, which has no other user.
    """
    if os.geteuid() == 0:
        return [_found("chroot"), f"--userspec={user}:{user}", root]
    return [_found("unshare"), "--map-root-user", "--root", root, "--wd", "/"]


def _found(name: str) -> str:
    """Where a program of this machine's administrator is."""
    found = shutil.which(name, path=PATH)
    if found is None:
        raise PeerMissingError(f"{name} is needed to run programs in another root: install coreutils and util-linux")
    return found
