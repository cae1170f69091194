"""Programs of Debian's packages, for a machine that lacks them: unpacked into the cache, nothing is installed."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from peers import apt
from peers.locked import exclusively
from peers.toolchain import CACHE, PeerMissingError

PROGRAMS: dict[str, dict[str, str]] = {
    "skopeo": {"skopeo": "skopeo"},
    "podman": {"podman": "podman", "conmon": "conmon", "crun": "crun"},
    "restic": {"restic": "restic"},
    "docker-credential-pass": {"docker-credential-pass": "golang-docker-credential-helpers"},
    "pass": {"pass": "pass"},
    "strace": {"strace": "strace"},
    "openssl": {"openssl": "openssl"},
    "redis-server": {"redis-server": "redis-server", "redis-check-rdb": "redis-tools"},  # a link to it
    "etcd": {"etcd": "etcd-server"},
    "gpg": {"gpg": "gpg", "gpg-agent": "gpg-agent", "gpg-connect-agent": "gpgconf", "gpgconf": "gpgconf"},
}
"""Each program that is wanted; where the host lacks it, the programs that are unpacked for it, and their packages."""

UNNEEDED = (  # dependencies of the packages, but not of what the tests do: a whole desktop's
    "containernetworking-plugins",
    "gnome-keyring",
    "gnupg",
    "golang-github-containers-common",
    "libsecret-1-0",
    "netavark",
    "passt",
    "tree",
)

INSTALLED = Path("/var/lib/dpkg/status")

WRAPPER = """\
#!/bin/sh
root=${0%%/bin/*}
export LD_LIBRARY_PATH="$root/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
exec "$root/programs/%s" "$@"
"""


@functools.cache
def debian() -> dict[str, Path]:
    """Return where each of ``PROGRAMS`` is: on PATH, else unpacked by the first process that asks while others wait.

    The ones unpacked are in one directory, with those that they need. Raise ``PeerMissingError`` where a program is not
    on PATH and Debian's packages can not be had.
    """
    found = {name: shutil.which(name) for name in PROGRAMS}
    lacking = {name: package for wanted in PROGRAMS if not found[wanted] for name, package in PROGRAMS[wanted].items()}
    unpacked = _provide(lacking) if lacking else Path()
    return {name: Path(path or unpacked / "bin" / name) for name, path in found.items()}


def path_with_debian() -> str:
    """Return a PATH on which all of them are found, and all else that is on this one."""
    directories = [os.environ.get("PATH", os.defpath), *(str(path.parent) for path in debian().values())]
    return os.pathsep.join(dict.fromkeys(directories))


def _provide(programs: dict[str, str]) -> Path:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb") and INSTALLED.is_file()):
        raise PeerMissingError(f"{', '.join(programs)}: not on PATH, and this machine has no Debian packages")
    target = CACHE / f"debian-{_digest(programs)}"
    with exclusively(CACHE / "debian.lock"):
        if not target.is_dir():
            _unpack_into(target, programs)
    return target


def _digest(programs: dict[str, str]) -> str:
    """Names everything that decides what is unpacked, but for Debian's own corrections of a release."""
    release = platform.freedesktop_os_release()
    described = (sorted(programs.items()), release["ID"], release.get("VERSION_ID"), platform.machine())
    return hashlib.sha256(repr(described).encode() + Path(__file__).read_bytes()).hexdigest()[:16]


def _unpack_into(target: Path, programs: dict[str, str]) -> None:
    """All programs appear at once, or none does."""
    unfinished = target.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    for name in ("bin", "lib", "programs"):
        (unfinished / name).mkdir(parents=True)
    downloads = unfinished / "downloads"
    for archive in _download(downloads, set(programs.values())):
        _unpack(archive, unfinished, programs)
    shutil.rmtree(downloads)
    for name in programs:
        _check(unfinished / "programs" / name)
        wrapper = unfinished / "bin" / name
        wrapper.write_text(WRAPPER % name, encoding="ascii")
        wrapper.chmod(0o755)
    unfinished.rename(target)


def _download(directory: Path, packages: Iterable[str]) -> list[Path]:
    """Fetch the packages and what they need and the system does not have."""
    installed = INSTALLED.read_text(encoding="utf-8")
    assumed = _assumed(package for package in UNNEEDED if f"Package: {package}\n" not in installed)
    return apt.download(directory, packages, installed=assumed + installed)


def _assumed(packages: Iterable[str]) -> str:
    """Entries for dpkg's list of what is installed."""
    machine = subprocess.run(
        ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
    ).stdout.strip()
    rest = (
        f"Status: install ok installed\nArchitecture: {machine}\nVersion: 999:0\nMaintainer: nobody\nDescription: none"
    )
    return "".join(f"Package: {package}\n{rest}\n\n" for package in packages)


def _unpack(archive: Path, into: Path, programs: Iterable[str]) -> None:
    """Take the wanted programs and the libraries out of a package; never an owner or a mode."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        with tarfile.open(fileobj=process.stdout, mode="r|") as package:
            for member in package:
                _take(package, member, into, programs)
    if process.returncode:
        raise PeerMissingError(f"{archive.name} can not be unpacked")


def _take(package: tarfile.TarFile, member: tarfile.TarInfo, into: Path, programs: Iterable[str]) -> None:
    path = PurePosixPath(member.name)
    if path.parent.name == "bin" and path.name in programs:
        place = into / "programs" / path.name
    elif "lib" in path.parts and ".so." in path.name:
        place = into / "lib" / path.name
    else:
        return
    if member.issym():
        place.symlink_to(PurePosixPath(member.linkname).name)
    elif content := package.extractfile(member):
        place.write_bytes(content.read())
        place.chmod(0o755)


def _check(program: Path) -> None:
    if not program.is_file():
        raise PeerMissingError(f"{program.name} is in none of the packages")
