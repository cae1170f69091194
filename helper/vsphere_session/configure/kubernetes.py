"""Kubernetes: the user `vsphere` in kubectl's configuration, by `kubectl config` itself."""

from __future__ import annotations

import json

from vsphere_session.configure.plan import Change, Target, ask, command
from vsphere_session.errors import InvalidRequestError, StorageError

USER = "vsphere"
_API = "client.authentication.k8s.io/v1"


def configure(target: Target) -> list[Change]:
    """The user, who runs this program. Raises InvalidRequestError where a user of that name does something else."""
    if len(target.hosts) != 1:
        raise InvalidRequestError("the user vsphere is for one host; name it with --host")
    found = _user(target)
    words = ["--protocol", "kubernetes", f"{target.hosts[0].scheme}://{target.hosts[0].place}"]
    if found is not None and not _is_ours(found, target):
        raise InvalidRequestError(
            f"kubectl's configuration has a user {USER} of another kind, which stays; rename it, then try again"
        )
    if found is not None and found["exec"].get("args") == words:
        return []
    line = f"set the user {USER} in kubectl's configuration"
    options = [f"--exec-command={target.program}", f"--exec-api-version={_API}", "--exec-interactive-mode=Never"]
    options += [f"--exec-arg={word}" for word in words]
    return [command(line, target, "kubectl", "config", "set-credentials", USER, *options)]


def unconfigure(target: Target) -> list[Change]:
    """Remove the user that `configure` has made."""
    found = _user(target)
    if found is None or not _is_ours(found, target):
        return []
    url = (found["exec"].get("args") or [""])[-1]
    if not target.leaves(url, of=lambda host: f"{host.scheme}://{host.place}"):
        return []
    return [
        command(
            f"remove the user {USER} from kubectl's configuration",
            target,
            "kubectl",
            "config",
            "unset",
            f"users.{USER}",
        )
    ]


def _user(target: Target) -> dict[str, dict[str, list[str] | str | None]] | None:
    """What kubectl knows of the user, its secrets left out; None where there is none."""
    try:
        users = json.loads(ask(target, "kubectl", "config", "view", "--output=json"))["users"] or []
        return next((user["user"] or {} for user in users if user["name"] == USER), None)
    except (ValueError, LookupError, TypeError, AttributeError):
        raise StorageError("kubectl config view answers with something else than a configuration; try it") from None


def _is_ours(user: dict[str, dict[str, list[str] | str | None]], target: Target) -> bool:
    return set(user) == {"exec"} and user["exec"].get("command") == target.program
