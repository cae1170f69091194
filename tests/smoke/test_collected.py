"""What the build puts into the single file, held to what PyInstaller finds: two searches by different programs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from support import build_code

with build_code.importable():
    from binary import build

PACKAGES = ("credential_protocol", "jaraco", "jeepney", "keyring", "more_itertools", "secretstorage", "vsphere_session")
ONLY_THERE = {"vsphere_session.crypto.of_cryptography"}
"""Over the package `cryptography`, which a file that PyInstaller makes has, and the static file has not."""


@pytest.mark.skipif(sys.platform != "linux", reason="there is no static file elsewhere")
@pytest.mark.timeout(1200)  # the first build of a tree compiles an interpreter
def test_pyinstaller_finds_the_same_modules(tmp_path: Path) -> None:
    """Of the program and its libraries; those of the standard library differ from one Python to the next."""
    ours = of_packages(build.modules())
    build.analyse(tmp_path)
    found = json.loads((tmp_path / "collect" / "found.json").read_text(encoding="utf-8"))
    theirs = of_packages([name for name, _, _ in found["pure"]])
    assert theirs - ours == ONLY_THERE
    assert ours - theirs == set()


def of_packages(names: list[str]) -> set[str]:
    """Those of the program and of the libraries that are in the file."""
    return {name for name in names if name.partition(".")[0] in PACKAGES}
