"""What the build puts into the single file, held to what PyInstaller finds: two searches by different programs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from rich._unicode_data._versions import VERSIONS

from support import build_code

with build_code.importable():
    from binary import build
    from binary.stand_ins import unicode_versions

PACKAGES = (
    *("click", "credential_protocol", "jaraco", "jeepney", "keyring", "more_itertools"),
    *("pyVim", "pyVmomi", "rich", "secretstorage", "tomlkit", "vsphere_session"),
)
ONLY_THERE = {
    "vsphere_session.crypto.of_cryptography",
    "pyVmomi.vim",
    "pyVmomi.vmodl",
    *(f"rich._unicode_data.unicode{version.replace('.', '-')}" for version in VERSIONS[:-1]),
}
"""What stands over the package `cryptography`, which a file that PyInstaller makes has, and the static file has not;
directories of stubs, and tables that have been replaced by newer ones."""


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


def test_the_table_of_the_widths_of_characters_is_the_newest_that_there_is() -> None:
    """The others are not in the file."""
    assert VERSIONS[-1:] == unicode_versions.VERSIONS


def of_packages(names: list[str]) -> set[str]:
    """Those of the program and of the libraries that are in the file."""
    return {name for name in names if name.partition(".")[0] in PACKAGES}
