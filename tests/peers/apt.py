"""Debian's packages with what they depend on, downloaded by apt, which checks the signatures; nothing is installed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from peers.toolchain import PeerMissingError

CONFIGURATION = """\
Dir::State "%(directory)s";
Dir::State::lists "lists";
Dir::State::status "%(directory)s/status";
Dir::Cache "%(directory)s";
Dir::Cache::archives "archives";
Debug::NoLocking "true";  // it is the system's lock, which only root may take
APT::Sandbox::User "root";  // the user _apt can not enter every checkout
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::Retries "3";
#clear APT::Update;
"""
"""A state and a cache of our own beside the system's sources and keys; what the system does after an update is left out."""

OWN_SOURCES = """\
Dir::Etc::sourcelist "%(directory)s/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
"""


_OF_PACKAGES = ("Created-By: Packages", "Component: main")
KEYRINGS = [Path(f"/usr/share/keyrings/debian-archive-keyring.{ending}") for ending in ("gpg", "pgp")]


def download(directory: Path, packages: Iterable[str], *, installed: str, sources: str | None = None) -> list[Path]:
    """Return the archives of the packages and of what they need; raise ``PeerMissingError`` where they can not be had.

    ``installed`` is dpkg's list of what is there already, ``sources`` a sources.list in place of the system's.
    """
    configuration = configure(directory, installed=installed, sources=sources)
    return _had(configuration, "install", "--download-only", "--yes", packages=packages)


def download_alone(directory: Path, packages: Iterable[str]) -> list[Path]:
    """Return the archives of the system's release of these packages, and of nothing that they need; as ``download`` has it."""
    return _had(configure(directory), "download", packages=packages)


def _had(configuration: Path, *command: str, packages: Iterable[str]) -> list[Path]:
    archives = configuration.with_name("archives")
    # A source that does not answer matters only if the packages are not found in another one.
    updated = run(configuration, "apt-get", "update")
    done = run(configuration, "apt-get", *command, *sorted(packages), directory=archives)
    if done.returncode:
        raise PeerMissingError(f"apt-get cannot have {', '.join(sorted(packages))}: {_complaints(updated, done)}")
    return sorted(archives.glob("*.deb"))


def configure(directory: Path, *, installed: str = "", sources: str | None = None) -> Path:
    """Make ``directory`` what apt keeps its own in, and return the configuration that says so; as ``download`` has it."""
    for name in ("lists", "archives"):
        (directory / name / "partial").mkdir(parents=True)
    (directory / "status").write_text(installed, encoding="utf-8")
    text = CONFIGURATION
    if sources is not None:
        (directory / "sources.list").write_text(sources, encoding="utf-8")
        text += OWN_SOURCES
    configuration = directory / "apt.conf"
    configuration.write_text(text % {"directory": directory}, encoding="utf-8")
    return configuration


def run(
    configuration: Path,
    program: str,
    command: str,
    *arguments: str,
    seconds: float | None = None,
    directory: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run ``apt-get`` or ``apt-cache`` with such a configuration; raise ``subprocess.TimeoutExpired``."""
    return subprocess.run(
        [program, "-qq", "-c", configuration, command, *arguments],
        cwd=directory,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )


def archives(seconds: float | None = None) -> list[tuple[str, str, str]]:
    """From where this machine's apt has its packages: address, release, such as ``bookworm-security``, and whose they are.

    Raise ``subprocess.TimeoutExpired``.
    """
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(LABEL)", *_OF_PACKAGES],
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds,
    )
    rows = [line.split() for line in done.stdout.splitlines()]
    return [(uri, release, " ".join(label)) for uri, release, *label in rows]


def signed_by() -> str:
    """What a line of sources.list says so that Debian's keys have to vouch, with a space behind it; nothing without them."""
    return next((f"[signed-by={path}] " for path in KEYRINGS if path.is_file()), "")


def _complaints(*runs: subprocess.CompletedProcess[str]) -> str:
    """One line of what apt-get has to say, each thing once."""
    lines = [line for run in runs for line in run.stderr.splitlines() if line.startswith(("E:", "W:"))]
    return " ".join(dict.fromkeys(lines))[:1000]
