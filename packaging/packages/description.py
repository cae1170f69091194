"""The one description of an installation: what it is called, what it is for, and which file goes where."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from packages import command_pages, manual
from packages.inputs import Inputs
from packages.usage import NAMES, PROGRAM, SCRIPTS

SUMMARY = "vSphere sessions for any program, from a cache shared with govc"
TEXT = """\
One executable that answers get, store and erase with a cached or fresh
vSphere session, for Terraform, Packer, git, docker, Kubernetes, Bazel and
scripts. It needs nothing else on the host."""
LICENCE = "Apache-2.0"
MAINTAINER = "The vsphere-session maintainers"
DOCUMENTS = {
    "deb": f"share/doc/{PROGRAM}",
    "rpm": f"share/licenses/{PROGRAM}",
    "apk": f"share/licenses/{PROGRAM}",
    "tar": f"share/doc/{PROGRAM}",
}
"""The directory of our own that each form has for licences."""
ONLY_SHELLS_HAVE = ("share/bash-completion", "share/zsh", "share/fish")
"""Directories that a host without these shells does not have."""


@dataclass(frozen=True)
class File:
    """A file of an installation: its place below the prefix (`/usr`), its bytes, its mode."""

    place: str
    content: bytes
    mode: int = 0o644


def files(inputs: Inputs, architecture: str, form: str) -> Iterator[File]:
    """All files of an installation in one of the forms `deb`, `rpm`, `apk` and `tar`."""
    functions = "vendor-completions" if form == "deb" else "site-functions"
    pages = {PROGRAM: manual.page(inputs.version, inputs.time), **command_pages.pages(inputs.version, inputs.time)}
    yield File(f"bin/{PROGRAM}", inputs.executables[architecture].read_bytes(), 0o755)
    for name, page in pages.items():
        yield File(f"share/man/man1/{name}.1.gz", gzip.compress(page.encode(), mtime=0))
    yield File(f"share/bash-completion/completions/{PROGRAM}", SCRIPTS["bash"].encode())
    yield File(f"share/zsh/{functions}/_{PROGRAM}", SCRIPTS["zsh"].encode())
    yield File(f"share/fish/vendor_completions.d/{PROGRAM}.fish", SCRIPTS["fish"].encode())
    yield File(f"{DOCUMENTS[form]}/{'copyright' if form == 'deb' else 'LICENSE'}", inputs.licence.read_bytes())
    yield File(f"{DOCUMENTS[form]}/NOTICE", inputs.notice.read_bytes())


def directories(form: str, places: Iterable[str]) -> list[str]:
    """The directories that must go with the last of their files: rpm removes none that no package has."""
    own = (DOCUMENTS[form], *ONLY_SHELLS_HAVE)
    parents = {str(parent) for place in places for parent in PurePosixPath(place).parents}
    return sorted(parent for parent in parents if f"{parent}/".startswith(tuple(f"{place}/" for place in own)))


def links() -> dict[str, str]:
    """The further names, each with what it leads to."""
    return {f"bin/{name}": PROGRAM for name in NAMES}
