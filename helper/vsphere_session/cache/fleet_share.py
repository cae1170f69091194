"""What a login in a fleet does at its steps, lest a session is lost or ended that others use (see `share.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.cache.share import OvertakenError
from vsphere_session.cache.unshared import Unshared
from vsphere_session.digest import session_digest
from vsphere_session.fleet.engine import DownError, EngineError, UnknownError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.cache.clients import WireClient
    from vsphere_session.cache.fleet_link import FleetLink
    from vsphere_session.cache.fleet_place import FleetPlace
    from vsphere_session.fleet.owed import Owed


class FleetShare:
    """Shares by the document."""

    def __init__(self, link: FleetLink, owed: Owed) -> None:
        self._link = link
        self._owed = owed

    def made(self, client: WireClient) -> None:
        """Keep it in the document, lest this runner's end loses it."""
        self._or_owed(client, lambda place: place.set_aside(client, "new"))

    def commit(self, client: WireClient) -> None:
        """Make it the fleet's."""
        self._or_owed(client, lambda place: self._commit(client, place))

    def has(self, client: WireClient) -> bool:
        """Whether it has been the fleet's."""
        return self._link.place is not None and self._link.place.has_had(client)

    def ended(self, client: WireClient) -> None:
        """Nobody needs to end it any more."""
        try:
            self._link.open().settle([session_digest(client.session_id)])
        except EngineError:
            pass  # the next holder ends what has ended already

    def spares(self, session_id: str, *, left_aside: bool = False) -> bool:
        """What the fleet has, it ends; of what a file has had only what this runner made by itself is its own."""
        if self._link.place is not None and self._link.place.knows(session_id):
            return True
        return not left_aside and not self._owed.has(session_id)

    def _commit(self, client: WireClient, place: FleetPlace) -> None:
        if not place.commit(client):
            if place.has_had(client):  # its write was carried out, only the answer was lost, and others use it by now
                return
            place.set_aside(client, "stale")
            raise OvertakenError
        self._owed.clear(client.session_id)

    def _or_owed(self, client: WireClient, step: Callable[[FleetPlace], None]) -> None:
        """Do it; where the engine has gone, this runner keeps the session for itself if it may, or if the fleet may have it."""
        try:
            try:
                step(self._link.open())
            except DownError as error:
                self._link.wait_for(error)
                step(self._link.open())
        except UnknownError:
            self._owed.note(client.session_id)
        except EngineError as error:
            if self._link.fleet.engine_down != "login":
                raise self._link.down(error) from None
            self._owed.note(client.session_id)


class Alone(Unshared):
    """A login without the fleet: others may use whatever is here."""

    def __init__(self, owed: Owed) -> None:
        self._owed = owed

    def made(self, client: WireClient) -> None:
        """Offer it when the engine is there again."""
        self._owed.note(client.session_id)

    def ended(self, client: WireClient) -> None:
        """It need not be offered."""
        self._owed.clear(client.session_id)

    def spares(self, session_id: str, *, left_aside: bool = False) -> bool:
        """Only what this runner made by itself is its own."""
        return left_aside or not self._owed.has(session_id)
