"""A place to start the program in: a root directory of its own, and whatever else is not as it is here."""

from __future__ import annotations

import functools
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from peers import PeerMissingError
from support.program import Helper

PROGRAM = "vsphere-session"
HOME = "home"
MOUNT = """
PATH=/usr/sbin:/usr/bin:/sbin:/bin
while [ "$1" != -- ]; do mount --rbind "$1" "$0$1" || exit 99; shift; done
shift; unset PATH PWD OLDPWD; exec "$@"
"""
"""Mounts what is named before the `--` in the root, and becomes what is behind it."""


@dataclass(frozen=True)
class Place:
    """A root that has the program and a home in it, and the commands that start the program there.

    mounts   directories of this machine that are there, too, such as /proc; none else
    outside  started on this machine and starts what follows: a tracer, another kernel's name
    inside   started in the root, where it has to be, and starts the program: an emulator
    """

    root: Path
    mounts: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()

    def helper(self) -> Helper:
        """The program there. Its environment is HOME and nothing else."""
        helper = Helper(self.root / HOME)
        helper.environment = {"HOME": f"/{HOME}"}
        helper.program = self.command(f"/{PROGRAM}")
        return helper

    def command(self, *words: str) -> list[str]:
        """A command line for this machine that runs another one there, where what is mounted has a directory to be mounted on."""
        for directory in self.mounts:
            (self.root / directory.lstrip("/")).mkdir(exist_ok=True)
        unshare = _unshare()
        mounting = (*unshare, "/bin/sh", "-c", MOUNT, str(self.root), *self.mounts, "--")
        return [*mounting, *self.outside, unshare[0], f"--root={self.root}", *self.inside, *words]

    def contents(self) -> dict[str, tuple[object, ...]]:
        """All that lies in the root outside the home, to be compared: a directory's time tells of files that have gone again."""
        found: dict[str, tuple[object, ...]] = {}
        for directory, names, files in os.walk(self.root):
            if Path(directory) == self.root:
                names.remove(HOME)
            for path in (Path(directory), *(Path(directory, name) for name in [*names, *files])):
                now = path.lstat()
                content = path.readlink() if stat.S_ISLNK(now.st_mode) else now.st_size
                found[str(path)] = (now.st_mode, now.st_uid, now.st_mtime_ns, content)
        return found


def bare_root(root: Path, file: Path, base: Path | None = None) -> Path:
    """Make a root of the program and a home; with `base`, a copy of that one with them."""
    if base is None:
        root.mkdir()
    else:
        shutil.copytree(base, root, symlinks=True)
    (root / HOME).mkdir(mode=0o700)
    add(root, f"/{PROGRAM}", file.read_bytes(), mode=0o755)
    return root


def add(root: Path, path: str, content: bytes, *, mode: int = 0o644) -> str:
    """Put a file there; returns its path as the program sees it."""
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    place.chmod(mode)
    return path


@functools.cache
def _unshare() -> tuple[str, ...]:
    """What starts a program with mounts of its own; who is not root here is root of a namespace for it."""
    unshare = shutil.which("unshare")
    if unshare is None:
        raise PeerMissingError("no `unshare`, which starts a program in another root: install util-linux")
    return (unshare, "--mount") if os.geteuid() == 0 else (unshare, "--user", "--map-root-user", "--mount")
