"""The sources of what is linked into the single file: sources.lock names them, sources/ holds them."""

from __future__ import annotations

import hashlib
import tarfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from common import BuildError

LOCK = Path(__file__).with_name("sources.lock")
DIRECTORY = Path(__file__).with_name("sources")


@dataclass(frozen=True)
class Source:
    """A project's release, and the archive that is kept of it. `licence` is an SPDX expression, `purl` a package URL."""

    name: str
    version: str
    licence: str
    purl: str
    package: str
    follow: str
    release: str
    release_sha256: str
    archive_sha256: str

    @property
    def archive(self) -> str:
        """The name of the file in sources/."""
        return f"{self.name}-{self.version}.tar.xz"

    def check(self) -> None:
        """Raise BuildError unless the archive is the one that the lock names."""
        file = DIRECTORY / self.archive
        try:
            found = sha256(file.read_bytes())
        except OSError as error:
            raise BuildError(f"{file}: {error.strerror}; restore it: git checkout -- packaging/toolchain") from error
        if found != self.archive_sha256:
            raise BuildError(
                f"{file} has the SHA-256 {found}, and sources.lock wants {self.archive_sha256}:"
                " restore it: git checkout -- packaging/toolchain"
            )

    def unpack(self, directory: Path) -> Path:
        """Unpack it, and return where it is."""
        self.check()
        with tarfile.open(DIRECTORY / self.archive) as archive:
            # An argument of extractall is unknown to Debian's own 3.11.2, which takes what was checked as it is.
            archive.extraction_filter = getattr(tarfile, "data_filter", None)
            archive.extractall(directory)  # noqa: S202  # nosec B202  # its digest is pinned
        return directory / self.name


def sources() -> list[Source]:
    """What sources.lock says."""
    return [Source(**row) for row in tomllib.loads(LOCK.read_text(encoding="utf-8"))["source"]]


def source(name: str) -> Source:
    """One of them."""
    return next(row for row in sources() if row.name == name)


def sha256(data: bytes) -> str:
    """A file's checksum, as the lock writes it."""
    return hashlib.sha256(data).hexdigest()
