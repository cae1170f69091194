"""`configure` and `unconfigure`: a caller's own configuration, changed and changed back.

Everything is looked at before anything is changed. Only what this program wrote is ever replaced or removed; what is
done already is not done again. Each caller is a module and a row of the table.
"""

from __future__ import annotations

from credential_protocol.messages import Failure, Output
from vsphere_session.configure import bazel, docker, git, kubernetes, terraform_cli
from vsphere_session.configure.links import this_program
from vsphere_session.configure.plan import Change, Target
from vsphere_session.endpoint import Endpoint, parse_endpoint
from vsphere_session.errors import InvalidRequestError
from vsphere_session.storage.paths import home
from vsphere_session.version import PROGRAM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vsphere_session.settings.config_file import Configuration

    Verb = Callable[[Target], list[Change]]

CALLERS: dict[str, tuple[Verb, Verb]] = {
    "git": (git.configure, git.unconfigure),
    "docker": (docker.configure, docker.unconfigure),
    "terraform-cli": (terraform_cli.configure, terraform_cli.unconfigure),
    "kubernetes": (kubernetes.configure, kubernetes.unconfigure),
    "bazel": (bazel.configure, bazel.unconfigure),
}
"""What can be configured, and how: `configure` and `unconfigure`, each the changes that are still to be made."""
_EVERY_HOST = ("terraform-cli",)
"""Callers that ask one helper about every host."""


def change(
    words: list[str],
    program: str,
    config: Configuration,
    environ: Mapping[str, str],
    *,
    host: str = "",
    dry_run: bool = False,
) -> Output:
    """Make the changes, and say each in a line; with `dry_run` only say them. Raises Failure before the first change.

    words    `configure` or `unconfigure`, and the caller
    program  the name under which this program was started
    host     this one instead of all that are configured
    """
    caller = _caller(words)
    undo = words[0] == "unconfigure"
    hosts = _hosts(caller, host, config, undo=undo)
    target = Target(environ, this_program(program, environ), home(environ), hosts)
    lines: list[str] = []
    for planned in CALLERS[caller][undo](target):
        try:
            if not dry_run:
                planned.make()
        except Failure as failure:
            return Output(_text(lines), f"{PROGRAM}: {failure.message}", failure.status)
        lines.append(planned.line)
    return Output(_text(lines or ["nothing to do"]))


def _caller(words: list[str]) -> str:
    if len(words) != 2 or words[1] not in CALLERS:
        raise InvalidRequestError(f"{words[0]} wants one caller: {', '.join(CALLERS)}")
    return words[1]


def _hosts(caller: str, host: str, config: Configuration, *, undo: bool) -> list[Endpoint]:
    """The host that was named, or every one that is configured; none at all to take everything back."""
    if host and caller in _EVERY_HOST:
        raise InvalidRequestError(f"{caller} asks its one helper about every host; leave --host out")
    if host:
        named = parse_endpoint(host)
        if named.username or named.password is not None:
            raise InvalidRequestError("--host is a host and no login; leave the user out")
        return [named]
    if undo or caller in _EVERY_HOST:
        return []
    general = config.general.get("url", "")
    found = [parse_endpoint(general)] if general else []
    if caller != "kubernetes" or not found:  # kubectl's one user is for the default endpoint
        found += [parse_endpoint(place) for place in config.endpoints]
    if not found:
        raise InvalidRequestError(f"no host is configured in {config.path}; name one with --host")
    return list({(endpoint.scheme, endpoint.place): endpoint for endpoint in found}.values())


def _text(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
