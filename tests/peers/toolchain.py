"""Builds the Go peers from the pinned module beside this file, once per content."""

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

MODULE = Path(__file__).resolve().parent
CACHE = MODULE.parents[1] / ".cache" / "peers"
PROVIDER_PACKAGE = "github.com/terraform-providers/terraform-provider-external"
BUILD_SETTINGS = {
    "CGO_ENABLED": "0",
    "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false",
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
}


@dataclass(frozen=True)
class Peers:
    """Where the built programs are (absolute), and for which platform (as in ``linux_amd64``)."""

    vcsim: Path
    govc: Path
    terraform_provider_external: Path
    platform: str


class PeerMissingError(RuntimeError):
    """A real peer can not be had on this machine: a failure, never a reason to skip."""


@functools.cache
def build() -> Peers:
    """Return the peers, built by the first process that asks for this content while others wait.

    Raise ``PeerMissingError`` without a Go toolchain or when it can not build them.
    """
    go = find_go()
    if go is None:
        raise PeerMissingError("no Go toolchain: run `python3 tests/run.py peers` to install one")
    target = CACHE / _digest(go)
    with exclusively(CACHE / "lock"):
        if not target.is_dir():
            _build_into(target, go)
    return Peers(
        vcsim=target / "vcsim",
        govc=target / "govc",
        terraform_provider_external=target / "terraform-provider-external",
        platform="_".join(_go_env(go, "GOOS", "GOARCH")),
    )


def find_go() -> Path | None:
    """Find a Go that is new enough for the module: the host's, else this Python environment's, else none."""
    for found in (shutil.which("go"), shutil.which("go", path=sysconfig.get_path("scripts"))):
        if found and _runs_new_enough(Path(found)):
            return Path(found)
    return None


def _runs_new_enough(go: Path) -> bool:
    wanted = re.search(r"^go (\S+)$", (MODULE / "go.mod").read_text(), re.MULTILINE)
    try:
        (version,) = _go_env(go, "GOVERSION")
    except PeerMissingError:
        return False
    return wanted is not None and _numbers(version) >= _numbers(wanted[1])


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)[:3]]


def _digest(go: Path) -> str:
    """Names everything that decides what the build makes."""
    digest = hashlib.sha256(repr((_go_env(go, "GOVERSION", "GOOS", "GOARCH"), BUILD_SETTINGS)).encode())
    sources = [MODULE / "go.mod", MODULE / "go.sum", *sorted(MODULE.rglob("*.go"))]
    for source in sources:
        digest.update(f"\0{source.relative_to(MODULE).as_posix()}\0".encode() + source.read_bytes())
    return digest.hexdigest()[:16]


def _build_into(target: Path, go: Path) -> None:
    """All three programs appear at once, or none does."""
    unfinished = target.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    # A flag's value that ends in a separator names a directory to build several programs into.
    _go(go, "build", "-ldflags=-s -w", "-o", f"{unfinished}{os.sep}", "./vcsim", "./govc", PROVIDER_PACKAGE)
    unfinished.rename(target)


def _go_env(go: Path, *names: str) -> list[str]:
    return _go(go, "env", *names).splitlines()


def _go(go: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            [go, *arguments],
            cwd=MODULE,
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
