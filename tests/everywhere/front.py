"""vcsim behind a door that counts who comes in: what a call has asked of the server, and what is left there."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import requests

from peers import VcSim
from support.counting import vcsim_ids
from support.program import PASSWORD, USER
from support.proxy_server import Proxy, Relay

REST = "/rest/com/vmware/cis/session"


class _Door(Proxy):
    """Leads to the server and counts the connections."""

    count = 0

    def converse(self, relay: Relay) -> None:
        self.count += 1
        relay.run()


class Front:
    """A vcsim that only USER may log in to, at the door's port; its certificate is good for vcsim.test, too."""

    def __enter__(self) -> Self:
        self._vcsim = VcSim(USER, PASSWORD).__enter__()
        host, _, port = self._vcsim.authority.rpartition(":")
        self._door = _Door((host, int(port)))
        self.port = self._door.port
        self.authority = f"{host}:{self.port}"
        self.ca = self._vcsim.ca_file.read_bytes()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._door:
            self._vcsim.__exit__(kind, error, trace)

    @property
    def connections(self) -> int:
        """How many there have been."""
        return self._door.count

    @property
    def soap_sessions(self) -> set[str]:
        """The ids of all SOAP sessions."""
        return vcsim_ids(self._vcsim)

    def knows_rest_session(self, session_id: str) -> bool:
        """Whether this REST session lives: the server lists none."""
        with requests.Session() as asking:
            asking.trust_env = False
            asked = asking.get(
                f"https://{self._vcsim.authority}{REST}",
                headers={"vmware-api-session-id": session_id},
                verify=str(self._vcsim.ca_file),
            )
        assert asked.status_code in (200, 401), asked
        return asked.status_code == 200
