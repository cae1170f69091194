"""CONTRIBUTING's walk-through of a new dialect, done as it stands there in a copy of the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.pages import ROOT, snippet

COPIED = ("helper", "protocol", "tests", "docs", "README.md", "CONTRIBUTING.md", "pyproject.toml")
ESSENTIAL = "plain and not hostile"
LAUNCHER = """\
#!{python}
import sys
sys.path[:0] = {path}
from vsphere_session.cli.main import main
sys.exit(main())
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the walk-through speaks of."""
    copy = tmp_path / "tree"
    copy.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        else:
            shutil.copy(ROOT / name, copy / name)
    return copy


def put(file: Path, before: str, text: str) -> None:
    """Put a snippet into a file, before the one place where this stands."""
    there = file.read_text(encoding="utf-8")
    assert there.count(before) == 1, (file, before)
    file.write_text(there.replace(before, text + before), encoding="utf-8")


def walk_through(tree: Path) -> list[Path]:
    """Do what it says, and return the files that it touches."""
    protocol, interop = tree / "protocol" / "credential_protocol", tree / "tests" / "interop"
    made, table, asking = protocol / "plain.py", protocol / "dialects.py", protocol / "asking.py"
    suite, conformance = interop / "test_dialects.py", interop / "test_plain.py"
    made.write_text(snippet("CONTRIBUTING", "module"), encoding="utf-8")
    put(table, "}\n\n\ndef by_program", snippet("CONTRIBUTING", "row"))
    conformance.write_text(snippet("CONTRIBUTING", "conformance"), encoding="utf-8")
    put(suite, "}\nEVERY = ", snippet("CONTRIBUTING", "sample"))
    put(asking, "_HALVES: dict", f"{snippet('CONTRIBUTING', 'half')}\n\n")
    rows = asking.read_text(encoding="utf-8").removesuffix("}\n")
    asking.write_text(f"{rows}{snippet('CONTRIBUTING', 'half-row')}}}\n", encoding="utf-8")
    return [made, table, asking, suite, conformance]


def test_the_walk_through_makes_a_dialect_that_passes_the_suite(tree: Path) -> None:
    """The program of the copy speaks it, under its name; the files are as `lint` wants them."""
    touched = walk_through(tree)
    for command in (["check"], ["format", "--check"]):
        done = run([sys.executable, "-m", "ruff", *command, "--no-cache", *map(str, touched)], tree)
        assert done.returncode == 0, done.stdout
    program = tree / "vsphere-session"
    path = [str(tree / "helper"), str(tree / "protocol")]
    program.write_text(LAUNCHER.format(python=sys.executable, path=path), encoding="utf-8")
    program.chmod(0o755)
    names = [f"tests/interop/{name}.py" for name in ("test_dialects", "test_asking", "test_plain")]
    pytest_ = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--timeout=60",
        "-k",
        ESSENTIAL,
        *names,
    ]
    done = run(pytest_, tree, VSPHERE_SESSION_PROGRAM=str(program), PYTHONPATH=os.pathsep.join(path))
    assert done.returncode == 0, done.stdout
    assert int(done.stdout.rpartition(" passed")[0].split()[-1]) >= 19, done.stdout


def run(command: list[str], tree: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run in the copy, with what it says for people in `stdout`."""
    return subprocess.run(
        command,
        cwd=tree,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=150,
    )
