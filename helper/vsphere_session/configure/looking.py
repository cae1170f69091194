"""What callers' own configuration says of this program now. Nothing is changed; git and kubectl are asked for theirs."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vsphere_session.configure import bazel, docker, git, terraform_cli
from vsphere_session.configure.members import Document
from vsphere_session.configure.plan import ask, read_text
from vsphere_session.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vsphere_session.configure.plan import Target

_NAMES = (git.PROGRAM, docker.PROGRAM, terraform_cli.PROGRAM, bazel.PROGRAM, "vsphere-session")


@dataclass(frozen=True)
class Helper:
    """A program that a caller runs for credentials.

    where    the place in the caller's configuration
    host     for which host, as it is written there; empty for any
    program  what is run: a path, or a name that is looked up
    path     where that is; empty where there is none
    """

    where: str
    host: str
    program: str
    path: str

    @property
    def named_as_ours(self) -> bool:
        """Whether it has one of the names of this program."""
        return os.path.basename(self.program) in _NAMES

    @property
    def runs(self) -> bool:
        """Whether there is a program that can be run: a link may lead nowhere."""
        return bool(self.path) and os.path.isfile(self.path) and os.access(self.path, os.X_OK)


def helpers(caller: str, target: Target) -> list[Helper]:
    """The helpers that this caller has for the hosts of `target`, and those for others that have our name.

    Raises NotFoundError where the caller is not installed, StorageError where its configuration cannot be read.
    """
    found = [Helper(where, host, program, _path(program, target)) for where, host, program in _LOOKS[caller](target)]
    hosts = {name for host in target.hosts for name in (host.place, host.host.lower())}
    return [each for each in found if each.named_as_ours or each.host in hosts]


def _path(program: str, target: Target) -> str:
    if os.path.isabs(program):
        return program
    return shutil.which(program, path=target.environ.get("PATH", os.defpath)) or ""


def _git(target: Target) -> Iterator[tuple[str, str, str]]:
    listed = ask(target, "git", "config", "--global", "--null", "--get-regexp", r"^credential\..*helper$", fine=(0, 1))
    for entry in filter(None, listed.split("\0")):
        key, _, value = entry.partition("\n")
        program = _first_word(value.removeprefix("!"))
        login, _, rest = key.removeprefix("credential.").removesuffix("helper").removesuffix(".").rpartition("@")
        host = rest.rpartition("://")[2].partition("/")[0]
        shown = key.replace(login, "…") if login else key  # there may be a password in it
        if program:
            yield shown, host, program if os.path.isabs(program) or value[0] == "!" else f"git-credential-{program}"


def _first_word(command: str) -> str:
    try:
        return (shlex.split(command) or [""])[0]
    except ValueError:  # a quote that does not end
        return command.partition(" ")[0]


def _docker(target: Target) -> Iterator[tuple[str, str, str]]:
    path = docker.path_of(target)
    try:
        document = Document(read_text(path))
        named = document.members(docker.SECTION)
        general = document.members("").get("credsStore")
    except (ValueError, RecursionError):
        raise StorageError(f"{path} is not JSON as docker writes it; correct it") from None
    for place, name in named.items():
        yield f"{docker.SECTION}.{place}", place, f"docker-credential-{name}"
    if general:
        yield "credsStore", "", f"docker-credential-{general}"


def _terraform_cli(target: Target) -> Iterator[tuple[str, str, str]]:
    text = read_text(terraform_cli.path_of(target)) or ""
    found = re.search(r"^\s*\"?credentials_helper\"?\s*[:{]*\s*\"([^\"]+)\"", text, re.MULTILINE)
    if found:
        plugins = os.path.dirname(terraform_cli.link_of(target))
        yield "credentials_helper", "", os.path.join(plugins, f"terraform-credentials-{found[1]}")


def _kubernetes(target: Target) -> Iterator[tuple[str, str, str]]:
    try:
        for user in json.loads(ask(target, "kubectl", "config", "view", "--output=json"))["users"] or []:
            run = (user["user"] or {}).get("exec") or {}
            if run:
                yield f"users.{user['name']}", "", str(run["command"])
    except (ValueError, LookupError, TypeError, AttributeError):
        raise StorageError("kubectl config view answers with something else than a configuration; try it") from None


def _bazel(target: Target) -> Iterator[tuple[str, str, str]]:
    for line in (read_text(bazel.path_of(target)) or "").splitlines():
        found = re.search(r"--credential_helper[= ]['\"]?([^'\"\s]+)", line.partition("#")[0])
        if found:
            host, _, program = found[1].rpartition("=")
            yield f"--credential_helper={host}", host, program


_LOOKS: dict[str, Callable[[Target], Iterator[tuple[str, str, str]]]] = {
    "git": _git,
    "docker": _docker,
    "terraform-cli": _terraform_cli,
    "kubernetes": _kubernetes,
    "bazel": _bazel,
}
