"""Root directories of other Linux hosts, made of Debian's packages: unpacked into the cache, nothing is installed here."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

from peers import PeerMissingError, apt
from peers.locked import exclusively

ROOTS = Path(__file__).resolve().parents[2] / ".cache" / "roots"

MERGED = ("bin", "sbin", "lib", "lib64")
"""Directories that are links to those below /usr, whatever a package says: so a release's installer makes them."""

SHELLS = ("dash", "busybox")


def debian_root(suite: str, packages: Iterable[str], *, only: tuple[str, ...] = ()) -> Path:
    """Return a root with packages of a release, such as ``bullseye``, and what they depend on; not to be written to.

    No script of a package has run. Programs find their libraries, a user database, /tmp, and dpkg its list of what is
    there; what Debian takes for granted (``coreutils``, ``tar``, ``libc-bin``, …) is there only if it is named. With
    ``only`` it holds nothing but the packages' files below these paths, as in ``usr/bin/rpm``.

    The first process that asks makes it while others wait. Raise ``PeerMissingError`` where the packages cannot be had.
    """
    return _root(suite, tuple(sorted(packages)), only)


@functools.cache
def _root(suite: str, packages: tuple[str, ...], only: tuple[str, ...]) -> Path:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise PeerMissingError(
            f"a root of Debian {suite} is made by apt-get and dpkg-deb, which this machine does not have"
        )
    decisions = (suite, packages, only, _architecture())
    target = ROOTS / hashlib.sha256(repr(decisions).encode() + Path(__file__).read_bytes()).hexdigest()[:16]
    with exclusively(target.with_suffix(".lock")):
        if not target.is_dir():
            _make(target, suite, packages, only)
    return target


def _make(target: Path, suite: str, packages: tuple[str, ...], only: tuple[str, ...]) -> None:
    """All of it appears at once, or nothing does."""
    unfinished, downloads = target.with_suffix(".unfinished"), target.with_suffix(".downloads")
    for directory in (unfinished, downloads):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
    try:
        archives = apt.download(downloads, packages, installed="", sources=sources(suite))
    except PeerMissingError as error:
        raise PeerMissingError(f"no root of Debian {suite}, for which a network is needed once: {error}") from error
    lists = {archive: _unpack(archive, unfinished, only) for archive in archives}
    if not only:
        _furnish(unfinished, lists)
    shutil.rmtree(downloads)
    unfinished.rename(target)


def sources(suite: str) -> str:
    """The places that this machine has its own release from, asked for another one; Debian's keys have to vouch for it."""
    places = dict.fromkeys(
        uri for uri, release, _ in apt.archives() if "-" not in release
    )  # not its security or updates
    return "".join(f"deb {apt.signed_by()}{uri} {suite} main\n" for uri in places)


def _unpack(archive: Path, into: Path, only: tuple[str, ...]) -> list[str]:
    """Unpack a package's files, never an owner, and return their paths."""
    paths = []
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        with tarfile.open(fileobj=process.stdout, mode="r|") as package:
            package.extraction_filter = _as_it_is
            for member in package:
                member.name = _merged(member.name)
                if member.islnk():
                    member.linkname = _merged(member.linkname)
                if member.name not in MERGED and member.name.startswith(only or ""):
                    paths.append(member.name)
                    _disown(member)
                    package.extract(member, into)
    if process.returncode:
        raise PeerMissingError(f"{archive.name} cannot be unpacked")
    return paths


def _merged(name: str) -> str:
    path = name.removeprefix("./").rstrip("/")
    return f"usr/{path}" if path.partition("/")[0] in MERGED and "/" in path else path


def _disown(member: tarfile.TarInfo) -> None:
    """It is to be of whoever unpacks it, with no more rights than that; Debian's own 3.11.2 has no filter that says so."""
    member.uid, member.gid, member.uname, member.gname = os.getuid(), os.getgid(), "", ""
    member.mode &= 0o755


def _as_it_is(member: tarfile.TarInfo, _into: str) -> tarfile.TarInfo:
    """What apt has checked needs no filter."""
    return member


def _furnish(root: Path, lists: dict[Path, list[str]]) -> None:
    """What is on every host, but in no package or made by a package's scripts."""
    for name in MERGED:
        (root / "usr" / name).mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(f"usr/{name}")
    for name in ("etc", "root", "tmp", "var/lib/dpkg/info", "var/lib/dpkg/updates", "var/log"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n", encoding="ascii")
    (root / "etc/group").write_text("root:x:0:\n", encoding="ascii")
    shell = root / "usr/bin/sh"
    found = [name for name in SHELLS if (root / "usr/bin" / name).exists()]
    if found and not shell.is_symlink():
        shell.symlink_to(found[0])
    dpkg = root / "var/lib/dpkg"
    status = ""
    for archive, paths in lists.items():
        said = _output("dpkg-deb", "--field", archive).rstrip("\n")
        fields = dict(line.split(": ", 1) for line in said.splitlines() if ": " in line and line[0] != " ")
        name = fields["Package"] + (f":{fields['Architecture']}" if fields.get("Multi-Arch") == "same" else "")
        (dpkg / "info" / f"{name}.list").write_text("".join(f"/{path}\n" for path in paths), encoding="utf-8")
        status += f"{said}\nStatus: install ok installed\n\n"
    (dpkg / "status").write_text(status, encoding="utf-8")


@functools.cache
def _architecture() -> str:
    return _output("dpkg", "--print-architecture").strip()


def _output(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
