"""The places are what they are said to be, or a file that runs there would prove nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from everywhere.old_kernel import old_kernel
from everywhere.place import Place, bare_root
from support.roots import debian_root


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command with no environment."""
    return subprocess.run(command, env={}, capture_output=True, text=True, check=False)


def test_the_empty_root_has_the_file_and_a_home_and_nothing_else(place: Place) -> None:
    assert sorted(path.name for path in place.root.iterdir()) == ["home", "vsphere-session"]
    assert list((place.root / "home").iterdir()) == []


def test_a_program_of_this_machine_does_not_start_in_the_empty_root(place: Place) -> None:
    """Neither where it lies here, nor when it is brought along."""
    assert run(place.command(sys.executable)).returncode == 127
    echo = Path("/bin/echo").read_bytes()
    (place.root / "echo").write_bytes(echo)
    (place.root / "echo").chmod(0o755)
    assert run(place.command("/echo")).returncode == 127


@pytest.mark.parametrize(("suite", "version"), [("bullseye", "2.31"), ("trixie", "2.41")])
def test_the_roots_of_debian_have_their_own_c_library_and_shell(
    suite: str, version: str, tmp_path: Path, file: Path
) -> None:
    root = bare_root(tmp_path / "root", file, debian_root(suite, ["libc6", "dash"]))
    (library,) = root.glob("usr/lib/*/libc.so.6")
    done = run(Place(root).command("/bin/sh", "-c", f"exec /{library.relative_to(root)}"))
    assert f"stable release version {version}." in done.stdout


def test_the_loader_of_the_musl_root_starts(tmp_path: Path, file: Path) -> None:
    root = bare_root(tmp_path / "root", file, debian_root("trixie", ["musl"], only=("usr/lib/",)))
    (loader,) = root.glob("usr/lib/ld-musl-*")
    assert run(Place(root).command(f"/{loader.relative_to(root)}")).stderr.startswith("musl libc")


def test_the_old_kernel_has_an_old_name_and_refuses_what_is_newer() -> None:
    script = """
import errno, os
print(os.uname().release)
for call in (lambda: os.getrandom(1), lambda: os.memfd_create("x"), lambda: os.pidfd_open(os.getpid())):
    try:
        call()
    except OSError as error:
        print(errno.errorcode[error.errno])
"""
    release, *refused = run([*old_kernel(), sys.executable, "-I", "-S", "-c", script]).stdout.split()
    assert release.startswith("2.6.")
    assert refused == ["ENOSYS"] * 3


def test_what_is_written_to_a_root_is_seen_even_when_it_has_gone_again(place: Place) -> None:
    before = place.contents()
    (place.root / "home" / "file").touch()
    assert place.contents() == before
    (place.root / "file").touch()
    (place.root / "file").unlink()
    assert place.contents() != before
