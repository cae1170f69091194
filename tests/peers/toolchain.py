"""Builds the Go peers from the pinned modules beside this file, each module once per content."""

import functools
import hashlib
import os
import re
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from peers.locked import exclusively

PEERS = Path(__file__).resolve().parent
CACHE = PEERS.parents[1] / ".cache" / "peers"
PROVIDER_PACKAGE = "github.com/terraform-providers/terraform-provider-external"
BUILD_SETTINGS = {
    "CGO_ENABLED": "0",
    "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false",
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
}


@dataclass(frozen=True)
class Module:
    """A Go module that pins programs, and the packages that they are built from."""

    directory: Path
    packages: tuple[str, ...]


@dataclass(frozen=True)
class Peers:
    """Where the programs that most tests need are (absolute), and for which platform (as in ``linux_amd64``)."""

    vcsim: Path
    govc: Path
    terraform_provider_external: Path
    platform: str


class PeerMissingError(RuntimeError):
    """A real peer can not be had on this machine: a failure, never a reason to skip."""


@functools.cache
def build() -> Peers:
    """Return the peers of the module beside this file; see ``programs_of``."""
    programs = programs_of(Module(PEERS, ("./vcsim", "./govc", PROVIDER_PACKAGE)))
    return Peers(
        vcsim=programs / "vcsim",
        govc=programs / "govc",
        terraform_provider_external=programs / "terraform-provider-external",
        platform="_".join(_go_env(require_go(), "GOOS", "GOARCH")),
    )


@functools.cache
def programs_of(module: Module) -> Path:
    """Return the directory of a module's programs, built by the first process that asks for this content.

    The others wait. Raise ``PeerMissingError`` without a Go toolchain or when it can not build them.
    """
    go = require_go()
    target = CACHE / _digest(go, module)
    with exclusively(target.with_suffix(".lock")):
        if not target.is_dir():
            _build_into(target, go, module)
    return target


def require_go() -> Path:
    """Return the Go toolchain; raise ``PeerMissingError`` where there is none."""
    go = find_go()
    if go is None:
        raise PeerMissingError("no Go toolchain: run `python3 tests/run.py peers` to install one")
    return go


@functools.cache
def find_go() -> Path | None:
    """Find a Go that is new enough for the modules: the host's, else this Python environment's, else none."""
    for found in (shutil.which("go"), shutil.which("go", path=sysconfig.get_path("scripts"))):
        if found and _runs_new_enough(Path(found)):
            return Path(found)
    return None


def _runs_new_enough(go: Path) -> bool:
    wanted = re.search(r"^go (\S+)$", (PEERS / "go.mod").read_text(), re.MULTILINE)
    try:
        (version,) = _go_env(go, "GOVERSION")
    except PeerMissingError:
        return False
    return wanted is not None and _numbers(version) >= _numbers(wanted[1])


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)[:3]]


def _digest(go: Path, module: Module) -> str:
    """Names everything that decides what the build makes."""
    decisions = (_go_env(go, "GOVERSION", "GOOS", "GOARCH"), BUILD_SETTINGS, module.packages)
    digest = hashlib.sha256(repr(decisions).encode())
    for source in _sources(module.directory):
        digest.update(f"\0{source.relative_to(module.directory).as_posix()}\0".encode() + source.read_bytes())
    return digest.hexdigest()[:16]


def _sources(directory: Path) -> list[Path]:
    """List a module's own files: what lies in a module below it is none of its business."""
    below = {file.parent for file in directory.glob("*/go.mod")}
    programs = [file for file in sorted(directory.rglob("*.go")) if below.isdisjoint(file.parents)]
    return [directory / "go.mod", directory / "go.sum", *programs]


def _build_into(target: Path, go: Path, module: Module) -> None:
    """All programs of a module appear at once, or none does."""
    unfinished = target.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    # A flag's value that ends in a separator names a directory to build several programs into.
    into = f"{unfinished}{os.sep}"
    _go(go, "build", "-ldflags=-s -w", "-o", into, *module.packages, directory=module.directory)
    unfinished.rename(target)


def _go_env(go: Path, *names: str) -> list[str]:
    return _go(go, "env", *names).splitlines()


def _go(go: Path, *arguments: str, directory: Path = PEERS) -> str:
    try:
        done = subprocess.run(
            [go, *arguments],
            cwd=directory,
            env=os.environ | BUILD_SETTINGS,
            capture_output=True,
            text=True,
            check=True,
        )
    except OSError as error:
        raise PeerMissingError(f"{go} does not run: {error}") from error
    except subprocess.CalledProcessError as error:
        raise PeerMissingError(f"go {arguments[0]} failed:\n{error.stderr[-4000:]}") from error
    return done.stdout
