"""The sessions of one key in a fleet: its document, opened and sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.cache.clients import RestClient, SoapClient
from vsphere_session.cache.fleet_session import packed, unpack
from vsphere_session.digest import session_digest
from vsphere_session.endpoint import SOAP_PATH
from vsphere_session.errors import UnsupportedError
from vsphere_session.fleet import document as documents
from vsphere_session.fleet.contents import RETIRED
from vsphere_session.fleet.keys import NotOpenedError, UnknownKeyError
from vsphere_session.fleet.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vsphere_session.cache.clients import WireClient
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.fleet.document import Aside, Document, Entry, Lease
    from vsphere_session.fleet.fleet import Connected, Fleet

_RETIRED_SECONDS = 1800.0
"""For so long a session that was replaced is left to those who use it; then servers have dropped it where nobody does."""


def place_name(fleet: Fleet, endpoint: Endpoint, *, insecure: bool, also: str, number: int | None = None) -> str:
    """The name of the document of one key, as `FleetPlace` has it."""
    text = endpoint.key(SOAP_PATH, insecure=insecure) + also
    return fleet.name(text, fleet.number if number is None else number)


class FleetPlace:
    """What the pool does with the document, in the terms of sessions. Errors of the engine go through.

    lease  ours, while this runner has it
    """

    def __init__(
        self,
        connected: Connected,
        endpoint: Endpoint,
        *,
        insecure: bool,
        who: str,
        also: str = "",
        number: int | None = None,
    ) -> None:
        """`number`: of the sessions that the fleet shares; by default that which this machine uses."""
        self._endpoint = endpoint
        self._insecure = insecure
        self._who = who
        self._keys = connected.keys
        self._clock = connected.clock
        self.place: Place[Document] = Place(
            connected.engine,
            place_name(connected.fleet, endpoint, insecure=insecure, also=also, number=number),
            documents.read,
            documents.written,
            what="the fleet's document",
            clock=connected.clock,
            deadline=connected.deadline,
        )
        self.lease: Lease | None = None

    # ---- what is there

    def entry(self, kind: str) -> Entry | None:
        """The session of this kind that is handed out; None without one."""
        return self.place.document.entries.get(kind)

    def age(self, entry: Entry) -> float:
        """Seconds since the server has confirmed it, by the engine's clock."""
        return documents.age(entry, self.place.now)

    def fill(self, client: WireClient, entry: Entry, *, confirmed: bool) -> bool:
        """Become the session of `entry`, which counts as confirmed when it was, or not at all; False if it is none.

        Raises UnsupportedError where another key has sealed it: half a fleet with another key does not log in against the rest.
        """
        data = self._opened(client, entry.sealed, entry.fence)
        confirmed_at = self._clock.now() - self.age(entry) if confirmed else 0.0
        return data is not None and (
            unpack(data, client, self._ahead, confirmed_at)
            and session_digest(client.session_id) == entry.digest
            and client.stored is not None
            and client.stored.belongs_to(self._endpoint, insecure=self._insecure)
        )

    def knows(self, session_id: str) -> bool:
        """Whether the fleet has this session, or is about to end it."""
        return documents.knows(self.place.document, session_digest(session_id))

    def has_had(self, client: WireClient) -> bool:
        """Whether this session has been the fleet's: it is handed out, or was retired by the next one."""
        digest, document = session_digest(client.session_id), self.place.document
        handed_out = [entry.digest for entry in document.entries.values()]
        return digest in handed_out + [aside.digest for aside in document.aside if aside.why == RETIRED]

    # ---- the lease

    def take(self, purpose: str) -> bool:
        """Take the lease; False where somebody else has it."""
        self.lease = self.place.take(
            lambda document, now, token: documents.take(document, now, owner=self._who, token=token, purpose=purpose),
            lambda document: document.lease,
        )
        return self.lease is not None

    @property
    def is_free(self) -> bool:
        """Whether nobody has the lease."""
        return documents.lease_left(self.place.document, self.place.now) == 0

    def wait(self) -> None:
        """Wait for what the one who has the lease does, or for its end."""
        document = self.place.document
        self.place.wait(documents.lease_left(document, self.place.now))

    def release(self) -> None:
        """Give the lease back."""
        lease, self.lease = self.lease, None
        if lease is not None:
            self.place.change(lambda document, _: documents.release(document, lease))

    # ---- what the holder does

    def due(self) -> list[tuple[WireClient, str]]:
        """Sessions that are to be ended on the server now, with their digests."""
        return self._opened_aside(documents.due(self.place.document, self.place.now))

    def settle(self, digests: list[str]) -> None:
        """They have been ended."""

        def event(document: Document, _: float) -> Document:
            for digest in digests:
                document = documents.settle(document, digest)
            return document

        if digests:
            self.place.change(event)

    def set_aside(self, client: WireClient, why: str) -> None:
        """Keep a session that is to be ended, or is not the fleet's yet, and the lease for another while."""
        lease, fence = self.lease, self._fence
        sealed, digest = self._sealed(client, fence), session_digest(client.session_id)

        def event(document: Document, now: float) -> Document:
            until = now + _RETIRED_SECONDS if why == RETIRED else 0.0
            aside = documents.Aside(client.kind, digest, sealed, fence, now, why, until)
            document = documents.set_aside(document, now, aside, self._who)
            renewed = documents.renew(document, now, lease) if lease is not None else None
            return renewed[0] if renewed is not None else document

        self.place.change(event)

    def commit(self, client: WireClient) -> bool:
        """Make the session everybody's, and give the lease back; False where a later one was given, which has to decide."""
        lease, fence = self.lease, self._fence
        sealed, digest, known = self._sealed(client, fence), session_digest(client.session_id), client.known

        def event(document: Document, now: float) -> Document | None:
            if lease is None:
                return None
            made = known.login_at + self._ahead if known is not None and known.login_at else now
            entry = documents.Entry(digest, sealed, now, made, fence)
            until = now + _RETIRED_SECONDS
            committed = documents.commit(document, now, lease, client.kind, entry, retire_until=until)
            return documents.release(committed, lease) if committed is not None else None

        done = self.place.change(event)
        self.lease = None if done else self.lease
        return done

    def confirm(self, kind: str, digest: str) -> None:
        """The server has just said that this session lives; give the lease back."""
        lease = self.lease

        def event(document: Document, now: float) -> Document | None:
            if lease is None or not documents.is_held(document, lease):
                return None  # who has it now may have ended the session since
            return documents.release(documents.confirm(document, now, kind, digest, self._who), lease)

        self.place.change(event)
        self.lease = None

    def distrust(self, session_id: str) -> None:
        """Have the server asked before anybody is handed this session."""
        digest = session_digest(session_id)

        def event(document: Document, _: float) -> Document:
            for kind in ("soap", "rest"):
                document = documents.distrust(document, kind, digest)
            return document

        self.place.change(event)

    def withdraw(self, kind: str) -> list[tuple[WireClient, str]]:
        """Hand the session of this kind out no more, and return all of that kind with their digests, to be ended and settled."""
        lease = self.lease

        def event(document: Document, now: float) -> Document | None:
            return documents.withdraw(document, now, lease, kind, self._who) if lease is not None else None

        self.place.change(event)
        document = self.place.document
        elsewhere = {entry.digest for entry in document.entries.values()}
        return self._opened_aside(each for each in document.aside if each.kind == kind and each.digest not in elsewhere)

    # ---- sealed

    @property
    def _ahead(self) -> float:
        return self.place.now - self._clock.now()

    @property
    def _fence(self) -> int:
        return self.lease.fence if self.lease is not None else self.place.document.fence

    def _sealed(self, client: WireClient, fence: int) -> bytes:
        return self._keys.seal(
            packed(client, self._ahead),
            name=self.place.name,
            kind=client.kind,
            key_text=self._endpoint.key(client.path, insecure=self._insecure),
            fence=fence,
        )

    def _opened(self, client: WireClient, sealed: bytes, fence: int) -> bytes | None:
        key_text = self._endpoint.key(client.path, insecure=self._insecure)
        try:
            return self._keys.open(sealed, name=self.place.name, kind=client.kind, key_text=key_text, fence=fence)
        except UnknownKeyError as error:
            raise UnsupportedError(
                f"the fleet's session of {self._endpoint.place} is sealed with {error}, and this runner has {', '.join(self._keys.ids)}; "
                "give all runners the same keys (a new one last, everywhere, before it comes first)"
            ) from None
        except NotOpenedError:
            return None

    def _opened_aside(self, asides: Iterable[Aside]) -> list[tuple[WireClient, str]]:
        """A client with each of these sessions, and its digest; whoever has another's key ends that."""
        found: list[tuple[WireClient, str]] = []
        for aside in asides:
            client = SoapClient() if aside.kind == "soap" else RestClient()
            try:
                data = self._opened(client, aside.sealed, aside.fence)
            except UnsupportedError:
                continue
            if data is not None and unpack(data, client, self._ahead, 0.0):
                found.append((client, aside.digest))
        return found
