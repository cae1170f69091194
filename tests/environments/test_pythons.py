from __future__ import annotations

import ast
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from environments import environment, pythons
from environments.environment import BootstrapError, Environment
from support import build_code

with build_code.importable():
    from toolchain.sources import source

    SMOKE = runpy.run_path(str(build_code.PACKAGING / "smoke.py"))  # no import: a folder of the tests has that name

TESTS = Path(__file__).resolve().parents[1]
THIS = os.path.realpath(sys.executable)


def program(path: Path, text: str) -> None:
    """A shell script that answers so, instead of a Python."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One that has this Python, and what a test adds to `bin` and to pyenv's `versions`."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setattr(pythons, "SYSTEM", str(tmp_path / "distribution" / "python3"))
    return tmp_path


def bases(environments: list[Environment]) -> list[str]:
    return [environment.base for environment in environments]


def test_a_python_counts_once_under_whatever_names(machine: Path) -> None:
    for name in ("bin/python3", "bin/python3.12", "versions/3.12.9/bin/python3", "distribution/python3"):
        (machine / name).parent.mkdir(parents=True, exist_ok=True)
        (machine / name).symlink_to(THIS)
    (found,) = pythons.found()
    assert (found.base, found.release) == (THIS, tuple(map(str, sys.version_info[:3])))
    assert found.can_be_made


def test_each_is_asked_for_its_version_and_the_supported_ones_are_taken_from_the_oldest_on(machine: Path) -> None:
    """A name says nothing, and what fails, such as pyenv's stand-in for one that is not installed, is none."""
    program(machine / "bin/python3.14", "echo cpython 3 14 2 1 /opt/fourteen")
    program(machine / "bin/python3.13", "echo cpython 3 9 1 1 /opt/nine")
    program(machine / "bin/python3.12", "exit 127")
    program(machine / "bin/python3.11", "echo pypy 3 11 1 1 /opt/pypy")
    program(machine / "versions/a/bin/python3", "echo cpython 3 11 0 0 /opt/eleven with a space")
    program(machine / "distribution/python3", "echo cpython 3 15 0 1 /opt/fifteen")
    assert bases(pythons.found()) == ["/opt/eleven with a space", THIS, "/opt/fourteen"]
    assert [environment.can_be_made for environment in pythons.found()] == [False, True, True]
    assert len({environment.place for environment in pythons.found()}) == 3


def test_in_ci_the_oldest_the_newest_and_the_distribution_s_own_are_enough(machine: Path) -> None:
    program(machine / "distribution/python3", "")
    pythons_of_all = [
        Environment(machine / name, name, ("3", str(minor), "0"), can_be_made=True)
        for minor, name in enumerate(["a", "b", pythons.SYSTEM, "main", "c", "d"], 11)
    ]
    assert bases(pythons.enough(pythons_of_all, "main")) == ["a", pythons.SYSTEM, "d"]
    assert bases(pythons.enough(pythons_of_all[3:4], "main")) == []


def test_in_ci_each_python_runs_what_no_other_run_says_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand each runs all that depends on the interpreter; what CI leaves out, another run has, on that very release."""
    main = ("3", "11", "7")
    monkeypatch.delenv("CI", raising=False)
    assert pythons.left_out_on(("3", "13", "0"), main) == set(pythons.LEFT_OUT)
    monkeypatch.setenv("CI", "true")
    assert pythons.left_out_on(("3", "12", "1"), main) == set(pythons.LEFT_OUT)
    assert pythons.left_out_on((*pythons.in_the_single_file(), "0"), main) == {*pythons.LEFT_OUT, *pythons.ON_THE_FILE}
    folders = {path.name for path in TESTS.iterdir() if path.is_dir()}
    assert folders - pythons.left_out_on(("3", "11", "2"), main) == set(pythons.OF_THE_BUILD)
    assert {*pythons.LEFT_OUT, *pythons.OF_THE_BUILD, *pythons.ON_THE_FILE} <= folders
    on_the_file = [*SMOKE["IN_THREE_WAYS"], *SMOKE["CALLERS"]]
    assert all(any(each.startswith(f"tests/{name}") for each in on_the_file) for name in pythons.ON_THE_FILE)


def test_the_release_of_the_single_file_is_known() -> None:
    assert pythons.in_the_single_file() == tuple(source("cpython").version.split(".")[:2])


def test_one_that_can_make_no_environment_is_left_out_with_a_line(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By hand that is all; in CI it is a failure where no other is left."""
    here = Environment(machine / "here", THIS, ("3", "11", "0"), can_be_made=True)
    bare = Environment(machine / "there", "/opt/bare", ("3", "12", "1"), can_be_made=False)
    monkeypatch.setattr(pythons, "found", lambda: [bare])
    monkeypatch.delenv("CI", raising=False)
    pythons.run_on_all(here, [])
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Python 3.12.1 (/opt/bare) is left out: /opt/bare can not make a virtual environment")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(BootstrapError, match="no other Python than this one"):
        pythons.run_on_all(here, [])


def test_what_was_added_to_an_environment_is_still_in_it_when_it_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed lock file makes it anew: the compiler that a build has added, a build goes on to find."""
    for name in ("requirements.lock", "pyproject.toml", "compiler.lock", "old.lock"):
        (tmp_path / name).write_text("")
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "TURN", tmp_path / "turn")
    installed: list[str] = []
    monkeypatch.setattr(Environment, "_create", lambda self: program(self.python, ""))
    monkeypatch.setattr(Environment, "_pip", lambda _self, *arguments: installed.append(arguments[-1]))
    made = Environment(tmp_path / "venv", THIS, tuple(map(str, sys.version_info[:3])), can_be_made=True)
    made.provide()
    made.add("compiler.lock")
    made.add("compiler.lock")
    made.add("old.lock")
    assert installed == ["requirements.lock", ".", "compiler.lock", "compiler.lock", "old.lock"]
    installed.clear()
    made.provide()
    assert installed == []
    (tmp_path / "requirements.lock").write_text("changed")
    (tmp_path / "old.lock").unlink()
    made.provide()
    made.provide()
    assert installed == ["requirements.lock", ".", "compiler.lock"]


def test_an_older_python_gets_as_far_as_the_message() -> None:
    """It can read what it runs until then."""
    for name in (
        "run.py",
        "environments/__init__.py",
        "environments/environment.py",
        "environments/programs.py",
        "environments/pythons.py",
    ):
        ast.parse((TESTS / name).read_text(), feature_version=(3, 7))
    script = (
        f"import sys; sys.version_info = (3, 10); sys.argv = ['run.py', 'types']; sys.path.insert(0, {str(TESTS)!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{script}; import run; sys.exit(run.main(['types']))"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "tests/run.py: Python 3.11 or newer is needed, as in `python3.11 tests/run.py`\n"
