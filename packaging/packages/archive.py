"""Tar files that are the same bytes whenever, wherever and by whomever they are made."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import PurePosixPath


class Archive:
    """A tar file in the making: everything belongs to root and has one date; directories come before what is in them."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._bytes = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._bytes, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115  # tar() closes it
        self._made = {PurePosixPath(".")}

    def file(self, place: str, content: bytes, mode: int = 0o644) -> None:
        """Add a file, and the directories on the way."""
        self._parents(place)
        self._add(place, tarfile.REGTYPE, mode, content=content)

    def link(self, place: str, target: str) -> None:
        """Add a symbolic link."""
        self._parents(place)
        self._add(place, tarfile.SYMTYPE, 0o777, target=target)

    def directory(self, place: str, mode: int = 0o755, owner: int = 0) -> None:
        """Add a directory, which may be a user's."""
        self._parents(place)
        self._made.add(PurePosixPath(place))
        self._add(place, tarfile.DIRTYPE, mode, owner=owner)

    def tar(self) -> bytes:
        """The whole file."""
        self._tar.close()
        return self._bytes.getvalue()

    def tar_gz(self) -> bytes:
        """The same, deflated."""
        return gzip.compress(self.tar(), mtime=0)

    def _parents(self, place: str) -> None:
        for parent in reversed(PurePosixPath(place).parents):
            if parent not in self._made:
                self.directory(str(parent))

    def _add(
        self, place: str, kind: bytes, mode: int, *, content: bytes = b"", target: str = "", owner: int = 0
    ) -> None:
        member = tarfile.TarInfo(place)
        member.type, member.mode, member.linkname = kind, mode, target
        member.size, member.mtime, member.uid, member.gid = len(content), self._seconds, owner, owner
        self._tar.addfile(member, io.BytesIO(content))
