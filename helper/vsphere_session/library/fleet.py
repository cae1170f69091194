"""A fleet as a Python program names it: in the words of `[fleet]` in the configuration."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vsphere_session.clock import Clock
    from vsphere_session.fleet.fleet import Fleet as Opened


@dataclass(frozen=True)
class Fleet:
    """Who shares sessions with this program, over an engine that all of them have: Redis or Valkey (docs/fleet.md).

    Args:
        url: the engine and its user, such as `rediss://ci-runner@cache.example.com:6380`.
        namespace: what the names of its documents begin with, the same for all who trust each other.
        key: the lines of the key that sessions are sealed with (`vsphere-session fleet key --new`).
        key_file: the file that has them, in place of `key`.
        password: the password of the engine's user.
        ca_file: whom to trust, in place of the platform.
        engine_down: `refuse`: no login where the engine does not answer and no session is here; `login`: one for each.
        login_spread: seconds over which those logins are spread.
        clear: whether `redis://` may lead to another machine.
        verify_pulled: whether the server is asked about another runner's session before its first use here.
        sessions: how many of each kind the machines share, at most 100; each machine uses one, by its host name.

    """

    url: str
    namespace: str = ""
    key: str = field(default="", repr=False)
    key_file: str | os.PathLike[str] = ""
    password: str = field(default="", repr=False)
    ca_file: str | os.PathLike[str] = ""
    engine_down: str = "refuse"
    login_spread: float = 30.0
    clear: bool = False
    verify_pulled: bool = False
    sessions: int = 1

    def opened(self, clock: Clock) -> Opened:
        """As the cache has it; nothing is asked yet. Raises InvalidRequestError."""
        from vsphere_session.service.fleet_terms import of_settings  # noqa: PLC0415  # a warm answer needs none
        from vsphere_session.settings.config_file import Configuration  # noqa: PLC0415
        from vsphere_session.settings.fleet_fields import VARIABLES  # noqa: PLC0415
        from vsphere_session.settings.fleet_settings import FleetSettings  # noqa: PLC0415

        said = {
            "url": self.url,
            "namespace": self.namespace,
            "key_file": os.path.abspath(self.key_file) if self.key_file else "",
            "ca_file": os.path.abspath(self.ca_file) if self.ca_file else "",
            "engine_down": self.engine_down,
            "login_spread": str(self.login_spread),
            "clear": str(self.clear).lower(),
            "verify_pulled": str(self.verify_pulled).lower(),
            "sessions": str(self.sessions),
        }
        secrets = {VARIABLES["key"]: self.key, VARIABLES["password"]: self.password}
        fleet = {name: value for name, value in said.items() if value}
        return of_settings(FleetSettings(secrets, Configuration("Fleet(…)", {}, {}, fleet=fleet)), clock)
