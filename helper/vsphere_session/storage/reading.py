"""Reads the files that an answer depends on, and notes what each of them was. On the fast path.

A file's identity is what the system says of the very descriptor that was read; its path stays as it was given, since a
shortened one may lead elsewhere where directories are links.
"""

from __future__ import annotations

import os
import stat

from vsphere_session.storage.files import read_named, read_private

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

ABSENT, DIRECTORY, FILE = 0, 1, 2
SETTLED = 50_000_000
"""Nanoseconds after which a further change gives a file another time: more than twice the ticks of clocks in use."""
SETTLED_WHOLE = 2_100_000_000
"""The same where times are of whole seconds, or of two, as on some file systems (git calls such entries racy)."""

Identity = tuple[int, ...]
"""Kind, device, inode, mode, owner, size, modified, changed (in nanoseconds); the last three are 0 for a directory."""
_NOT_THERE = (ABSENT, 0, 0, 0, 0, 0, 0, 0)


class Reader:
    """Reads for one call. What it has read, or found missing, is what the call's answer depends on.

    One that `only_looks` repairs no mode.
    """

    __slots__ = ("_noted", "_only_looks", "_sure", "contents")

    def __init__(self, *, only_looks: bool = False) -> None:
        self._only_looks = only_looks
        self._noted: dict[str, Identity] = {}
        self._sure = True
        self.contents: dict[str, bytes] = {}
        """What was in the private ones."""

    def private(self, path: str) -> bytes | None:
        """As `read_private`."""
        data = read_private(path, self._note, repair=not self._only_looks)
        if data is not None:
            self.contents[path] = data
        return data

    def unnoted(self, path: str) -> bytes | None:
        """The same of what the call's answer does not depend on."""
        return read_private(path, repair=not self._only_looks)

    def named(
        self, path: str, limit: int, what: str, seconds: float, *, skip: Callable[[os.stat_result], bool] | None = None
    ) -> bytes:
        """As `read_named`."""
        try:
            return read_named(path, limit, what, seconds, note=self._note, skip=skip)
        except (FileNotFoundError, NotADirectoryError):
            self._note(path, None)
            raise
        except BaseException:
            self._sure = False
            raise

    def finds(self, path: str) -> bool:
        """Whether there is something of that name; whoever asks goes on to read it."""
        found = os.path.lexists(path)
        if not found:
            self._note(path, None)
        return found

    @property
    def count(self) -> int:
        """How many files were read or missing so far: the first of those that `seen` tells at the end."""
        return len(self._noted)

    def seen(self, began: float) -> list[tuple[str, Identity]]:
        """What was read or missing since `began` (Unix seconds), with the identity of each.

        Nothing where the same may not be read again: a file changed too lately, a link or a pipe led to it.
        """
        for path, found in self._noted.items():
            if (found[0] == FILE and not is_settled(found, int(began * 1e9))) or look(path) != found:
                return []
        return list(self._noted.items()) if self._sure else []

    def _note(self, path: str, found: os.stat_result | None) -> None:
        identity = _NOT_THERE if found is None else identity_of(found)
        if self._noted.setdefault(path, identity) != identity or not (
            found is None or stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)
        ):
            self._sure = False


def look(path: str) -> Identity | None:
    """What the system says of a file now; None where it says nothing that could be compared."""
    try:
        return identity_of(os.lstat(path))
    except (FileNotFoundError, NotADirectoryError):
        return _NOT_THERE
    except (OSError, ValueError):
        return None


def is_settled(file: Identity, now: int) -> bool:
    """Whether a change that comes now, in nanoseconds, is sure to give the file other times."""
    *_, modified, changed = file
    return max(modified, changed) < now - (SETTLED if changed % 1_000_000_000 else SETTLED_WHOLE)


def identity_of(found: os.stat_result) -> Identity:
    """What tells a file apart from another, and from itself after a change."""
    which = (found.st_dev, found.st_ino, found.st_mode, found.st_uid)
    if stat.S_ISDIR(found.st_mode):
        return (DIRECTORY, *which, 0, 0, 0)
    return (FILE, *which, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
