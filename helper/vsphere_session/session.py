"""The cache core: govmomi's `session/cache.Session`, and what it leaves open.

One login for many callers, no session lost, leaked or given to the wrong one.

    load    the cached session, if it is still good
    login   the cached session, else a new one, saved
    logout  ends a session that is not cached (passthrough)
    save    writes a client's session into the cache
    adopt, keep, discard  take over a session that somebody else made; end one and forget it
"""

from __future__ import annotations

import os

from vsphere_session.clients import SOAP_ONLY, RestClient, SoapClient, WireClient, wired
from vsphere_session.clock import Clock, Deadline
from vsphere_session.digest import session_digest
from vsphere_session.endpoint import Endpoint, parse_endpoint
from vsphere_session.errors import LoginRefusedError, NotFoundError, SessionError, UntrustedError
from vsphere_session.ownership import custom_login, is_owner, made_for, same_principal
from vsphere_session.paths import Paths, absolute
from vsphere_session.policy import Policy
from vsphere_session.record import Known
from vsphere_session.shelf import Shelf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from vsphere_session.client_protocol import Client
    from vsphere_session.wire.identity import Identity
    from vsphere_session.wire.transport import Transport

    Config = Callable[[Transport], None]

_GRACE = 2.0  # seconds in which a session that nobody will know can be ended though the call's time is over
UNIFIED_SINCE = (8, 0, 3)
"""From this apiVersion on a vCenter takes one session id for SOAP and REST (docs/vsphere.md, section 5)."""

_GONE = "the server does not know the cached session any more"


class Session:
    """Cached vSphere sessions for one endpoint and user.

    url           the endpoint, in every form of GOVC_URL, or an Endpoint; a password in it is used for logins only
    insecure      verify no certificate; part of the cache's key, as in govmomi
    dir_soap, dir_rest  the cache's directories; govmomi's own by default
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

    def __init__(
        self,
        url: str | Endpoint,
        *,
        insecure: bool = False,
        dir_soap: str = "",
        dir_rest: str = "",
        passthrough: bool = False,
        reauth: bool = False,
        login_soap: Callable[[SoapClient], None] | None = None,
        login_rest: Callable[[RestClient], None] | None = None,
        login_as: str = "",
        password: Callable[[], str | None] | None = None,
        ca_file: str = "",
        thumbprint: str = "",
        policy: Policy | None = None,
        timeout: float = 30.0,
        caller: str = "",
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.url = url if isinstance(url, Endpoint) else parse_endpoint(url)
        self.insecure = insecure
        self.environ: Mapping[str, str] = os.environ if environ is None else environ
        paths = Paths(self.environ)
        self.dir_soap = absolute(dir_soap) if dir_soap else paths.soap_sessions
        self.dir_rest = absolute(dir_rest) if dir_rest else paths.rest_sessions
        self.passthrough = passthrough
        self.reauth = reauth
        self.login_soap = login_soap
        self.login_rest = login_rest
        self.login_as = login_as
        self.password = password or (lambda: None)
        self.ca_file = ca_file
        self.thumbprint = thumbprint
        self.policy = policy or Policy()
        self.timeout = timeout
        self.caller = caller
        self.clock = clock or Clock()
        self.deadline: Deadline | None = None
        self.unbroken: Callable[[], AbstractContextManager[object]] = _Unguarded
        """Wraps what must not be interrupted: from the request of a login until its session is in a file."""
        self.tell: Callable[[str], None] = _tell_nobody
        """Called with what happens, a line at a time, without secrets."""
        self.why = ""
        """Why the cached session was not good, for the error that may follow; empty if there was none."""
        directories = {"soap": self.dir_soap, "rest": self.dir_rest}
        self.shelf = Shelf(self.url, insecure=insecure, directories=directories, paths=paths, clock=self.clock)
        self._gone: set[str] = set()
        self._gone_at = -1.0
        """When one of them was found dead: the server may have restarted, so what it confirmed before counts no more."""
        self._soap: SoapClient | None = None

    def __repr__(self) -> str:
        return f"Session({self.url.url!r}, insecure={self.insecure})"

    def endpoint(self) -> Endpoint:
        """A copy of the URL without password, query and fragment."""
        return self.url.with_user(self.url.username)

    # ---- govmomi's four

    def load(self, client: Client, config: Config | None = None) -> bool:
        """Fill `client` from the cache; False if there is nothing good, and always with passthrough or reauth.

        Asks the server unless the policy says that its last word is recent enough. Raises StorageError where the file
        cannot be read, UnreachableError or UntrustedError where the server cannot be asked; the file stays.
        """
        if self.passthrough or self.reauth:
            return False
        if not isinstance(client, WireClient):
            return self.shelf.read_other(client)
        self.connect(client, config)
        if self._load_unasked(client):
            self.tell(f"the cached {client.kind.upper()} session is good: the server confirmed it lately")
            return True
        if client.session_id in self._gone:
            self.why = _GONE
        elif client.valid() and self.policy.verify != "never":
            with _Closing(client):
                return self._still_alive(client)
        client.stored = None
        return False

    def login(self, client: Client, config: Config | None = None) -> bool:
        """Fill `client` with the cached session, else with a new one, saved. True if a login was made.

        Of many callers at once one logs in, the others get its session. Raises as `load` does, and LoginRefusedError,
        SessionLimitError, NotFoundError without a password, BusyError.
        """
        if self.load(client, config):
            return False
        if self.passthrough:
            with _Closing(wired(client)):
                return self._log_in_uncached(wired(client), config)
        with self.shelf.lock as lock:
            if not lock.acquire(self.until(), lambda: self._logged_in_meanwhile(client)):
                return False
            self.shelf.forget()
            if self.load(client, config):
                return False
            with _Closing(wired(client)):
                return self._replace(wired(client), config)

    def logout(self, client: Client) -> None:
        """End the session of `client` if it is not cached (passthrough); otherwise do nothing."""
        if self.passthrough:
            with _Closing(wired(client)):
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
        with _Closing(client):
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
            replaced = self._replaced(client)
            self.shelf.write(client)
            with _Closing(client):
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
            _log_out_quietly(client)
            return
        with self.shelf.lock as lock:
            lock.acquire(self.until())
            self.shelf.forget()
            if _log_out_quietly(client):
                self._forget(client)

    def erase(self, client: WireClient, config: Config | None = None) -> bool:
        """End the cached session and remove its file, as `discard` does; False if there is none. Never logs in."""
        with self.shelf.lock as lock:
            lock.acquire(self.until())
            self.shelf.forget()
            if not self.shelf.read(client):
                return self.shelf.clear(client)
            self.connect(client, config)
            self._end(client)
            return True

    def _end(self, client: WireClient) -> None:
        try:
            with _Closing(client):
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

    def connect(self, client: WireClient, config: Config | None = None) -> None:
        """Give `client` its way to the server, shaped by `config` before anything is sent."""

        def way() -> Transport:
            transport = self._transport()
            if config is not None:
                config(transport)
            return transport

        client.connect(way)

    def _transport(self) -> Transport:
        from vsphere_session.wire.proxy import proxy_for  # noqa: PLC0415  # a warm answer needs no network
        from vsphere_session.wire.transport import Transport  # noqa: PLC0415
        from vsphere_session.wire.trust import Trust  # noqa: PLC0415
        from vsphere_session.wire.user_agent import user_agent  # noqa: PLC0415

        return Transport(
            self.endpoint(),
            Trust(insecure=self.insecure, ca_file=self.ca_file, thumbprint=self.thumbprint),
            clock=self.clock,
            timeout=self.timeout,
            deadline=self.deadline,
            proxy=proxy_for(self.url, self.environ),
            headers={"User-Agent": user_agent(self.caller)},
        )

    def note_soap_only(self, soap: WireClient) -> None:
        """Remember that this server has no REST sessions, so that nobody asks it for one again with this session."""
        soap.form = SOAP_ONLY
        if soap.known is not None and not self.passthrough:
            soap.known.form = SOAP_ONLY
            self.shelf.note(soap)

    def until(self) -> Deadline:
        """The deadline of the call under way, or a new one."""
        return self.deadline or Deadline(self.timeout, self.clock)

    # ---- loading

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

    def _logged_in_meanwhile(self, client: Client) -> bool:
        self.shelf.forget()
        return not self.reauth and isinstance(client, WireClient) and self._load_unasked(client)

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
            login = known.login if known is not None else ""
            client.form = "" if client.form == SOAP_ONLY else client.form  # it may only have been starting
            fresh = self._know(client, identity, login=login, login_at=login_at)
            if not self.policy.too_old(fresh, now):
                self.tell(f"the cached {client.kind.upper()} session is good: the server has just confirmed it")
                self.shelf.note(client)
                return True
            self.why = "the cached session has reached its largest age"
        client.stored = None
        return False

    # ---- logging in

    def _log_in_uncached(self, client: WireClient, config: Config | None) -> bool:
        try:
            with self.unbroken():
                return self._authenticate(client, config)
        except BaseException:
            _log_out_quietly(client)
            raise

    def _replace(self, client: WireClient, config: Config | None) -> bool:
        """Log in, save, and end the session that was replaced; whether a login was needed. Only under the lock."""
        replaced = self._replaced(client)
        self.shelf.make_room(client)
        with self.unbroken():
            logged_in = self._authenticate(client, config)
            try:
                self.shelf.write(client)
            except BaseException:
                _log_out_quietly(client)
                raise
            self.tell(f"the new {client.kind.upper()} session is in {self.shelf.file(client.path)}")
            self._end_replaced(replaced, client)
        return logged_in

    def _authenticate(self, client: WireClient, config: Config | None) -> bool:
        """Make a new session, and say whether that took a login; one that turns out to be no good is ended again."""
        self.connect(client, config)
        client.stored = None
        if self._custom(client) is None and self._share_soap_session(client):
            return False
        try:
            self._log_in(client)
        except BaseException:
            _log_out_quietly(client)
            raise
        return True

    def _log_in(self, client: WireClient) -> None:
        custom = self._custom(client)
        self.tell(
            f"logging in to {self.url.place} for a new {client.kind.upper()} session"
            + (f": {self.why}" if self.why else "")
        )
        if custom is None:
            username, password = self._credential_for(client)
            self._know_new(client, client.log_in(username, password), login=f"password:{username}")
            return
        custom(client)
        if not client.valid():
            raise LoginRefusedError(
                f"login_{client.kind} left its client without a session; it must log in or adopt one"
            )
        self._know_new(client, client.confirm(), login=custom_login(self.login_as))

    def _credential_for(self, client: WireClient) -> tuple[str, str]:
        try:
            return self._credential()
        except NotFoundError:
            if isinstance(client, RestClient) and self._soap is not None:
                client.confirm()  # without any session: raises UnsupportedError where there is no REST to log in to
            raise

    def _credential(self) -> tuple[str, str]:
        password = self.url.password if self.url.password is not None else self.password()
        why = (
            "a new login is asked for" if self.reauth or self.passthrough else self.why or "there is no cached session"
        )
        if not self.url.username:
            raise NotFoundError(f"{why}, and no user name to log in to {self.url.place}; give username and password")
        if password is None:
            raise NotFoundError(
                f"{why}, and no password to log in to {self.url.place} as {self.url.username}; give one, or store it once: vsphere-session store"
            )
        return self.url.username, password

    def _share_soap_session(self, client: WireClient) -> bool:
        """On 8.0U3 and newer the SOAP session is a REST session, too: one login fewer, one place fewer taken."""
        soap = self._soap
        if not isinstance(client, RestClient) or soap is None or not soap.valid() or soap.version < UNIFIED_SINCE:
            return False
        client.adopt(soap.session_id)
        identity = client.confirm()
        if identity is None or (soap.username and not same_principal(soap.username, identity.username)):
            client.stored = None
            return False
        self.tell(f"{self.url.place} takes the SOAP session for REST, too")
        self._know_new(client, identity, login=soap.known.login if soap.known is not None else "")
        return True

    def _replaced(self, client: WireClient) -> WireClient | None:
        """The cached session that a new one is about to replace. A dead one, too: half-dead ones keep their place."""
        old = type(client)()
        return old if self.shelf.read(old) else None

    def _end_replaced(self, old: WireClient | None, new: WireClient) -> None:
        """End a session that no file knows any more; a server that refuses does not undo the new one."""
        if old is None or self.shelf.holds(old.session_id):
            return
        old.connect(lambda: new.transport)
        _log_out_quietly(old)

    # ---- what is known

    def _know_new(self, client: WireClient, identity: Identity | None, *, login: str) -> None:
        if identity is None:
            raise LoginRefusedError(
                f"{self.url.place} does not know the {client.kind.upper()} session that it has just made; try again"
            )
        self._know(client, identity, login=login)
        if isinstance(client, SoapClient):
            self._soap = client

    def _know(self, client: WireClient, identity: Identity, *, login: str, login_at: float | None = None) -> Known:
        now = self.clock.now()
        client.known = Known(
            session_digest(client.session_id),
            username=identity.username,
            login=login,
            form=client.form,
            api_version=client.api_version if isinstance(client, SoapClient) else "",
            login_at=now - (identity.age or 0.0) if login_at is None else login_at,
            confirmed_at=now,
        )
        return client.known

    def _custom(self, client: WireClient) -> Callable[..., None] | None:
        return self.login_soap if isinstance(client, SoapClient) else self.login_rest


def _tell_nobody(_line: str) -> None:
    return None


def _log_out_quietly(client: WireClient) -> bool:
    """End a session that nobody will know, and say whether that went well; it must not hide what went wrong before."""
    if client.valid():
        with _Closing(client):
            try:
                client.transport.grant(_GRACE)
                client.log_out()
            except SessionError:
                return False
    return True


class _Closing:
    """Closes the client's connection at the end of a call; the next call opens a new one."""

    def __init__(self, client: WireClient) -> None:
        self._client = client

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_error: object) -> None:
        self._client.close()


class _Unguarded:
    """The default of `unbroken`: guards nothing. `contextlib.nullcontext` costs an import that a warm answer can do without."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_error: object) -> None:
        return None
