"""What `importlib.metadata` finds in the single file: the keyring's list of its back-ends."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import Distribution, DistributionFinder
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import vsphere_session_build as build  # type: ignore[import-not-found]  # written by the build

if TYPE_CHECKING:
    from os import PathLike


class Keyring(Distribution):
    """The one library that is asked for plug-ins."""

    def read_text(self, filename: str) -> str | None:
        """One of its files."""
        return {"METADATA": "Name: keyring\n", "entry_points.txt": build.KEYRING_PLUGINS}.get(filename)

    def locate_file(self, path: str | PathLike[str]) -> PurePosixPath:  # type: ignore[override]  # there is no file
        """Nowhere."""
        return PurePosixPath(path)


def distributions(context: DistributionFinder.Context) -> Iterator[Distribution]:
    """What was asked for and is here."""
    if context.name in (None, "keyring"):
        yield Keyring()
