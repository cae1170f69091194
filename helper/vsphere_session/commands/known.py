"""The endpoints and users that a shell may complete: those that are configured or have a login kept. Nothing is asked."""

from __future__ import annotations

import os

from vsphere_session.errors import SessionError
from vsphere_session.secrets.index import Index, all_places
from vsphere_session.settings.config_file import load
from vsphere_session.storage.paths import Paths
from vsphere_session.storage.reading import Reader


def hosts() -> list[str]:
    """All of them, sorted; none where something cannot be read."""
    try:
        paths = Paths(os.environ)
        config = load(paths.config)
        named = {*config.endpoints, *all_places(_logins(paths), Reader())}
        return sorted({*named, *filter(None, [config.general.get("url", "")])})
    except SessionError:
        return []


def users(host: str) -> list[str]:
    """The users of a host, sorted."""
    try:
        paths = Paths(os.environ)
        configured = (load(paths.config).section(host) or {}).get("username", "")
        return sorted({*Index(_logins(paths), host, Reader()).users, *filter(None, [configured])})
    except SessionError:
        return []


def _logins(paths: Paths) -> str:
    return os.path.join(paths.state, "logins")
