"""The endpoints and users that a shell may complete: those that are configured or have a login kept. Nothing is asked."""

from __future__ import annotations

import os

from vsphere_session.endpoint import parse_endpoint
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
        general = config.general.get("url", "")
        return sorted({*named, *([parse_endpoint(general).login_place] if general else [])})
    except SessionError:
        return []


def users(host: str) -> list[str]:
    """The users of a host, named as in a request; of all hosts where none is. Sorted."""
    try:
        paths = Paths(os.environ)
        config = load(paths.config)
        found: set[str] = set()
        for place in [parse_endpoint(host).login_place] if host else hosts():
            found |= {*Index(_logins(paths), place, Reader()).users, (config.section(place) or {}).get("username", "")}
        return sorted(found - {""})
    except SessionError:
        return []


def _logins(paths: Paths) -> str:
    return os.path.join(paths.state, "logins")
