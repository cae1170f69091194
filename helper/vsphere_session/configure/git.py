"""git: `credential.https://HOST.helper` in its global configuration, by `git config` itself."""

from __future__ import annotations

import shlex

from vsphere_session.configure import links
from vsphere_session.configure.plan import Change, Target, ask, command, taken
from vsphere_session.endpoint import Endpoint

PROGRAM = "git-credential-vsphere"
_GLOBAL = ("git", "config", "--global")
_NONE = (0, 1)
"""`git config` ends with 1 where nothing is set."""


def configure(target: Target) -> list[Change]:
    """The link, and the helper of each host. Raises InvalidRequestError where a host has another."""
    path = links.place(PROGRAM, target)
    changes = links.make(path, target)
    values = _values(target)
    for host in target.hosts:
        key = _key(host)
        found = [value for name, value in values if name == key]
        if found and found != [_helper(path)]:
            raise taken("git's global configuration", key)
        if not found:
            line = f"set {key} in git's global configuration"
            changes.append(command(line, target, *_GLOBAL, key, _helper(path)))
    return changes


def unconfigure(target: Target) -> list[Change]:
    """Take back what `configure` has set; the link goes with the last host."""
    helper = _helper(links.place(PROGRAM, target))
    ours = [key for key, value in _values(target) if value == helper]
    left = [key for key in ours if target.leaves(key, of=_key)]
    changes = [
        command(
            f"unset {key} in git's global configuration", target, *_GLOBAL, "--fixed-value", "--unset-all", key, helper
        )
        for key in left
    ]
    return changes + (links.remove(PROGRAM, target) if left == ours else [])


def _values(target: Target) -> list[tuple[str, str]]:
    listed = ask(target, *_GLOBAL, "--null", "--get-regexp", r"^credential\..*\.helper$", fine=_NONE)
    return [(name, value) for name, _, value in (entry.partition("\n") for entry in listed.split("\0")) if name]


def _key(host: Endpoint) -> str:
    return f"credential.{host.scheme}://{host.place}.helper"


def _helper(path: str) -> str:
    """The value with which git runs exactly this path: it hands a plain one to a shell as it is."""
    quoted = shlex.quote(path)
    return path if quoted == path else f"!{quoted}"
