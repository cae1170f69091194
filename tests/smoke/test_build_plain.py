"""PyInstaller's own file, and what the build makes of PyInstaller's warnings."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support import build_code

ROOT = Path(__file__).resolve().parents[2]
with build_code.importable():
    from binary.build import check_left_out
    from binary.contents import NOT_REACHED, UNUSED
    from common import BuildError


@pytest.fixture
def plain(tmp_path: Path) -> Callable[..., str]:
    """What `build plain` says in a copy of the tree with a sitecustomize.py of these lines."""
    shutil.copytree(
        build_code.PACKAGING, tmp_path / "packaging", ignore=shutil.ignore_patterns("__pycache__", "*.tar.xz")
    )
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    def refusal(custom: str = "", pinned: str = "pyinstaller==") -> str:
        (tmp_path / "pyproject.toml").write_text(project.replace("pyinstaller==", pinned), encoding="utf-8")
        (tmp_path / "sitecustomize.py").write_text(custom)
        done = subprocess.run(
            [sys.executable, tmp_path / "packaging" / "build.py", "plain"],
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        (line,) = done.stderr.splitlines()
        assert (done.returncode, done.stdout) == (1, "")
        assert not (tmp_path / "dist").exists()
        return line

    return refusal


def test_another_pyinstaller_than_the_pinned_one_is_refused(plain: Callable[..., str]) -> None:
    line = plain(pinned="pyinstaller==1.2.")
    assert line.startswith("packaging/build.py: PyInstaller 1.2.6.")
    assert line.endswith("run python3 tests/run.py build")


def test_the_plain_build_refuses_a_python_without_a_shared_library(plain: Callable[..., str]) -> None:
    """Which this one is not: PyInstaller is made to believe so."""
    line = plain("from PyInstaller.depend import bindepend\nbindepend.get_python_library_path = lambda: None\n")
    assert "has no shared library" in line
    assert "--enable-shared" in line


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., str]:
    """What the build says to lines of PyInstaller's warnings; nothing if it goes on."""

    def said(*lines: str) -> str:
        (tmp_path / "warnings").write_text("".join(f"excluded module named {line}\n" for line in lines))
        try:
            check_left_out(tmp_path / "warnings")
        except BuildError as error:
            return str(error)
        return ""

    return said


OURS = "vsphere_session.settings.config_file"


def test_a_library_that_is_left_out_and_imported_by_our_own_code_is_an_error(check: Callable[..., str]) -> None:
    """PyInstaller only warns of it, and the program fails where it needs it."""
    assert check("doctest - imported by difflib (delayed)") == ""
    assert f"doctest is left out as unused, but is imported by {OURS}" in check(
        f"doctest - imported by pickle (delayed), {OURS} (delayed)"
    )


@pytest.mark.parametrize("how", ["top-level", "conditional"])
def test_a_library_that_imports_what_is_left_out_together_with_itself_is_an_error(
    check: Callable[..., str], how: str
) -> None:
    """It would be dead; what imports it later, or does without it, and the standard library are another matter."""
    assert check("doctest - imported by jeepney (delayed), jeepney.io (optional), pickle (top-level)") == ""
    assert f"imported by jeepney.io ({how})" in check(f"doctest - imported by pickle (delayed), jeepney.io ({how})")
    assert check(f"doctest - imported by jeepney.io (delayed, {how})", f"doctest - imported by difflib ({how})") == ""


def test_what_is_left_out_for_another_python_than_this_one_is_no_error(check: Callable[..., str]) -> None:
    """From Python 3.12 on the keyring needs `tarfile`, as PyInstaller says of both; with a reason each it may be so."""
    assert ("tarfile" in UNUSED) == (sys.version_info < (3, 12)) == (("tarfile", "jaraco.context") in NOT_REACHED)
    assert check(*(f"{module} - imported by {library} (conditional)" for module, library in NOT_REACHED)) == ""
    assert "imported by jaraco.context" in check("doctest - imported by jaraco.context (conditional)")
