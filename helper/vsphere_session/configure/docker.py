"""docker, podman, skopeo: `credHelpers` in docker's config.json, which stays as it is in all else."""

from __future__ import annotations

import os

from vsphere_session.configure import links
from vsphere_session.configure.members import Document
from vsphere_session.configure.plan import Change, Target, read_text, rewrite, taken
from vsphere_session.endpoint import Endpoint
from vsphere_session.errors import StorageError

PROGRAM = "docker-credential-vsphere"
HELPER = "vsphere"
SECTION = "credHelpers"


def configure(target: Target) -> list[Change]:
    """The link, and the helper of each host. Raises InvalidRequestError where a host has another, StorageError."""
    changes = links.make(links.place(PROGRAM, target), target)
    path = path_of(target)
    document = _document(path)
    for host in target.hosts:
        found = document.members(SECTION).get(host.place)
        if found not in (None, HELPER):
            raise taken(path, host.place)
        if found is None:
            document.add(SECTION, host.place, HELPER)
            changes.append(rewrite(path, document.text, f"set {SECTION}.{host.place} in {path}"))
    return changes


def unconfigure(target: Target) -> list[Change]:
    """Take back what `configure` has written; the link goes with the last host."""
    path = path_of(target)
    document = _document(path)
    ours = [name for name, value in document.members(SECTION).items() if value == HELPER]
    left = [name for name in ours if target.leaves(name, of=_place)]
    changes = []
    for name in left:
        document.remove(SECTION, name)
        changes.append(rewrite(path, document.text, f"remove {SECTION}.{name} from {path}"))
    used = left != ours or document.members("").get("credsStore") == HELPER
    return changes + ([] if used else links.remove(PROGRAM, target))


def _place(host: Endpoint) -> str:
    return host.place


def path_of(target: Target) -> str:
    """Docker's configuration."""
    return os.path.join(target.environ.get("DOCKER_CONFIG") or os.path.join(target.home, ".docker"), "config.json")


def _document(path: str) -> Document:
    text = read_text(path)
    if text is not None and text.startswith("\ufeff"):
        raise StorageError(
            f"{path} begins with a byte-order mark, with which docker does not read it; save it without one"
        )
    try:
        document = Document(text)
        document.members(SECTION)
    except (ValueError, RecursionError):
        raise StorageError(f"{path} is not JSON as docker writes it, and stays as it is; correct it") from None
    return document
