"""The root directory of a Debian release, made of its packages, in which programs run as on a machine of it."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from peers import PeerMissingError
from peers.locked import exclusively

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "roots"
SOURCE = "deb [signed-by={key}] {uri} {suite} main\n"
CONFIGURATION = """\
Dir "{directory}";
Dir::Etc "{directory}";
Dir::Etc::sourceparts "-";
Dir::Etc::parts "-";
Dir::Etc::preferencesparts "-";
Dir::State "{directory}";
Dir::State::lists "lists";
Dir::State::status "{directory}/status";
Dir::Cache "{directory}";
Dir::Cache::archives "archives";
Dir::Bin::methods "/usr/lib/apt/methods";
Debug::NoLocking "true";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "3";
"""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
UNNEEDED = ("usr/share/doc", "usr/share/info", "usr/share/locale", "usr/share/man", "usr/lib/*/gconv")


def debian_root(suite: str, packages: tuple[str, ...]) -> Path:
    """The root with these packages and what they need, unpacked once; nothing is set up by their scripts.

    It is the cache's: take a copy to change something in. Raises PeerMissingError where Debian's packages cannot be had.
    """
    name = hashlib.sha256(repr(packages).encode() + Path(__file__).read_bytes()).hexdigest()[:12]
    target = CACHE / f"{suite}-{name}"
    with exclusively(CACHE / f"{target.name}.lock"):
        if not target.is_dir():
            _make(target, suite, packages)
    return target


def copy_of(root: Path, target: Path) -> Path:
    """A copy, which a test may change."""
    subprocess.run(["cp", "-a", "--reflink=auto", f"{root}/.", target], check=True)
    return target


def run_in(
    root: Path, *command: str, environment: Mapping[str, str] | None = None, stdin: str = "", user: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run a command there to its end, as `change_to` says."""
    return subprocess.run(
        [*change_to(root, user), *command],
        env={"PATH": PATH, "HOME": "/root", "LC_ALL": "C", **(environment or {})},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def change_to(root: Path, user: int = 0) -> list[str | Path]:
    """What stands before a command that is to run there as its root, or as a user if this is root's process.

    Who is not root here is so in a user namespace, which has no other user.
    """
    if os.geteuid() == 0:
        return [_found("chroot"), f"--userspec={user}:{user}", root]
    return [_found("unshare"), "--map-root-user", "--root", root, "--wd", "/"]


def _found(name: str) -> str:
    """Where a program of this machine's administrator is."""
    found = shutil.which(name, path=PATH)
    if found is None:
        raise PeerMissingError(f"{name} is needed to run programs in another root: install coreutils and util-linux")
    return found


def _make(target: Path, suite: str, packages: tuple[str, ...]) -> None:
    """All of it appears at once, or nothing does."""
    unfinished = target.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    root = unfinished / "root"
    for place in ("dev", "etc", "proc", "root", "tmp", "var/lib/dpkg/info", "var/lib/dpkg/updates"):
        (root / place).mkdir(parents=True)
    for place in ("dev/null", "var/lib/dpkg/status", "var/lib/dpkg/available"):
        (root / place).touch()
    (root / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n", encoding="ascii")
    (root / "etc" / "group").write_text("root:x:0:\n", encoding="ascii")
    for package in _download(unfinished, suite, packages):
        # From bookworm on /bin leads to /usr/bin: --keep-directory-symlink of tar keeps that.
        _pipe(["dpkg-deb", "--fsys-tarfile", package], ["tar", "-x", "--keep-directory-symlink", "-C", root])
    for pattern in UNNEEDED:
        for unneeded in root.glob(pattern):
            shutil.rmtree(unneeded)
    root.rename(target)
    shutil.rmtree(unfinished)


def _download(directory: Path, suite: str, packages: tuple[str, ...]) -> list[Path]:
    """Fetch the packages and all that they need; apt checks the signatures. `base-files`, where there are links, is first."""
    for place in ("lists/partial", "archives/partial"):
        (directory / place).mkdir(parents=True)
    (directory / "status").touch()
    uri, key = _source()
    (directory / "sources.list").write_text(SOURCE.format(key=key, uri=uri, suite=suite), encoding="utf-8")
    configuration = directory / "apt.conf"
    configuration.write_text(CONFIGURATION.format(directory=directory), encoding="utf-8")
    for command in (["update"], ["install", "--download-only", "--yes", "base-files", *packages]):
        done = subprocess.run(
            ["apt-get", "-qq", *command],
            env=os.environ | {"APT_CONFIG": str(configuration), "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise PeerMissingError(f"Debian {suite} cannot be had: apt-get {command[0]} failed:\n{done.stderr[-4000:]}")
    return sorted((directory / "archives").glob("*.deb"), key=lambda file: not file.name.startswith("base-files_"))


@functools.cache
def _source() -> tuple[str, str]:
    """From where this machine has Debian's packages, and the key that it trusts for them."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise PeerMissingError("a Debian root is needed, and this machine has no apt: run the tests on Debian")
    said = subprocess.run(
        ["apt-get", "indextargets", "Created-By: Packages", "Label: Debian", "Component: main"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    fields = dict(line.split(": ", 1) for line in said.partition("\n\n")[0].splitlines())
    if "Repo-URI" not in fields:
        raise PeerMissingError("a Debian root is needed, and this machine's apt has no sources of Debian's")
    return fields["Repo-URI"], fields.get("Signed-By", "/usr/share/keyrings/debian-archive-keyring.gpg")


def _pipe(writer: list[str | Path], reader: list[str | Path]) -> None:
    with subprocess.Popen(writer, stdout=subprocess.PIPE) as first:
        subprocess.run(reader, stdin=first.stdout, check=True)
    if first.returncode:
        raise PeerMissingError(f"{writer[-1]} cannot be unpacked")
