"""Whether a cached session is good: what the files say, what the record says, and what the server says."""

from __future__ import annotations

from vsphere_session.cache.clients import SOAP_ONLY, SoapClient, WireClient
from vsphere_session.cache.connector import Terms
from vsphere_session.cache.principal import is_anothers, is_owner, made_for
from vsphere_session.cache.record import PINNED, Known
from vsphere_session.storage.digest import session_digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.vsphere.identity import Identity

_GONE = "the server does not know the cached session any more"


class Loading(Terms):
    """Finds out about cached sessions, and remembers what it has found out."""

    def _is_good(self, client: WireClient) -> bool:
        """Fill `client` from the cache, and ask the server if need be; False leaves it without a session."""
        if self._load_unasked(client):
            self.tell(f"the cached {client.kind.upper()} session is good: the server confirmed it lately")
            return True
        if client.session_id in self._gone:
            self.why = _GONE
        elif client.valid() and self.policy.verify != "never":
            with client:
                return self._still_alive(client)
        client.stored = None
        return False

    def _load_unasked(self, client: WireClient) -> bool:
        """Fill `client` from the cache; True if it is good without asking. Otherwise it is worth asking if it is valid."""
        if not self.shelf.read(client):
            return False
        if isinstance(client, SoapClient):
            self._soap = client
        if client.known is None and self.policy.verify == "never":
            client.known = self.shelf.known_by_file(client)
        known = client.known
        if not made_for(known, self.url.username, custom=self._custom(client) is not None, login_as=self.login_as):
            self.why = "the cached session was made for somebody else or in another way"
            client.stored = None
            return False
        if known is None or known.confirmed_at <= self._gone_at or not self.policy.trusts(known, self.clock.now()):
            self.why = "the cached session has not been confirmed lately"
            return False
        return True

    def _logged_in_meanwhile(self, client: WireClient) -> bool:
        """Look into the cache while another process holds the lock."""
        self.shelf.forget()
        return not self.reauth and self._load_unasked(client)

    def _still_alive(self, client: WireClient) -> bool:
        """Ask the server about the cached session."""
        known, now = client.known, self.clock.now()
        identity = client.confirm()
        if identity is None:
            self._gone.add(client.session_id)
            self._gone_at = self.clock.now()
            self.why = _GONE
            if known is not None:
                known.confirmed_at = 0.0  # or the next call would go on trusting what the server said before
                self.shelf.note(client)
        elif not is_owner(identity, known, self.url.username):
            self.why = f"the cached session belongs to {identity.username}"
        else:
            # the server's word first: this machine's clock may have been wrong when the session was logged in
            login_at = min(known.login_at, now) if known is not None and identity.age is None else None
            login, pinned = (known.login, known.pinned) if known is not None else ("", "")
            client.form = "" if client.form == SOAP_ONLY else client.form  # it may only have been starting
            fresh = self._know(client, identity, login=login, login_at=login_at)
            fresh.pinned = pinned  # what counts is how the session was obtained
            if not self.policy.too_old(fresh, now):
                self.tell(f"the cached {client.kind.upper()} session is good: the server has just confirmed it")
                self.shelf.note(client)
                return True
            self.why = "the cached session has reached its largest age"
        client.stored = None
        return False

    def _is_anothers(self, client: WireClient) -> bool:
        """Whether the session in our file is somebody else's, who may go on using it: it is not ours to end.

        Where the record does not know it, the server is asked; raises as that does.
        """
        if client.known is not None:
            return is_anothers(client.known, self.url.username)
        identity = client.confirm() if self.url.username else None
        return identity is not None and not is_owner(identity, None, self.url.username)

    def _know(self, client: WireClient, identity: Identity, *, login: str, login_at: float | None = None) -> Known:
        now = self.clock.now()
        client.known = Known(
            session_digest(client.session_id),
            username=identity.username,
            login=login,
            form=client.form,
            api_version=client.api_version if isinstance(client, SoapClient) else "",
            pinned=PINNED if self.insecure and self.thumbprint else "",
            login_at=now - (identity.age or 0.0) if login_at is None else login_at,
            confirmed_at=now,
        )
        return client.known

    def _custom(self, client: WireClient) -> Callable[..., None] | None:
        return self.login_soap if isinstance(client, SoapClient) else self.login_rest
