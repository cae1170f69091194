"""The single file under test, for this machine and for another kind, and bare roots to start it in.

What is here is collected when the program under test is a single file: a script of this machine's Python runs nowhere else.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from everywhere.front import Front
from everywhere.place import Place, bare_root
from support.program import is_script, program

collect_ignore_glob = ["test_*.py"] if sys.platform != "linux" or is_script() else []

AARCH64 = "VSPHERE_SESSION_PROGRAM_AARCH64"


@pytest.fixture
def file() -> Path:
    """The single file for this machine."""
    return Path(program()[0])


@pytest.fixture
def file_for_aarch64(file: Path) -> Path:
    """The one for aarch64: named by a variable, else as it is built beside the other."""
    here = file if platform.machine() == "aarch64" else file.parent / "aarch64" / file.name
    path = Path(os.environ.get(AARCH64) or here)
    if not path.is_file():
        pytest.fail(f"{path} is not there: build it by `python3 tests/run.py build --arch aarch64`", pytrace=False)
    return path


@pytest.fixture
def root(tmp_path: Path, file: Path) -> Path:
    """An empty root: the file and a directory for HOME."""
    return bare_root(tmp_path / "root", file)


@pytest.fixture
def place(root: Path) -> Place:
    """The empty root, and nothing special about how the program is started there."""
    return Place(root)


@pytest.fixture
def server() -> Iterator[Front]:
    """The real simulator of govmomi, whose requests are counted."""
    with Front() as front:
        yield front
