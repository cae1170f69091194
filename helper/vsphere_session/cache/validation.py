"""Whether a cached session is good: what the files say, what the record says, and what the server says.

On the fast path.
"""

from __future__ import annotations

from vsphere_session.cache.clients import SOAP_ONLY, SoapClient, WireClient
from vsphere_session.cache.principal import is_anothers, is_owner, made_for
from vsphere_session.cache.record import PINNED, ROUNDING, Known
from vsphere_session.digest import session_digest
from vsphere_session.errors import SessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vsphere_session.cache.policy import Policy
    from vsphere_session.cache.repository import Repository
    from vsphere_session.cache.surroundings import Surroundings
    from vsphere_session.vsphere.identity import Identity

_GONE = "the server does not know the cached session any more"


class Validator:
    """Finds out about cached sessions, and remembers what it has found out.

    username  whose sessions are good; empty for anybody's
    records   by kind, what the record would say of a session that this caller makes
    pinned    nothing but a thumbprint vouches for the server
    """

    def __init__(
        self,
        repository: Repository,
        policy: Policy,
        surroundings: Surroundings,
        *,
        username: str,
        records: Mapping[str, str],
        pinned: bool,
    ) -> None:
        self._repository = repository
        self._policy = policy
        self._around = surroundings
        self._username = username
        self._records = records
        self._pinned = pinned
        self._gone: set[str] = set()
        self._gone_at = -1.0
        """When one of them was found dead: the server may have restarted, so what it confirmed before counts no more."""
        self.why = ""
        """Why the cached session was not good, for the error that may follow; empty if there was none."""
        self._next: WireClient | None = None
        self.soap: SoapClient | None = None
        """The SOAP session that was found or made last: from 8.0.3 on it serves REST, too."""

    def is_good(self, client: WireClient) -> bool:
        """Fill `client` from the cache, and ask the server if need be; False leaves it without a session."""
        if self.is_good_unasked(client):
            self._around.tell(f"the cached {client.kind.upper()} session is good: the server confirmed it lately")
            return True
        if client.session_id in self._gone:
            self.why = _GONE
        elif client.valid() and self._policy.verify != "never":
            with client:
                self._ask_ahead(client)
                return self._still_alive(client)
        client.stored = None
        return False

    def expect(self, client: WireClient | None) -> None:
        """Of whom the server will be asked next, on the same connection: both questions can go out together."""
        self._next = client

    def _ask_ahead(self, first: WireClient) -> None:
        client, self._next, why = self._next, None, self.why
        if client is None or client.kind == first.kind:
            return
        try:
            if not self.is_good_unasked(client) and client.valid() and client.session_id not in self._gone:
                client.ask_ahead()
        except SessionError:
            pass  # its own turn comes
        self.why = why

    def is_good_unasked(self, client: WireClient) -> bool:
        """Fill `client` from the cache; True if it is good without asking. Otherwise it is worth asking if it is valid."""
        if not self._repository.read(client):
            return False
        if isinstance(client, SoapClient):
            self.soap = client
        if client.known is None and self._policy.verify == "never":
            client.known = self._repository.known_by_file(client)
        known, now = client.known, self._around.clock.now()
        if known is not None and not self._policy.trusts(known, now):
            self._repository.record.bring_up(client.kind, known)
        if not made_for(known, self._username, self._records[client.kind], self._proven):
            self.why = "the cached session was made for somebody else or in another way"
            client.stored = None
            return False
        if known is None or known.confirmed_at <= self._gone_at or not self._policy.trusts(known, now):
            self.why = "the cached session has not been confirmed lately"
            return False
        return True

    def is_anothers(self, client: WireClient) -> bool:
        """Whether the session in our file is somebody else's, who may go on using it: it is not ours to end.

        Where the record does not know it, the server is asked; raises as that does.
        """
        if client.known is not None:
            return is_anothers(client.known, self._username, self._proven)
        identity = client.confirm() if self._username else None
        return identity is not None and not is_owner(identity, None, self._username, self._proven)

    def learn(
        self, client: WireClient, identity: Identity, *, login: str, login_at: float | None = None, until: float = 0.0
    ) -> Known:
        """What is known of a session now that the server has said whose it is; `login`, `until`: see Known."""
        now = self._around.clock.now()
        client.known = Known(
            session_digest(client.session_id),
            username=identity.username,
            login=login,
            form=client.form,
            api_version=client.api_version if isinstance(client, SoapClient) else "",
            pinned=PINNED if self._pinned else "",
            login_at=now - (identity.age or 0.0) if login_at is None else login_at,
            confirmed_at=now,
            until=until,
        )
        return client.known

    @property
    def _proven(self) -> tuple[str, ...]:
        return self._repository.record.proven

    def _still_alive(self, client: WireClient) -> bool:
        """Ask the server about the cached session."""
        known, now = client.known, self._around.clock.now()
        identity = client.confirm()
        if identity is None:
            self._gone.add(client.session_id)
            self._gone_at = self._around.clock.now()
            self.why = _GONE
            if known is not None:
                known.confirmed_at = 0.0  # or the next call would go on trusting what the server said before
                self._repository.note(client)
        elif not is_owner(identity, known, self._username, self._proven):
            self.why = f"the cached session belongs to {identity.username}"
        else:
            # the server's word first: this machine's clock may have been wrong when the session was logged in
            login_at = min(known.login_at, now) if known is not None and identity.age is None else None
            login, pinned, until = (known.login, known.pinned, known.until) if known is not None else ("", "", 0.0)
            client.form = "" if client.form == SOAP_ONLY else client.form  # it may only have been starting
            fresh = self.learn(client, identity, login=login, login_at=login_at, until=until)
            fresh.pinned = pinned  # what counts is how the session was obtained
            if known is not None and abs(fresh.login_at - known.login_at) < ROUNDING:
                fresh.login_at = known.login_at
            if not self._policy.too_old(fresh, now):
                self._around.tell(f"the cached {client.kind.upper()} session is good: the server has just confirmed it")
                self._repository.note(client)
                return True
            self.why = "the cached session has reached its largest age"
        client.stored = None
        return False
