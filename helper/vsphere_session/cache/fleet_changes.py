"""What changes a fleet's session other than a login: it is erased, stored, discarded, distrusted, or more is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.cache.ending import log_out_quietly
from vsphere_session.cache.fleet_share import Alone
from vsphere_session.cache.share import OvertakenError
from vsphere_session.digest import session_digest
from vsphere_session.errors import UnreachableError, UnsupportedError
from vsphere_session.fleet.engine import DeniedError, DownError, EngineError, UnknownError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.cache.clients import WireClient
    from vsphere_session.cache.connector import Config, Connector
    from vsphere_session.cache.ending import Ending
    from vsphere_session.cache.fleet_link import FleetLink
    from vsphere_session.cache.fleet_place import FleetPlace
    from vsphere_session.cache.fleet_share import FleetShare
    from vsphere_session.cache.share import Share
    from vsphere_session.fleet.owed import Owed


class FleetChanges:
    """Every method is to be called under the repository's lock."""

    def __init__(
        self,
        link: FleetLink,
        share: FleetShare,
        owed: Owed,
        connector: Connector,
        *,
        ending: Callable[[Share], Ending],
    ) -> None:
        self._link = link
        self._share = share
        self._owed = owed
        self._connector = connector
        self._ending = ending

    def erase(self, client: WireClient, config: Config | None) -> bool:
        """End the session of this kind for all runners, and those that it has replaced, and remove its file; False if there is none."""
        try:
            ended = [self._withdraw(place, client.kind, config) for place in self._link.open_all()]
        except DeniedError:
            refused = UnsupportedError(
                f"this runner's account of {self._link.fleet.host} may only read what the fleet shares; have a runner that may write erase it"
            )
            refused.local = True
            raise refused from None
        except EngineError as error:
            self._ending(Alone(self._owed)).erase(client, config)
            raise UnreachableError(
                f"the fleet's engine {self._link.fleet.host} does not answer ({error}) and still has the session; runners find out from the server"
            ) from None
        return self._ending(self._share).erase(client, config) or any(ended)

    def discard(self, client: WireClient) -> None:
        """End this session, for all runners if it is theirs. Raises as `Ending.discard`."""
        try:
            entry = self._link.open().entry(client.kind)
            if entry is not None and entry.digest == session_digest(client.session_id):
                self._withdraw(self._link.open(), client.kind, None)
        except EngineError:
            pass  # runners find out from the server
        self._ending(self._share).discard(client)

    def _withdraw(self, place: FleetPlace, kind: str, config: Config | None) -> bool:
        place.place.look()
        while not place.take("erase"):
            place.wait()
        try:
            found = place.withdraw(kind)
            self.end(place, found, config)
        finally:
            self._link.release(place)
        return bool(found)

    def publish(self, client: WireClient) -> None:
        """Make a session the fleet's that somebody else has made."""
        try:
            place = self._link.open()
            place.place.look()
            while not place.take("store"):
                place.wait()
            try:
                self._share.commit(client)
            finally:
                self._link.release(place)
        except (DownError, UnknownError, OvertakenError):
            self._owed.note(client.session_id)  # offered as soon as the engine is there again
        except DeniedError as error:
            raise self._link.denied(error) from None

    def tell(self, client: WireClient) -> None:
        """More is known of the fleet's session than when it was made; where nobody else is at it, all learn it."""
        try:
            place = self._link.open()
            entry = place.entry(client.kind)
            if entry is not None and entry.digest == session_digest(client.session_id) and place.take("tell"):
                place.commit(client)
                self._link.release(place)
        except EngineError:
            pass  # the next one finds out again

    def distrust(self, session_id: str) -> None:
        """Have the server asked before any runner is handed this session."""
        try:
            self._link.open().distrust(session_id)
        except EngineError:
            pass  # this machine's record distrusts it

    def end(self, place: FleetPlace, sessions: list[tuple[WireClient, str]], config: Config | None) -> None:
        """End sessions on the server that lie aside; what it does not end stays there for the next one who has the lease."""
        ended = []
        for client, digest in sessions:
            self._connector.connect(client, config)
            if log_out_quietly(client):
                ended.append(digest)
        place.settle(ended)
