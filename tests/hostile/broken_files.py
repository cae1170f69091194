"""Everything that can stand in the place of a file, and what a user would call it."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

NOT_A_FILE: dict[str, Callable[[Path], None]] = {}
"""By name: what makes a path something else than a regular file of ours. All of them are refused."""

BROKEN_CONTENT: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _whole: b"",
    "cut after one byte": lambda whole: whole[:1],
    "cut in the middle": lambda whole: whole[: len(whole) // 2],
    "cut before the last brace": lambda whole: whole.rstrip()[:-1],
    "binary garbage": lambda _whole: random.Random(1).randbytes(5000),
    "text garbage": lambda _whole: b"rm -rf ~/.govmomi/sessions\n",
    "zeros": lambda whole: bytes(len(whole)),
    "UTF-16": lambda whole: whole.decode().encode("utf-16"),
    "null": lambda _whole: b"null\n",
    "a list": lambda whole: b"[" + whole + b"]",
    "an empty object": lambda _whole: b"{}\n",
    "100,000 brackets": lambda _whole: b"[" * 100_000,
    "NaN": lambda _whole: b'{"version": NaN}',
}
"""By name: what makes whole content broken. It is as good as no file."""


def _kind(name: str) -> Callable[[Callable[[Path], None]], Callable[[Path], None]]:
    def enter(make: Callable[[Path], None]) -> Callable[[Path], None]:
        NOT_A_FILE[name] = make
        return make

    return enter


@_kind("a directory")
def _directory(path: Path) -> None:
    path.mkdir()
    (path / "keep").touch()


@_kind("a FIFO")
def _fifo(path: Path) -> None:
    os.mkfifo(path)


@_kind("a socket")
def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(path.parent, os.O_RDONLY)  # the path itself may be too long for a socket's name
        try:
            listener.bind(f"/proc/self/fd/{here}/{path.name}")
        finally:
            os.close(here)


@_kind("a symbolic link to a good file")
def _link(path: Path) -> None:
    target = path.parent.parent / "elsewhere"
    path.with_suffix(".whole").replace(target)
    path.symlink_to(target)


@_kind("a symbolic link to nothing")
def _dangling(path: Path) -> None:
    path.symlink_to(path.parent / "missing")


@_kind("a symbolic link to itself")
def _loop(path: Path) -> None:
    path.symlink_to(path)


@_kind("a symbolic link to endless zeros")
def _endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def put_in_place(path: Path, make: Callable[[Path], None]) -> None:
    """Put something else in the place of the file `path`."""
    path.replace(path.with_suffix(".whole"))
    make(path)
    path.with_suffix(".whole").unlink(missing_ok=True)


def inflate(path: Path, size: int = 100 * 1000 * 1000) -> None:
    """Make a file so long that nobody should read it: its own beginning, and then a hole."""
    with path.open("ab") as file:
        file.truncate(size)


def give_away(path: Path, patch: pytest.MonkeyPatch) -> None:
    """Make `path` somebody else's. Only root can; for anybody else this process is told that it is so."""
    if os.geteuid() == 0:
        os.chown(path, 65534, -1, follow_symlinks=False)
        return
    given = path.lstat()

    def told(real: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        def look(*arguments: Any, **named: Any) -> os.stat_result:
            found = real(*arguments, **named)
            same = (found.st_dev, found.st_ino) == (given.st_dev, given.st_ino)
            return os.stat_result((*found[:4], 65534, *found[5:10])) if same else found

        return look

    for name in ("stat", "lstat", "fstat"):
        patch.setattr(os, name, told(getattr(os, name)))
