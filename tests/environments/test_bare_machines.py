"""What `python3 tests/run.py` says and does where there is little else than Python; on a real Debian: tests/releases/test_checkout.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from environments import environment, programs
from environments.environment import BootstrapError, Environment
from environments.pip_of_debian import pip_of_debian

ROOT = Path(__file__).resolve().parents[2]


def test_a_pip_that_lies_on_the_machine_is_used_without_a_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    wheel = tmp_path / "usr/share/python-wheels/pip-25.1.1-py3-none-any.whl"
    authorities = tmp_path / "etc/ssl/certs/ca-certificates.crt"
    for path in (wheel, authorities):
        path.parent.mkdir(parents=True)
        path.touch()
    with pip_of_debian(tmp_path) as pip:
        assert pip[2:] == [str(wheel), str(authorities)]


def test_without_ensurepip_and_apt_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(BootstrapError, match=r"^this Python has no ensurepip.* install .* python3-venv.*again$"),
        pip_of_debian(tmp_path),
    ):
        pass


def test_without_a_network_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("apt-get", "dpkg-deb"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'E: no such host' >&2\nexit 100\n", encoding="ascii")
        (tmp_path / name).chmod(0o755)
    with (
        pytest.raises(
            BootstrapError, match=r"^this Python has no ensurepip: `apt install python3-venv`.*no such host$"
        ),
        pip_of_debian(tmp_path),
    ):
        pass


def test_half_of_the_standard_library_is_told_in_one_line() -> None:
    """Debian's python3-minimal has no shutil."""
    script = f"import sys; sys.modules['shutil'] = None; sys.path.insert(0, {str(ROOT / 'tests')!r}); import run"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == ("tests/run.py: this Python lacks shutil: install all of it, as by `apt install python3`\n")


def test_before_the_tests_a_line_says_which_programs_the_machine_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They run all the same: most start none of them."""
    for name in programs.PROGRAMS:
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert programs.missing() == ""
    for name in ("docker", "git"):
        (tmp_path / name).unlink()
    assert programs.missing() == "what starts docker, git fails, since this machine has none (install docker.io git)"


def test_the_forges_machine_and_the_dev_container_have_these_programs() -> None:
    packages = (ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8").partition("recommends \\\n")[2]
    assert {*programs.PROGRAMS.values()} <= {*packages.partition("- uses")[0].split()}


@pytest.mark.parametrize("home", ["/nonexistent", "relative", "/dev/null"])
def test_without_a_home_that_can_be_written_to_there_is_one_below_the_checkout(
    home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip, Go and others keep what they download there."""
    monkeypatch.setenv("HOME", home)
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    made = Environment(tmp_path / "venv", sys.executable, ("3", "11", "2"), can_be_made=True)
    made.python = Path(sys.executable)
    said = made.run("-c", "import os; print(os.environ['HOME'])", quiet=True).strip()
    assert Path(said) == tmp_path / ".cache" / "home"
    assert Path(said).is_dir()


def test_a_home_that_can_be_written_to_stays_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    made = Environment(tmp_path / "venv", sys.executable, ("3", "11", "2"), can_be_made=True)
    made.python = Path(sys.executable)
    assert made.run("-c", "import os; print(os.environ['HOME'])", quiet=True).strip() == str(tmp_path)
