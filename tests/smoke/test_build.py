"""The build says in one line what it lacks; on a copy of the tree, so that it never gets far."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What the build reads before it begins."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "packaging", tmp_path / "packaging", ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def build(tree: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the build to its end, whatever its exit status."""
    return subprocess.run(
        [sys.executable, tree / "packaging" / "build.py", *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def refusal(tree: Path, *arguments: str, **environment: str) -> str:
    """The one line with which the build of the single file ends."""
    done = build(tree, *(arguments or ("binary",)), **environment)
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert not (tree / "dist").exists()
    return line


def test_another_pyinstaller_than_the_pinned_one_is_refused(tree: Path) -> None:
    project = tree / "pyproject.toml"
    project.write_text(project.read_text().replace("pyinstaller==", "pyinstaller==1.2."))
    assert refusal(tree, "plain").startswith("packaging/build.py: PyInstaller 1.2.6.")
    assert refusal(tree, "plain").endswith("run python3 tests/run.py build")


def test_tools_that_are_missing_are_named(tree: Path) -> None:
    line = refusal(tree, PATH=str(tree))
    assert "make and perl cannot be found" in line
    assert "install your system's packages of these names" in line


@pytest.mark.parametrize("there", ["none", "0.14.0"])
def test_without_the_compiler_or_with_another_version_that_is_said(tree: Path, there: str) -> None:
    (tree / "sitecustomize.py").write_text(
        f"""
import importlib.metadata as metadata
from types import SimpleNamespace
found = metadata.distribution
def distribution(name):
    if name != "ziglang":
        return found(name)
    if {there!r} == "none":
        raise metadata.PackageNotFoundError(name)
    return SimpleNamespace(version={there!r})
metadata.distribution = distribution
"""
    )
    line = refusal(tree, PYTHONPATH=str(tree))
    assert line.endswith(f"the compiler ziglang 0.15.1 is needed, {there} is here: run python3 tests/run.py build")


def test_a_source_that_is_not_the_one_of_the_lock_is_not_compiled(tree: Path) -> None:
    (source,) = (tree / "packaging/toolchain/sources").glob("openssl-*")
    source.write_bytes(source.read_bytes() + b"\n")
    line = refusal(tree)
    assert "has the SHA-256" in line
    assert "restore it: git checkout" in line
    assert nothing_is_left(tree)


def test_a_source_that_is_missing_is_named(tree: Path) -> None:
    (source,) = (tree / "packaging/toolchain/sources").glob("openssl-*")
    source.unlink()
    line = refusal(tree)
    assert f"{source}: No such file or directory" in line
    assert nothing_is_left(tree)


def test_an_architecture_that_is_not_known_is_told_those_that_are(tree: Path) -> None:
    line = refusal(tree, "binary", "--arch", "sparc")
    assert "'sparc' is no architecture that the file is made for: choose --arch x86_64 or aarch64" in line


def test_a_step_of_the_toolchain_that_fails_says_where_its_output_is_and_leaves_nothing(tree: Path) -> None:
    tools = tree / "tools"
    tools.mkdir()
    for name in ("perl", "make"):
        (tools / name).write_text("#!/bin/sh\necho no luck\nexit 3\n")
        (tools / name).chmod(0o755)
    line = refusal(tree, PATH=f"{tools}{os.pathsep}{os.environ['PATH']}")
    assert "openssl could not be built (perl): see " in line
    assert "no luck" in Path(line.rpartition("see ")[2]).read_text()
    assert nothing_is_left(tree)


def nothing_is_left(tree: Path) -> bool:
    """Whether the next build begins anew."""
    return not [path for path in (tree / ".cache/toolchain").iterdir() if path.is_dir()]


def test_the_plain_build_refuses_a_python_without_a_shared_library(tree: Path) -> None:
    """Which this one is not: PyInstaller is made to believe so."""
    (tree / "sitecustomize.py").write_text(
        "from PyInstaller.depend import bindepend\nbindepend.get_python_library_path = lambda: None\n"
    )
    line = refusal(tree, "plain", PYTHONPATH=str(tree))
    assert "has no shared library" in line
    assert "--enable-shared" in line


def test_an_unknown_step_prints_what_there_is(tree: Path) -> None:
    done = build(tree, "everything")
    assert done.returncode == 2
    assert "[binary] [plain] [distributions]" in done.stderr


@pytest.fixture
def check(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What the build says to lines of PyInstaller's warnings; nothing if it goes on."""
    monkeypatch.syspath_prepend(tree / "packaging")
    monkeypatch.delitem(sys.modules, "build", raising=False)
    from binary.build import check_left_out
    from common import BuildError

    def said(*lines: str) -> str:
        (tree / "warnings").write_text("".join(f"excluded module named {line}\n" for line in lines))
        try:
            check_left_out(tree / "warnings")
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
    from binary.contents import NOT_REACHED, UNUSED

    assert ("tarfile" in UNUSED) == (sys.version_info < (3, 12)) == (("tarfile", "jaraco.context") in NOT_REACHED)
    assert check(*(f"{module} - imported by {library} (conditional)" for module, library in NOT_REACHED)) == ""
    assert "imported by jaraco.context" in check("pickle - imported by jaraco.context (conditional)")
