"""The packages, installed by dpkg and rpm on an older Debian, upgraded and removed again: only what is the user's stays.

In `python3 tests/run.py smoke` with the built single file, else with one that only prints its version.
"""

from __future__ import annotations

import hashlib
import os
import platform
import stat
from pathlib import Path

import pytest

from packages import system
from packages.usage import NAMES
from releases.conftest import Make
from releases.inside import copy_of, run_in
from support.roots import debian_root

SUITE, PROGRAMS = "bullseye", ("bash", "coreutils", "dash", "diffutils", "dpkg", "libc-bin", "rpm", "tar")
OLD, NEW = "0.0.9", "1.2.3"
_RPM = ("rpm", "--dbpath", "/var/lib/rpm")  # Debian's own would be in the home directory
COMMANDS = {
    "deb": {"install": ["dpkg", "-i"], "upgrade": ["dpkg", "-i"], "remove": ["dpkg", "-P"], "verify": ["dpkg", "-V"]},
    "rpm": {"install": [*_RPM, "-i"], "upgrade": [*_RPM, "-U"], "remove": [*_RPM, "-e"], "verify": [*_RPM, "-V"]},
}
CALLS = {
    "git-credential-vsphere": ["capability"],
    "docker-credential-vsphere": ["version"],
    "terraform-credentials-vsphere": ["get", "vc.example.com"],
}
"""One for each further name that needs no server."""
USERS = {"root/.config/vsphere-session/config.toml": "timeout = 20\n", "root/.govmomi/sessions/0123": "a session"}
OWN_BOOKS = ("var/lib/dpkg", "var/lib/rpm", "var/log")  # of the package managers


class Machine:
    """An older Debian with one of the package managers, and the packages in /tmp."""

    def __init__(self, place: Path, form: str) -> None:
        self.root = copy_of(debian_root(SUITE, PROGRAMS), place)
        self.form = form
        for directory in (
            ("share/man/man1", "share/licenses") if form == "rpm" else ()
        ):  # which every system of rpm's has
            (self.root / "usr" / directory).mkdir(parents=True, exist_ok=True)

    def ok(self, *command: str, **environment: str) -> str:
        """What a command says that has to succeed."""
        done = run_in(self.root, *command, environment=environment)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    def manage(self, action: str, package: Path | str) -> str:
        """Have the package manager do one thing, with a package's file or a package's name."""
        if isinstance(package, Path):
            (self.root / "tmp" / package.name).write_bytes(package.read_bytes())
            try:
                return self.ok(*COMMANDS[self.form][action], f"/tmp/{package.name}")
            finally:
                (self.root / "tmp" / package.name).unlink()
        return self.ok(*COMMANDS[self.form][action], package)

    def everything(self) -> dict[str, str]:
        """Each file, directory and link but the package managers' own, with what is in it."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            name = path.relative_to(self.root).as_posix()
            if not name.startswith(OWN_BOOKS):
                found[name] = _described(path)
        return found


def _described(path: Path) -> str:
    mode = path.lstat().st_mode
    if path.is_symlink():
        return f"-> {path.readlink()}"
    return stat.filemode(mode) + (hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(mode) else "")


@pytest.fixture(scope="module")
def packages_of(make_inputs: Make, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """A deb and an rpm for this machine, each in an old and a new version."""
    made = {}
    for version, real in ((OLD, False), (NEW, True)):
        inputs = make_inputs(version, real=real)
        for form in COMMANDS:
            into, work = tmp_path_factory.mktemp("made"), tmp_path_factory.mktemp("work")
            made[form, version] = system.make(inputs, platform.machine(), form, into, work)
    return made


@pytest.mark.parametrize("form", COMMANDS)
def test_installed_upgraded_and_removed_nothing_but_the_users_files_is_left(
    packages_of: dict[tuple[str, str], Path], tmp_path: Path, form: str
) -> None:
    """And in between it runs, under each of its names, and every file is as it was packed."""
    machine = Machine(tmp_path / "root", form)
    before = machine.everything()
    machine.manage("install", packages_of[form, OLD])
    assert OLD in machine.ok("vsphere-session", "--version")
    for name, text in USERS.items():
        (machine.root / name).parent.mkdir(parents=True)
        (machine.root / name).write_text(text)
    machine.manage("upgrade", packages_of[form, NEW])
    assert machine.manage("verify", "vsphere-session") == ""
    said = machine.ok("vsphere-session", "--version")
    assert said.startswith("vsphere-session ")
    assert OLD not in said
    for name in NAMES:
        assert os.readlink(machine.root / "usr" / "bin" / name) == "vsphere-session"
        machine.ok(name, *CALLS[name])
    machine.manage("remove", "vsphere-session")
    after = machine.everything()
    parents = {str(parent) for name in USERS for parent in Path(name).parents}
    assert {name: after[name] for name in after if name not in parents and name not in USERS} == {
        name: before[name] for name in before if name not in parents
    }
    assert {name: (machine.root / name).read_text() for name in USERS} == USERS


@pytest.mark.parametrize("form", COMMANDS)
def test_a_package_says_what_it_is(packages_of: dict[tuple[str, str], Path], tmp_path: Path, form: str) -> None:
    """Needs nothing, and for this machine only."""
    machine = Machine(tmp_path / "root", form)
    package = packages_of[form, NEW]
    (machine.root / "tmp" / package.name).write_bytes(package.read_bytes())
    ask = {
        "deb": ["dpkg-deb", "-f", f"/tmp/{package.name}", "Package", "Version", "Depends", "Pre-Depends"],
        "rpm": [
            "rpm",
            "-qp",
            "--qf",
            "Package: %{NAME}\nVersion: %{VERSION}\n[%{REQUIRENAME}\n]",
            f"/tmp/{package.name}",
        ],
    }[form]
    lines = machine.ok(*ask).splitlines()
    assert [line for line in lines if not line.startswith("rpmlib(")] == ["Package: vsphere-session", f"Version: {NEW}"]
