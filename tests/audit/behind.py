"""Which sources of the single file are behind what Debian has, whose maintainers take up what upstream mends.

To be behind is told and is no failure: a release upstream must not break a build of this tree. Nor is it one where
nobody can be asked. The indexes come through this machine's own apt, into a directory of their own.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from peers import apt

LOCK = Path(__file__).resolve().parents[2] / "packaging" / "toolchain" / "sources.lock"
SUITES = {"": ("trixie", "trixie-updates", "sid"), "security": ("trixie-security",)}
"""By what follows the dash in the release that this machine has from there."""
PATIENCE = (
    "-o",
    "Acquire::Check-Valid-Until=false",
    "-o",
    "Acquire::http::Timeout=20",
    "-o",
    "Acquire::https::Timeout=20",
)
"""Mirrors lag."""
_WAIT = 180


class NobodyAnswersError(Exception):
    """Why no index could be asked, in a few words."""


@dataclass(frozen=True)
class Pinned:
    """A row of sources.lock: what Debian calls it, and with what the versions begin that would take its place."""

    name: str
    version: str
    package: str
    follow: str


def pinned(lock: Path = LOCK) -> list[Pinned]:
    """What sources.lock says."""
    rows = tomllib.loads(lock.read_text(encoding="utf-8"))["source"]
    return [Pinned(row["name"], row["version"], row["package"], row["follow"]) for row in rows]


def lines() -> list[str]:
    """What is behind, one line each; or the one line that says that nothing is, or that nobody answers."""
    sources = pinned()
    try:
        said = _ask(sorted({source.package for source in sources}))
    except NobodyAnswersError as error:
        return [f"NOT COMPARED with newer releases, no index of sources answers here ({error})"]
    return compared(sources, said)


def compared(sources: Iterable[Pinned], said: str) -> list[str]:
    """The same, from what `apt-cache showsrc` prints of all of them."""
    offered = versions(said)
    found = [line for source in sources for line in _behind(source, offered.get(source.package, set()))]
    return found or ["no newer release of any source is out, as far as Debian has it"]


def versions(said: str) -> dict[str, set[str]]:
    """The upstream versions in what `apt-cache showsrc` prints, by package."""
    found: dict[str, set[str]] = {}
    for stanza in re.split(r"\n\s*\n", said):
        fields = dict(re.findall(r"^(Package|Version): *(\S+)", stanza, re.MULTILINE))
        if len(fields) == 2:
            found.setdefault(fields["Package"], set()).add(upstream(fields["Version"]))
    return found


def upstream(version: str) -> str:
    """A version as its project calls it: without Debian's epoch, revision and remarks, `+really` being the last word."""
    _, _, version = version.rpartition(":")
    version = version.rpartition("-")[0] or version
    version = version.rpartition("+really")[2]
    return re.sub(r"[.+~](dfsg|ds|repack|deb)\S*$", "", version)


def _behind(source: Pinned, offered: set[str]) -> list[str]:
    if not offered:
        return [f"{source.name} {source.version}: no index knows the package {source.package}"]
    newer = [each for each in offered if each.startswith(source.follow) and _order(each) > _order(source.version)]
    return [f"{source.name} {source.version}: {max(newer, key=_order)} is out"] if newer else []


def _order(version: str) -> tuple[int, ...]:
    """What versions are compared by; one that is no release yet (`3.5.9~beta1`) comes before all."""
    return tuple(map(int, version.split("."))) if re.fullmatch(r"\d+(\.\d+)*", version) else ()


def _ask(packages: list[str]) -> str:
    """What `apt-cache showsrc` prints of them in the newer suites."""
    if not (shutil.which("apt-get") and shutil.which("apt-cache")):
        raise NobodyAnswersError("this machine has no apt")
    try:
        with tempfile.TemporaryDirectory(prefix="audit-") as name:
            configuration = apt.configure(Path(name), sources=_sources_list())
            # A suite that fails is one that nobody asks.
            apt.run(configuration, "apt-get", "update", *PATIENCE, seconds=_WAIT)
            said = apt.run(configuration, "apt-cache", "showsrc", *packages, seconds=_WAIT).stdout
    except subprocess.TimeoutExpired as error:
        raise NobodyAnswersError(f"{error.cmd[0]} takes longer than {_WAIT} s") from error
    if not said.strip():
        raise NobodyAnswersError("apt-get update brings nothing")
    return said


def _sources_list() -> str:
    """The newer suites, where this machine has its own from."""
    archives = [(uri, release) for uri, release, label in apt.archives(_WAIT) if label.startswith("Debian")]
    known = dict.fromkeys(
        (uri, suite) for uri, release in archives for suite in SUITES.get(release.partition("-")[2], ())
    )
    if not known:
        raise NobodyAnswersError("this machine's apt has no sources of Debian's")
    return "".join(f"deb-src {apt.signed_by()}{uri} {suite} main\n" for uri, suite in known)
