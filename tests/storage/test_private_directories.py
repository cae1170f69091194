"""A directory of ours is made private; what stands in its place and is none stays as it is."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vsphere_session.errors import StorageError
from vsphere_session.storage.files import make_private_directory

ODD: dict[str, Callable[[Path], None]] = {"a file": Path.touch, "a pipe": os.mkfifo}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
@pytest.mark.parametrize("linked", [False, True], ids=["itself", "by a link"])
def test_what_is_no_directory_keeps_its_mode(tmp_path: Path, make: Callable[[Path], None], *, linked: bool) -> None:
    """Root would take /dev/null from everybody by that."""
    odd = named = tmp_path / "odd"
    make(odd)
    odd.chmod(0o666)
    if linked:
        named = tmp_path / "link"
        named.symlink_to(odd)
    with pytest.raises(StorageError, match="Not a directory"):
        make_private_directory(str(named))
    assert stat.S_IMODE(odd.stat().st_mode) == 0o666


def test_a_directory_is_made_private(tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.mkdir()
    loose.chmod(0o755)
    make_private_directory(str(loose))
    assert sys.platform == "win32" or stat.S_IMODE(loose.stat().st_mode) == 0o700
