"""The cache core: govmomi's `session/cache.Session`, and what it leaves open.

One login for many callers, no session lost, leaked or given to the wrong one.

    load    the cached session, if it is still good
    login   the cached session, else a new one, saved
    logout  ends a session that is not cached (passthrough)
    save    writes a client's session into the cache
    adopt, keep, discard  take over a session that somebody else made; end one and forget it
"""

from __future__ import annotations

from vsphere_session.cache.clients import SOAP_ONLY, WireClient, wired
from vsphere_session.cache.principal import same_principal
from vsphere_session.cache.renewal import Making, log_out_quietly
from vsphere_session.errors import LoginRefusedError, SessionError, UntrustedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.cache.client_protocol import Client
    from vsphere_session.cache.connector import Config


class Session(Making):
    """Cached vSphere sessions for one endpoint and user.

    url           the endpoint, in every form of GOVC_URL, or an Endpoint; a password in it is used for logins only
    insecure      verify no certificate; part of the cache's key, as in govmomi
    dir_soap, dir_rest  the cache's directories; govmomi's own by default
    encrypted     keep sessions encrypted, in the helper's own directory; what it has left in the others moves there
    passthrough   neither read nor write the cache
    reauth        ignore the cached session, log in, replace it and end the old one
    login_soap, login_rest  other ways to log in: called with a connected client, which they leave with a session
    login_as      whom those log in; a cached session is used only if it was made for the same
    password      called when a password is needed and the URL has none
    ca_file, thumbprint  whom to trust
    policy        how long a session is good
    timeout       seconds that one call may take
    caller        named to the server in the User-Agent
    environ, clock  the edge, for tests
    """

    # ---- govmomi's four

    def load(self, client: Client, config: Config | None = None) -> bool:
        """Fill `client` from the cache; False if there is nothing good, and always with passthrough or reauth.

        Asks the server unless the policy says that its last word is recent enough. Raises StorageError where the file
        cannot be read, UnreachableError or UntrustedError where the server cannot be asked; the file stays.
        """
        if self.passthrough or self.reauth:
            return False
        self.take_in()
        if not isinstance(client, WireClient):
            return self.shelf.read_other(client)
        self.connect(client, config)
        return self._is_good(client)

    def login(self, client: Client, config: Config | None = None) -> bool:
        """Fill `client` with the cached session, else with a new one, saved. True if a login was made.

        Of many callers at once one logs in, the others get its session. Raises as `load` does, and LoginRefusedError,
        SessionLimitError, NotFoundError without a password, BusyError.
        """
        if self.load(client, config):
            return False
        if self.passthrough:
            with wired(client):
                return self._make_uncached(wired(client), config)
        with self.shelf.lock as lock:
            if not lock.acquire(
                self.until(), lambda: isinstance(client, WireClient) and self._logged_in_meanwhile(client)
            ):
                return False
            self.shelf.forget()
            if self.load(client, config):
                return False
            with wired(client):
                return self._replace(wired(client), config)

    def logout(self, client: Client) -> None:
        """End the session of `client` if it is not cached (passthrough); otherwise do nothing."""
        if self.passthrough:
            with wired(client):
                wired(client).log_out()

    def save(self, client: Client) -> None:
        """Write the session of `client` into the cache; nothing with passthrough. Raises StorageError, BusyError."""
        if self.passthrough:
            return
        with self.shelf.lock as lock:
            lock.acquire(self.until())
            self.shelf.forget()
            self.shelf.write(client)

    # ---- and what they leave out

    def adopt(self, client: WireClient, session_id: str, config: Config | None = None) -> None:
        """Take a session that somebody else made, and ask the server whose it is. Nothing is written yet.

        Raises LoginRefusedError if the server does not know it, or if it belongs to another user than the URL's.
        """
        self.connect(client, config)
        with client:
            client.adopt(session_id)
            identity, kind = client.confirm(), client.kind.upper()
        if identity is None:
            raise LoginRefusedError(
                f"{self.url.place} does not know this {kind} session (any more); nothing was stored: log in again"
            )
        if self.url.username and not same_principal(self.url.username, identity.username):
            raise LoginRefusedError(
                f"this {kind} session belongs to {identity.username}, not to {self.url.username}; nothing was stored: name its own user"
            )
        self._know(client, identity, login="adopted")

    def keep(self, client: WireClient) -> None:
        """Save an adopted session, and end the one that it replaces."""
        with self.shelf.lock as lock:
            lock.acquire(self.until())
            self.shelf.forget()
            self.take_in()
            self.shelf.make_room(client)
            replaced = self._replaced(client)
            self._put(client, replaced)
            with client:
                self._end_replaced(replaced, client)

    def discard(self, client: WireClient) -> None:
        """End the session of `client`, and remove its file if that still holds it, also where the server did not answer.

        Raises why it did not, after the file is gone; an UntrustedError leaves the file where it is.
        """
        with self.shelf.lock as lock:
            lock.acquire(self.until())
            self.shelf.forget()
            self._end(client)

    def undo(self, client: WireClient) -> None:
        """End a session that was made for a call which has failed since; if that fails, too, it stays in its file."""
        if self.passthrough:
            log_out_quietly(client)
            return
        with self.shelf.lock as lock:
            lock.acquire(self.until())
            self.shelf.forget()
            self.shelf.distrust(client)
            if log_out_quietly(client):
                self._forget(client)

    def erase(self, client: WireClient, config: Config | None = None) -> bool:
        """End the cached session and remove its file, as `discard` does; False if there is none. Never logs in."""
        with self.shelf.lock as lock:
            lock.acquire(self.until())
            self.shelf.forget()
            self.take_in()
            self._end_left_aside(client, config, keep=False)
            if not self.shelf.read(client):
                return self.shelf.clear(client)
            self.connect(client, config)
            self._end(client)
            return True

    def _end(self, client: WireClient) -> None:
        # first: killed after the next step, this call would leave a dead session that is trusted
        self.shelf.distrust(client)
        try:
            with client:
                if self._is_anothers(client):
                    raise LoginRefusedError(f"it belongs to somebody else than {self.url.username}")
                client.log_out()
        except UntrustedError:
            raise
        except SessionError:
            self._forget(client)
            raise
        self._forget(client)

    def _forget(self, client: WireClient) -> None:
        current = type(client)()
        if self.shelf.read(current) and current.session_id == client.session_id:
            self.shelf.remove(client)

    def note_soap_only(self, soap: WireClient) -> None:
        """Remember that this server has no REST sessions, so that nobody asks it for one again with this session."""
        soap.form = SOAP_ONLY
        if soap.known is not None and not self.passthrough:
            soap.known.form = SOAP_ONLY
            self.shelf.note(soap)
