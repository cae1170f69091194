"""Windows' answers in the place of this system's, so that what is written for it runs here, as far as that can be.

It is Python's `os` as it is there: without the names that it lacks, with the modes, flags and refusals of its own. Files
are this system's: of Windows' rules about files that are open, and about names, nothing is known here.
"""

from __future__ import annotations

import errno
import importlib.util
import ntpath
import os
import posixpath
import stat
import sys
from types import ModuleType
from typing import Any
from unittest import mock

O_BINARY = 0x8000
LACKING = (
    *("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_DIRECTORY", "fchmod", "fchown", "chown", "geteuid", "getuid"),
    *("getegid", "getgid", "pread", "pwrite", "uname", "mkfifo", "fork"),
)


class WindowsOs:
    """`os` there. With `paths_too` paths are Windows', which no call then understands; else they are this system's.

    changed   each path whose mode was changed
    """

    name = "nt"
    O_BINARY = O_BINARY

    def __init__(self, *, paths_too: bool = False) -> None:
        self.path = ntpath if paths_too else posixpath
        self.sep, self.pathsep = ("\\", ";") if paths_too else ("/", ":")
        self.changed: list[str] = []
        self.locked: dict[tuple[int, int], int] = {}
        self._text: set[int] = set()

    def __getattr__(self, name: str) -> Any:  # whatever `os` has
        if name in LACKING:
            raise AttributeError(f"Windows has no os.{name}")
        return getattr(os, name)

    def open(self, path: str, flags: int, mode: int = 0o777) -> int:
        """A file's descriptor translates line ends unless it is opened as binary; a directory cannot be opened."""
        if os.path.isdir(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        fd = os.open(path, flags & ~O_BINARY, mode)
        if not flags & O_BINARY:
            self._text.add(fd)
        return fd

    def write(self, fd: int, data: bytes) -> int:
        """As the C library there: how much was written of what was given."""
        whole = bytes(data)
        os.write(fd, whole.replace(b"\n", b"\r\n") if fd in self._text else whole)
        return len(whole)

    def read(self, fd: int, size: int) -> bytes:
        """As the C library there: a text ends at Ctrl-Z."""
        data = os.read(fd, size)
        return data.partition(b"\x1a")[0].replace(b"\r\n", b"\n") if fd in self._text else data

    def close(self, fd: int) -> None:
        """Locks end with their descriptor."""
        self._text.discard(fd)
        self.locked = {place: holder for place, holder in self.locked.items() if holder != fd}
        os.close(fd)

    def chmod(self, path: str, mode: int) -> None:
        """There is nothing in a mode but whether one may write."""
        self.changed.append(path)
        os.chmod(path, mode | 0o200)

    def stat(self, path: str) -> os.stat_result:
        """As it looks there."""
        return _seen(os.stat(path))

    def lstat(self, path: str) -> os.stat_result:
        """As it looks there."""
        return _seen(os.lstat(path))

    def fstat(self, fd: int) -> os.stat_result:
        """As it looks there."""
        return _seen(os.fstat(fd))


class Msvcrt(ModuleType):
    """The module with which files are locked there: bytes from where the descriptor is, for one holder alone."""

    LK_NBLCK = 2

    def __init__(self, windows: WindowsOs) -> None:
        super().__init__("msvcrt")
        self._windows = windows

    def locking(self, fd: int, mode: int, count: int) -> None:
        """Lock a byte; its very holder cannot lock it again either."""
        assert (mode, count) == (self.LK_NBLCK, 1)
        place = os.fstat(fd).st_ino, os.lseek(fd, 0, os.SEEK_CUR)
        if place in self._windows.locked:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        self._windows.locked[place] = fd


def _seen(found: os.stat_result) -> os.stat_result:
    """No owner, and everybody may do what one may."""
    fields = list(found)
    fields[0] = stat.S_IFMT(found.st_mode) | (0o777 if stat.S_ISDIR(found.st_mode) else 0o666)
    fields[4] = fields[5] = 0
    return os.stat_result(fields)


def on_windows(windows: WindowsOs, *names: str) -> list[ModuleType]:
    """Each module as it is there, beside the one that is in use; those named before are what later ones import."""
    fresh: dict[str, ModuleType] = {}
    put_in = {"os": windows, "msvcrt": Msvcrt(windows)}
    for name in names:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.loader is not None
        fresh[name] = importlib.util.module_from_spec(spec)
        with mock.patch.dict(sys.modules, {**put_in, **fresh}):
            spec.loader.exec_module(fresh[name])
    return list(fresh.values())
