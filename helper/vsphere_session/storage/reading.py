"""What the system says of the files that an answer came from, so that it can be told whether anything has changed."""

from __future__ import annotations

import os
import stat

from vsphere_session.fastpath.launcher import HANDED

ABSENT, DIRECTORY, FILE = 0, 1, 2
SETTLED = 50_000_000
"""Nanoseconds after which a further change gives a file another time: twice the coarsest clock of file systems in use."""

Seen = tuple[int, ...]
"""Kind, device, inode, mode, owner, size, modified, changed (in nanoseconds); the last three are 0 for a directory."""


def consulted(began: float, *others: str) -> list[tuple[str, Seen]]:
    """The files that were consulted since `began` (Unix seconds), what they are now, and the directories of all.

    Nothing where one may have changed since it was read, or leads elsewhere as a link.
    """
    settled = int(began * 1e9) - SETTLED
    paths = list(dict.fromkeys(map(os.path.abspath, HANDED.consulted or ())))
    directories = sorted({os.path.dirname(path) for path in [*paths, *others]})
    seen = [(path, look(path)) for path in paths]
    seen += [(path, found) for path in directories if (found := look(path))[0] != ABSENT]
    for _, (kind, _, _, mode, _, _, *times) in seen:
        if stat.S_ISLNK(mode) or (kind == FILE and max(times) >= settled):
            return []
    return seen


def look(path: str) -> Seen:
    """What the system says of a file now."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT, 0, 0, 0, 0, 0, 0, 0
    which = (found.st_dev, found.st_ino, found.st_mode, found.st_uid)
    if stat.S_ISDIR(found.st_mode):
        return (DIRECTORY, *which, 0, 0, 0)
    return (FILE, *which, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
