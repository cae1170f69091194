"""The way to a fleet's document in one call: the engine, opened when it is first needed, and what to say where it is away."""

from __future__ import annotations

from random import random
from typing import TYPE_CHECKING

from vsphere_session.cache.fleet_place import FleetPlace
from vsphere_session.errors import StorageError
from vsphere_session.fleet.engine import DownError, EngineError
from vsphere_session.fleet.fleet import runner

if TYPE_CHECKING:
    from vsphere_session.cache.surroundings import Surroundings
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.fleet.fleet import Connected, Fleet

_COMES_BACK_SECONDS, _FIRST_PAUSE = 5.0, 0.2
"""For so long a call waits for an engine that it has spoken to, a little longer each time."""


class FleetLink:
    """One call's way to the document of one key.

    fleet  as it is configured
    place  the document, once the engine was opened
    also   tells sessions of nobody in particular apart
    """

    def __init__(self, fleet: Fleet, around: Surroundings, endpoint: Endpoint, *, insecure: bool, also: str) -> None:
        self.fleet = fleet
        self.place: FleetPlace | None = None
        self._around = around
        self._endpoint = endpoint
        self._insecure = insecure
        self._also = also
        self._connected: Connected | None = None

    def open(self) -> FleetPlace:
        """The document. Raises DownError, and what is wrong with key and password."""
        if self.place is None:
            self.place = self._place(self.fleet.number)
        return self.place

    def open_all(self) -> list[FleetPlace]:
        """The same, and behind it the documents that other machines use, where the fleet shares several sessions."""
        own = self.fleet.number
        return [self.open(), *(self._place(number) for number in range(self.fleet.sessions) if number != own)]

    def _place(self, number: int) -> FleetPlace:
        if self._connected is None:
            around = self._around
            self._connected = self.fleet.open(around.until(), around.paths.state, around.clock)
        return FleetPlace(
            self._connected,
            self._endpoint,
            insecure=self._insecure,
            who=runner(self._around.caller),
            also=self._also,
            number=number,
        )

    def close(self) -> None:
        """Give the engine's connection back."""
        connected, self._connected, self.place = self._connected, None, None
        if connected is not None:
            connected.close()

    def give_up(self) -> None:
        """The engine is away: other calls of this machine need not find out, too."""
        if self._connected is not None:
            self._connected.note_down()
        self.close()

    def release(self, place: FleetPlace) -> None:
        """Give the lease back, if that can be."""
        try:
            place.release()
        except EngineError:
            pass  # it ends by itself

    def wait_for(self, error: DownError) -> None:
        """An engine that was there a moment ago may be started again; raises `error` where it does not come back in time."""
        place = self.place
        if place is None or not (place.place.seen or error.hung_up):
            raise error
        self._around.tell(f"the fleet's engine {self.fleet.host} has gone away: {error}; looking for it again")
        deadline = self._around.until().within(min(_COMES_BACK_SECONDS, self._around.until().remaining() / 3))
        pause = _FIRST_PAUSE
        while deadline.remaining() > pause:
            self._around.clock.sleep(pause * (0.5 + random() / 2))  # noqa: S311  # nosec B311  # no secret
            pause *= 2
            try:
                place.place.look()
                return
            except DownError:
                pass
        raise error

    def down(self, error: EngineError) -> StorageError:
        """What to say where no login is made without it."""
        return StorageError(
            f"the fleet's engine {self.fleet.host} does not answer: {error}. No session that is here is good, and no login was made, since each "
            'runner would make one (engine_down = "login" allows that)'
        )

    def denied(self, error: EngineError) -> StorageError:
        """What to say where it refuses this account."""
        return StorageError(
            f"the fleet's engine {self.fleet.host} refuses this runner: {error}. No login was made; correct the engine's user, its password or "
            "its rights (vsphere-session fleet doctor)"
        )
