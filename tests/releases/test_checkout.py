"""What a checkout gives with one command, on a machine that has nothing but Python."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from everywhere.place import Place
from support.roots import debian_root, sources

ROOT = Path(__file__).resolve().parents[2]
SUITE = "trixie"
PACKAGES = ("apt", "base-files", "coreutils", "dash", "dpkg", "libc-bin", "python3", "tar")
NOT_CHECKED_OUT = (".git", ".cache", ".venv", "build", "dist", ".*_cache", "__pycache__")
HELD = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}


@pytest.mark.skipif(sys.platform != "linux", reason="a Debian starts on Linux only")
@pytest.mark.timeout(900)
def test_the_demo_runs_on_a_debian_that_has_nothing_but_python3(tmp_path: Path) -> None:
    """No python3-venv, no pip, no git, no compiler, no authorities, no home: the first of README's two commands."""
    root = tmp_path / "root"
    shutil.copytree(debian_root(SUITE, PACKAGES), root, symlinks=True)
    shutil.copytree(ROOT, root / "checkout", symlinks=True, ignore=shutil.ignore_patterns(*NOT_CHECKED_OUT))
    variables = HELD | way_to_the_network(root)
    assert not (root / "etc/ssl/certs/ca-certificates.crt").exists()
    command = ["/usr/bin/env", "-C", "/checkout", *(f"{name}={value}" for name, value in variables.items())]
    done = subprocess.run(
        Place(root, mounts=("/dev", "/proc")).command(*command, "python3", "tests/run.py", "demo"),
        env={"PATH": os.environ["PATH"]}, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("The vCenter has 0 sessions.\n")
    assert (root / "checkout/.venv/bin/pip").exists()


def way_to_the_network(root: Path) -> dict[str, str]:
    """Give a root what this machine is set up with to reach its package indexes; returns the variables for it."""
    for name in ("resolv.conf", "hosts"):
        shutil.copy(Path("/etc", name), root / "etc" / name)
    (root / "etc/apt/sources.list").write_text(sources(SUITE), encoding="utf-8")
    settings = subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, text=True, check=True).stdout
    (root / "etc/apt/apt.conf.d/99here").write_text(settings, encoding="utf-8")
    variables = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        variables[f"PIP_{name.rpartition('.')[2].replace('-', '_').upper()}"] = ast.literal_eval(value)
    if "PIP_CERT" in variables:
        shutil.copy(variables["PIP_CERT"], root / "authorities.crt")
        variables["PIP_CERT"] = "/authorities.crt"
    variables.pop("PIP_FIND_LINKS", None)  # directories of this machine
    return variables
