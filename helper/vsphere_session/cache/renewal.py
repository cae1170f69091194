"""How a new session is made, saved, and takes the place of another."""

from __future__ import annotations

from vsphere_session.cache.clients import RestClient, SoapClient, WireClient
from vsphere_session.cache.principal import custom_login, password_login, same_principal
from vsphere_session.cache.validation import Loading
from vsphere_session.errors import LoginRefusedError, NotFoundError, SessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.cache.connector import Config
    from vsphere_session.vsphere.identity import Identity

_GRACE = 2.0  # seconds in which a session that nobody will know can be ended though the call's time is over
UNIFIED_SINCE = (8, 0, 3)
"""From this apiVersion on a vCenter takes one session id for SOAP and REST (docs/vsphere.md, section 5)."""


class Making(Loading):
    """Logs in. What it makes is in a file, or in the caller's hands, or ended."""

    def _make_uncached(self, client: WireClient, config: Config | None) -> bool:
        """Make a session for a caller who owns it, and say whether a login was needed."""
        with self.refusals.lock:
            log_in = self._prepare(client, config)
            if log_in is None:
                return False
            try:
                with self.unbroken():
                    log_in()
            except BaseException:
                log_out_quietly(client)
                client.stored = None  # it has had its chance
                raise
        return True

    def _replace(self, client: WireClient, config: Config | None) -> bool:
        """Log in, save, and end the session that was replaced; whether a login was needed. Only under the lock."""
        self.take_in()
        replaced = self._replaced(client)
        self.shelf.make_room(client)
        self._end_left_aside(client, config)
        with self.refusals.lock:
            log_in = self._prepare(client, config)
            client.on_login = lambda: self.shelf.set_aside(client)
            try:
                return self._save_new(client, replaced, log_in)
            finally:
                client.on_login = None

    def _save_new(self, client: WireClient, replaced: WireClient | None, log_in: Callable[[], None] | None) -> bool:
        with self.unbroken():
            try:
                if log_in is not None:
                    log_in()
                self._put(client, replaced)
            except BaseException:
                if log_in is not None and log_out_quietly(client):
                    self.shelf.settle(client)
                raise
            self.tell(f"the new {client.kind.upper()} session is in {self.shelf.file(client.path)}")
            self._end_replaced(replaced, client)
        return log_in is not None

    def _prepare(self, client: WireClient, config: Config | None) -> Callable[[], None] | None:
        """Do what a login needs and what makes no session yet.

        What comes back makes one, and must not be interrupted; None if `client` has a session that needs no login.
        """
        self.connect(client, config)
        client.stored = None
        why = f": {self.why}" if self.why else ""
        custom = self._custom(client)
        if custom is not None:
            self.tell(f"logging in to {self.url.place} for a new {client.kind.upper()} session{why}")
            return lambda: self._log_in_by(custom, client)
        if self._share_soap_session(client):
            return None
        username, password = self._credential_for(client)
        self.refusals.take_turn(client.kind, password, self.until())
        self.tell(f"logging in to {self.url.place} for a new {client.kind.upper()} session{why}")
        client.prepare()
        return lambda: self._log_in(client, username, password)

    def _log_in(self, client: WireClient, username: str, password: str) -> None:
        try:
            identity = client.log_in(username, password)
        except LoginRefusedError as refused:
            if refused.of_credential:
                self.refusals.remember(client.kind, password)
            raise
        self.refusals.settle(client.kind, password)
        self._know_new(client, identity, login=password_login(username))

    def _log_in_by(self, custom: Callable[..., None], client: WireClient) -> None:
        custom(client)
        if not client.valid():
            raise LoginRefusedError(
                f"login_{client.kind} left its client without a session; it must log in or adopt one"
            )
        self.shelf.set_aside(client)
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

    def _put(self, client: WireClient, replaced: WireClient | None) -> None:
        """Save the session of `client` in place of another, which is not lost before `_end_replaced` has ended it."""
        if replaced is not None and replaced.session_id != client.session_id:
            try:
                self.shelf.set_aside(replaced)
            except SessionError:
                pass  # it is needed only if this call is killed
        try:
            self.shelf.write(client)
        except BaseException:
            if replaced is not None:
                self.shelf.settle(replaced)
            raise

    def _end_replaced(self, old: WireClient | None, new: WireClient) -> None:
        """End a session that no file knows any more; a server that refuses does not undo the new one."""
        if old is None:
            return
        if not self.shelf.holds(old.session_id):
            old.connect(lambda: new.transport)
            try:
                mine = not self._is_anothers(old)
            except SessionError:
                mine = True
            if mine and not log_out_quietly(old):
                return  # it stays set aside, and the next login tries again
        self.shelf.settle(old)

    def _end_left_aside(self, client: WireClient, config: Config | None, *, keep: bool = True) -> None:
        """End the sessions that calls which were killed have left.

        What the server does not end now is tried again the next time, unless it is not to be kept.
        """
        for left in self.shelf.left_aside(client):
            self.connect(left, config)
            try:
                with left:
                    left.log_out()
            except SessionError:
                if keep:
                    return  # the login has to do with the same server
            self.shelf.settle(left)

    def _know_new(self, client: WireClient, identity: Identity | None, *, login: str) -> None:
        if identity is None:
            raise LoginRefusedError(
                f"{self.url.place} does not know the {client.kind.upper()} session that it has just made; try again"
            )
        self._know(client, identity, login=login)
        if isinstance(client, SoapClient):
            self._soap = client


def log_out_quietly(client: WireClient) -> bool:
    """End a session that nobody will know, and say whether that went well; it must not hide what went wrong before."""
    if client.valid():
        with client:
            try:
                client.transport.grant(_GRACE)
                client.log_out()
            except SessionError:
                return False
    return True
