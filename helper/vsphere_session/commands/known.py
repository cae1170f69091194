"""The endpoints and users that a shell may complete: those that are configured or have a login kept. Nothing is asked."""

from __future__ import annotations

import os

from vsphere_session.clock import TIMEOUT, Clock, Deadline
from vsphere_session.endpoint import parse_endpoint
from vsphere_session.errors import SessionError
from vsphere_session.secrets.logins import Logins
from vsphere_session.service.stored_secrets import kept_users
from vsphere_session.settings.config_file import load
from vsphere_session.storage.paths import Paths
from vsphere_session.storage.reading import Reader


def hosts() -> list[str]:
    """All of them, sorted; none where something cannot be read."""
    return sorted({place for place, _ in _known()})


def users(host: str) -> list[str]:
    """The users of a host, named as in a request; of all hosts where none is. Sorted."""
    try:
        place = parse_endpoint(host).login_place if host else ""
    except SessionError:
        return []
    return sorted({user for of, user in _known() if user and place in ("", of)})


def _known() -> list[tuple[str, str]]:
    """Places, and each with its users; an empty one with a place of which no user is known."""
    try:
        paths, clock = Paths(os.environ), Clock()
        config = load(paths.config)
        logins = Logins(paths.state, "", clock, Deadline(TIMEOUT, clock), Reader(only_looks=True))
        general = config.general.get("url", "")
        return [
            *kept_users(logins),
            *((place, section.get("username", "")) for place, section in config.endpoints.items()),
            *([(parse_endpoint(general).login_place, "")] if general else []),
        ]
    except SessionError:
        return []
