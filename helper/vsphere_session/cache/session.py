"""The cache core: govmomi's `session/cache.Session`, and what it leaves open. On the fast path.

One login for many callers, no session lost, leaked or given to the wrong one.

    load    the cached session, if it is still good
    login   the cached session, else a new one, saved
    logout  ends a session that is not cached (passthrough)
    save    writes a client's session into the cache
    adopt, keep, discard  take over a session that somebody else made; end one and forget it
"""

from __future__ import annotations

import os

from vsphere_session.cache.clients import SOAP_ONLY, WireClient, wired
from vsphere_session.cache.connector import Connector
from vsphere_session.cache.policy import Policy
from vsphere_session.cache.principal import ADOPTED, is_owner, login_record
from vsphere_session.cache.repository import Repository
from vsphere_session.cache.surroundings import Surroundings
from vsphere_session.cache.validation import Validator
from vsphere_session.clock import TIMEOUT
from vsphere_session.endpoint import Endpoint, parse_endpoint
from vsphere_session.errors import BusyError, LoginRefusedError, UnreachableError
from vsphere_session.storage.files import check_not_shared
from vsphere_session.storage.paths import absolute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Final

    from vsphere_session.cache.changes import Changes
    from vsphere_session.cache.client_protocol import Client
    from vsphere_session.cache.clients import RestClient, SoapClient
    from vsphere_session.cache.connector import Config
    from vsphere_session.clock import Clock
    from vsphere_session.fleet.fleet import Fleet
    from vsphere_session.login.choice import Choice
    from vsphere_session.login.ground import Person, Vault
    from vsphere_session.login.refusals import Refusals


class Session:
    """Cached vSphere sessions for one endpoint and user.

    url           the endpoint, in every form of GOVC_URL, or an Endpoint; a password in it is used for logins only
    insecure      verify no certificate; part of the cache's key, as in govmomi
    dir_soap, dir_rest  the cache's directories; govmomi's own by default
    encrypted     keep sessions encrypted, in the helper's own directory; what it has left in the others moves there
    passthrough   neither read nor write the cache
    reauth        ignore the cached session, log in, replace it and end the old one
    login_soap, login_rest  other ways to log in: called with a connected client, which they leave with a session
    login_as      whom those log in; a cached session is used only if it was made for the same
    login         how to log in otherwise than by password, as the configuration says it (see `login.choice`)
    locale        the language of the server's texts for sessions that are made here, else GOVMOMI_LOCALE; `_` is the server's own
    password      called when a password is needed and the URL has none
    vault         called for what keeps other secrets of logins, such as a refresh token
    person        who can be asked, for ways to log in that need somebody; None where nobody is there
    ca_file, thumbprint  whom to trust
    policy        how long a session is good
    fleet         called for who shares sessions with this runner over an engine, where the cache has no answer
    timeout       seconds that one call may take
    caller        named to the server in the User-Agent
    environ, clock  the edge, for tests
    surroundings  the last four and more as one value, in place of them
    """

    def __init__(
        self,
        url: str | Endpoint,
        *,
        insecure: bool = False,
        dir_soap: str = "",
        dir_rest: str = "",
        encrypted: bool = False,
        passthrough: bool = False,
        reauth: bool = False,
        login_soap: Callable[[SoapClient], None] | None = None,
        login_rest: Callable[[RestClient], None] | None = None,
        login_as: str = "",
        login: Choice | None = None,
        locale: str = "",
        password: Callable[[], str | None] = lambda: None,
        vault: Callable[[], Vault] | None = None,
        person: Person | None = None,
        ca_file: str = "",
        thumbprint: str = "",
        policy: Policy | None = None,
        fleet: Callable[[], Fleet] | None = None,
        timeout: float = TIMEOUT,
        caller: str = "",
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        surroundings: Surroundings | None = None,
    ) -> None:
        around = surroundings or Surroundings(
            os.environ if environ is None else environ, clock=clock, timeout=timeout, caller=caller
        )
        self.url: Final = url if isinstance(url, Endpoint) else parse_endpoint(url)
        self.insecure: Final = insecure
        self.encrypted: Final = encrypted
        self.passthrough: Final = passthrough
        self.reauth: Final = reauth
        self.policy: Final = policy or Policy()
        self._around: Final = around
        custom = {"soap": login_soap, "rest": login_rest}
        usual = login.record if login is not None else login_record("password", self.url.username)
        self._records: Final = {
            kind: usual if by is None else login_record("custom", login_as) for kind, by in custom.items()
        }
        self.dir_soap: Final = _named(dir_soap, "SOAP") if dir_soap else around.paths.soap_sessions
        self.dir_rest: Final = _named(dir_rest, "REST") if dir_rest else around.paths.rest_sessions
        pinned = bool(thumbprint)
        directories = {"soap": self.dir_soap, "rest": self.dir_rest}
        clear = Repository(self.url, around, insecure=insecure, pinned=pinned, directories=directories)
        self._clear: Final = clear if encrypted else None
        self.repository: Final = self._sealed(pinned=pinned) if encrypted else clear
        self._connector: Final = Connector(
            self.endpoint(), around, insecure=insecure, ca_file=ca_file, thumbprint=thumbprint
        )
        self._validator: Final = Validator(
            self.repository,
            self.policy,
            around,
            username=self.url.username,
            records=self._records,
            pinned=insecure and pinned,
        )
        self.fleet: Final = fleet
        self._in_call = False
        self._found_changes: Changes | None = None

        def changes() -> Changes:
            from vsphere_session.cache.changes import Changes  # noqa: PLC0415  # a warm answer changes nothing
            from vsphere_session.cache.methods import Methods  # noqa: PLC0415

            methods = Methods(
                self.url,
                around,
                self._connector,
                self._validator,
                custom=custom,
                login_as=login_as,
                login=login,
                locale=locale,
                password=password,
                vault=vault,
                person=person,
            )
            return Changes(
                self.url,
                around,
                methods,
                connector=self._connector,
                validator=self._validator,
                repository=self.repository,
                policy=self.policy,
                records=self._records,
                account=login.account if login is not None else "",
                insecure=insecure,
                always=reauth or passthrough,
                fleet=fleet,
                also=self.shared_as,
                in_call=lambda: self._in_call,
            )

        self._new_changes: Final = changes

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url.url!r}, insecure={self.insecure})"

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
        self._take_in()
        if not isinstance(client, WireClient):
            return self.repository.read_other(client)
        self._connector.connect(client, config)
        return self._validator.is_good(client)

    def look(self, client: WireClient) -> tuple[bool, str]:
        """Whether `load` would hand the cached session out without asking the server, and if not, why. Asks nobody.

        `client` has a session that is worth asking about, or none. Raises StorageError, UntrustedError.
        """
        if self.passthrough or self.reauth:
            return False, "the cached session is not wanted"
        good = self._validator.is_good_unasked(client)
        return good, "" if good else self._validator.why

    def login(self, client: Client, config: Config | None = None) -> bool:
        """Fill `client` with the cached session, else with a new one, saved. True if a login was made.

        Of many callers at once one logs in, the others get its session. Raises as `load` does, and LoginRefusedError,
        SessionLimitError, NotFoundError without a password, BusyError.
        """
        began = self._around.clock.monotonic()
        fleet = None if self.passthrough or not isinstance(client, WireClient) else self.fleet
        if self._is_good(client, config, fleet):
            return False
        try:
            return self._log_in(client, config, began, fleet)
        except UnreachableError:
            deadline = self._around.deadline
            if deadline is not None and deadline.went_in_waiting():
                raise BusyError(
                    f"other processes had the locks that this call needs for most of {deadline.seconds:g} s, and the rest was not "
                    "enough to log in; try again, or allow more with --timeout"
                ) from None
            raise

    def _is_good(self, client: Client, config: Config | None, fleet: Callable[[], Fleet] | None) -> bool:
        """What `load` does; in a fleet without a question to the server, which one runner asks for all."""
        if fleet is None:
            return self.load(client, config)
        if self.reauth:
            return False
        self._take_in()
        self._connector.connect(wired(client), config)
        return self._validator.is_good_unasked(wired(client))

    def _log_in(self, client: Client, config: Config | None, began: float, fleet: Callable[[], Fleet] | None) -> bool:
        if self.passthrough:
            with wired(client):
                return self._changes.make_uncached(wired(client), config, began)
        with self.repository.locked(lambda: self._has_another_logged_in(client)) as locked:
            if not locked or self._is_good(client, config, fleet):
                return False
            self._take_in()
            with wired(client):
                return self._changes.replace(wired(client), config, began)

    def logout(self, client: Client) -> None:
        """End the session of `client` if it is not cached (passthrough); otherwise do nothing."""
        if self.passthrough:
            with wired(client):
                wired(client).log_out()

    def save(self, client: Client) -> None:
        """Write the session of `client` into the cache; nothing with passthrough. Raises StorageError, BusyError."""
        if not self.passthrough:
            with self.repository.locked():
                self.repository.write(client)

    # ---- and what they leave out

    def connect(self, client: WireClient, config: Config | None = None) -> None:
        """Give `client` its way to the server, shaped by `config` before anything is sent."""
        self._connector.connect(client, config)

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
        proven = () if self.passthrough else self.repository.record.proven
        if not is_owner(identity, None, self.url.username, proven):
            raise LoginRefusedError(
                f"this {kind} session belongs to {identity.username}, not to {self.url.username}; nothing was stored: name its own user"
            )
        self._validator.learn(client, identity, login=ADOPTED)

    def keep(self, *clients: WireClient, once: Callable[[], object] = lambda: None) -> None:
        """Save adopted sessions, all of them or none, and end those that they replace.

        `once` is called when there is room for all of them; if it raises, none is saved.
        """
        with self.repository.locked():
            self._take_in()
            self._changes.put(clients, once)

    def discard(self, client: WireClient) -> None:
        """End the session of `client`, and remove its file if that still holds it, also where the server did not answer.

        Raises why it did not, after the file is gone; a `local` error leaves the file where it is.
        """
        with self.repository.locked():
            self._changes.discard(client)

    def undo(self, client: WireClient) -> None:
        """End a session that was made for a call which has failed since; if that fails, too, it stays in its file."""
        if self.passthrough:
            from vsphere_session.cache.ending import log_out_quietly  # noqa: PLC0415  # a warm answer ends nothing

            log_out_quietly(client)
        elif self.fleet is None:  # else others have it by now
            with self.repository.locked():
                self._changes.undo(client)

    def erase(self, client: WireClient, config: Config | None = None) -> bool:
        """End the cached session and remove its file, as `discard` does; False if there is none. Never logs in."""
        with self.repository.locked():
            self._take_in()
            return self._changes.erase(client, config)

    def note_soap_only(self, soap: WireClient) -> None:
        """Remember that this server has no REST sessions, so that nobody asks it for one again with this session."""
        soap.form = SOAP_ONLY
        if soap.known is not None and not self.passthrough:
            soap.known.form = SOAP_ONLY
            self.repository.note(soap)
            if self.fleet is not None:
                self._changes.tell(soap)

    def expect(self, client: WireClient) -> None:
        """Say who is loaded next, so that the server can be asked about both at once, if it has to be asked about the first."""
        self._connector.connect(client)
        self._validator.expect(client)

    def distrust(self, session_id: str) -> None:
        """Have the server asked before anybody uses this session again."""
        if not self.passthrough:
            with self.repository.locked():
                self.repository.record.distrust(session_id)
                if self.fleet is not None:
                    self._changes.distrust(session_id)

    def again(self) -> None:
        """Go on as a further process would, in a program that lives long: read again what others may have written."""
        self.repository.record.forget()
        self._close_changes()
        self._found_changes = None

    def begin(self) -> None:
        """Until `close` clients without a `config` share one connection, and what the server says of sessions waits."""
        self._in_call = True
        self._connector.begin()
        self.repository.begin()

    def close(self) -> None:
        """Write down what the server has said since `begin`, and close the connection."""
        self._in_call = False
        self._close_changes()
        self.repository.close()
        self._connector.close()

    @property
    def shared_as(self) -> str:
        """What tells its document in a fleet from others of the same key: the way to log in, where no user is named."""
        return "" if self.url.username else self._records["soap"]

    @property
    def refusals(self) -> Refusals:
        """What the server has refused to this user lately."""
        return self._changes.refusals

    # ---- the parts that few calls need

    @property
    def _changes(self) -> Changes:
        if self._found_changes is None:
            self._found_changes = self._new_changes()
        return self._found_changes

    def _close_changes(self) -> None:
        if self._found_changes is not None:
            self._found_changes.close()

    def _has_another_logged_in(self, client: Client) -> bool:
        """Look into the cache while another process holds the lock."""
        self.repository.record.forget()
        return not self.reauth and isinstance(client, WireClient) and self._validator.is_good_unasked(client)

    def _sealed(self, *, pinned: bool) -> Repository:
        from vsphere_session.cache.encryption import Seal  # noqa: PLC0415  # only where it is asked for

        around = self._around
        state = around.paths.state
        return Repository(
            self.url,
            around,
            insecure=self.insecure,
            pinned=pinned,
            directories={kind: os.path.join(state, "encrypted", kind) for kind in ("soap", "rest")},
            seal=Seal(state, around.clock, around.until),
        )

    def _take_in(self) -> None:
        """With `encrypted`: take what this program has left in clear for this key into the encrypted store."""
        if self._clear is not None:
            from vsphere_session.cache.migration import take_in  # noqa: PLC0415  # only where it is asked for

            take_in(self._clear, self.repository)


def _named(directory: str, kind: str) -> str:
    """A directory that the caller has named, from the root. Raises StorageError where that cannot be found, or is shared."""
    what = f"the directory of {kind} sessions"
    found = absolute(directory, what)
    check_not_shared(found, what)
    return found
