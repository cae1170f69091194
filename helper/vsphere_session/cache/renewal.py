"""How a new session is made, saved, and takes the place of another."""

from __future__ import annotations

from vsphere_session.cache.clients import RestClient, SoapClient, WireClient
from vsphere_session.cache.ending import Ending, log_out_quietly
from vsphere_session.cache.principal import is_called, login_record, same_principal
from vsphere_session.endpoint import real_password
from vsphere_session.errors import LoginRefusedError, NotFoundError, SessionError, UnreachableError
from vsphere_session.login.custom import CustomLogin
from vsphere_session.login.password import PasswordLogin
from vsphere_session.vsphere.service_content import about_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vsphere_session.cache.connector import Config, Connector
    from vsphere_session.cache.repository import Repository
    from vsphere_session.cache.surroundings import Surroundings
    from vsphere_session.cache.validation import Validator
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.login.method import LoginMethod
    from vsphere_session.login.refusals import Refusals
    from vsphere_session.vsphere.identity import Identity

UNIFIED_SINCE = (8, 0, 3)
"""From this apiVersion on a vCenter takes one session id for SOAP and REST (docs/vsphere.md, section 5)."""


class Renewal:
    """Logs in. What it makes is in a file, or in the caller's hands, or ended.

    endpoint   with the user to log in
    password   called when that is needed
    custom     by kind, the callables that log in instead, as `login_as`
    always     a new login is asked for, whatever is cached
    began      when the call did, by the clock that never jumps
    """

    def __init__(
        self,
        repository: Repository,
        validator: Validator,
        connector: Connector,
        surroundings: Surroundings,
        *,
        ending: Ending,
        refusals: Refusals,
        endpoint: Endpoint,
        password: Callable[[], str | None],
        custom: Mapping[str, Callable[..., None]],
        login_as: str,
        always: bool,
        began: float,
    ) -> None:
        self._repository = repository
        self._validator = validator
        self._connector = connector
        self._ending = ending
        self._refusals = refusals
        self._around = surroundings
        self._endpoint = endpoint
        self._password = password
        self._custom = custom
        self._login_as = login_as
        self._always = always
        self._began = began

    def make_uncached(self, client: WireClient, config: Config | None) -> bool:
        """Make a session for a caller who owns it, and say whether a login was needed."""
        with self._refusals as refusals:
            try:
                method = self._prepared(client, config)
                if method is not None:
                    self._log_in_or_out(client, method)
            finally:
                refusals.drop_server()
        return method is not None

    def replace(self, client: WireClient, config: Config | None) -> bool:
        """Log in, save, and end the session that was replaced; whether a login was needed. Only under the lock."""
        replaced = self._cached(client)
        self._repository.make_room(client)
        self._ending.end_left_aside(client, config)
        with self._refusals:
            method = self._prepared(client, config)
            client.on_login = lambda: self._repository.set_aside(client)
            try:
                with self._around.unbroken():
                    self._make(client, method, replaced)
                    self._around.tell(
                        f"the new {client.kind.upper()} session is in {self._repository.file(client.path)}"
                    )
                    self._ending.end_replaced(replaced, client)
            finally:
                client.on_login = None
        return method is not None

    def put(self, clients: Sequence[WireClient], once: Callable[[], object]) -> None:
        """Save sessions that somebody else has made, all or none, and end those that they replace. Only under the lock.

        `once` is called when all of them are written beside their files: what is left to do needs no room on the disk.
        """
        repository = self._repository
        for client in clients:
            repository.make_room(client)
        known = {client.kind: repository.record.kinds.get(client.kind) for client in clients}
        saved: list[tuple[WireClient, WireClient | None]] = []
        try:
            for client in clients:
                repository.set_aside(client)
            repository.record.change({client.kind: client.known for client in clients})
            once()
            for client in clients:
                replaced = self._cached(client)
                self._save(client, replaced, recorded=True)
                saved.append((client, replaced))
                with client:  # one after the other: killed now, this call leaves one session that no cache file knows
                    self._ending.end_replaced(replaced, client)
        except BaseException as error:
            self._take_back(clients, saved, error)
            repository.record.restore({kind: one for kind, one in known.items() if kind not in _kinds(saved)})
            raise

    def _take_back(
        self, clients: Sequence[WireClient], saved: list[tuple[WireClient, WireClient | None]], error: BaseException
    ) -> None:
        """Undo what is saved already, but for what has taken another's place; the error says what stays."""
        for pair in [(client, replaced) for client, replaced in saved if replaced is None]:
            if self._repository.take_back(pair[0]):
                saved.remove(pair)
        for client in clients:
            self._repository.settle(client)
        if saved and isinstance(error, SessionError):
            kinds = " and ".join(kind.upper() for kind in _kinds(saved))
            error.args = (
                f"{error.args[0]}; the {kinds} session is stored all the same, since that could not be undone",
            )

    # ---- how a login goes

    def _prepared(self, client: WireClient, config: Config | None) -> LoginMethod | None:
        """Do what a login needs and what makes no session yet, and say how to go on.

        None if `client` has a session that needs no login.
        """
        self._connector.connect(client, config)
        client.stored = None
        if client.kind not in self._custom and self._share_soap_session(client):
            return None
        method = self._method(client)
        prepared = self._take_turn(client, method, method.secret) if method.secret is not None else False
        why = f": {self._validator.why}" if self._validator.why else ""
        self._around.tell(f"logging in to {self._endpoint.place} for a new {client.kind.upper()} session{why}")
        if not prepared:
            method.prepare(client)
        return method

    def _take_turn(self, client: WireClient, method: LoginMethod, secret: str) -> bool:
        """Wait for the turn to try `secret`, and say whether `client` has been prepared on the way.

        The refusal of a credential is found before it is sent, however user and host are spelled: the server's own word
        on who it is comes first, from here or from a file, and again when it is spoken to for the login.
        """
        refusals, deadline = self._refusals, self._around.until()
        if refusals.needs_server:
            self._locate(client)
            if not refusals.take_turn(client.kind, secret, deadline, self._began):
                return isinstance(client, SoapClient)
        else:
            refusals.take_turn(client.kind, secret, deadline, self._began)
        if not isinstance(client, SoapClient):
            return False
        method.prepare(client)  # after a wait the connection may be old
        if refusals.locate(client.ask_for_server()) and refusals.take_turn(client.kind, secret, deadline, self._began):
            method.prepare(client)
        return True

    def _locate(self, client: WireClient) -> None:
        soap = self._validator.soap
        content = soap.content if isinstance(client, RestClient) and soap is not None else {}
        instance = about_value(content, "instanceUuid") if content else client.ask_for_server()
        if instance is not None:
            self._refusals.locate(instance)

    def _make(self, client: WireClient, method: LoginMethod | None, replaced: WireClient | None) -> None:
        try:
            if method is not None:
                self._log_in(client, method)
            self._save(client, replaced)
        except BaseException:
            if method is not None and log_out_quietly(client):
                self._repository.settle(client)
            raise

    def _log_in_or_out(self, client: WireClient, method: LoginMethod) -> None:
        try:
            with self._around.unbroken():
                self._log_in(client, method)
        except BaseException:
            log_out_quietly(client)
            client.stored = None  # it has had its chance
            raise

    def _log_in(self, client: WireClient, method: LoginMethod) -> None:
        accepted = unanswered = False
        try:
            identity = method.log_in(client)
            accepted = True
            if method.secret is not None:
                self._refusals.settle(client.kind, method.secret)
        except LoginRefusedError as refused:
            if refused.of_credential and method.secret is not None:
                self._refusals.remember(client.kind, method.secret)
            raise
        except UnreachableError as error:
            unanswered = error.unanswered
            raise
        finally:
            self._refusals.end_turn(accepted=accepted, unanswered=unanswered)
        self._learn(client, identity, login=login_record(method.name, method.whom), proves=method.proves)

    def _learn(self, client: WireClient, identity: Identity | None, *, login: str, proves: bool) -> None:
        if identity is None:
            raise LoginRefusedError(
                f"{self._endpoint.place} does not know the {client.kind.upper()} session that it has just made; try again"
            )
        self._validator.learn(client, identity, login=login)
        if proves:
            self._repository.record.prove(client.kind, identity.username)
        if isinstance(client, SoapClient):
            self._validator.soap = client

    # ---- by which method

    def _method(self, client: WireClient) -> LoginMethod:
        custom = self._custom.get(client.kind)
        if custom is not None:
            return CustomLogin(custom, self._login_as)
        try:
            return self._by_password()
        except NotFoundError:
            if isinstance(client, RestClient) and self._validator.soap is not None:
                client.confirm()  # without any session: raises UnsupportedError where there is no REST to log in to
            raise

    def _by_password(self) -> PasswordLogin:
        endpoint = self._endpoint
        password = endpoint.password if endpoint.password is not None else real_password(self._password())
        why = "a new login is asked for" if self._always else self._validator.why or "there is no cached session"
        if not endpoint.username:
            raise NotFoundError(f"{why}, and no user name to log in to {endpoint.place}; give username and password")
        if password is None:
            raise NotFoundError(
                f"{why}, and no password to log in to {endpoint.place} as {endpoint.username}; give one, or store it once: vsphere-session store"
            )
        return PasswordLogin(endpoint.username, password)

    def _share_soap_session(self, client: WireClient) -> bool:
        """On 8.0U3 and newer the SOAP session is a REST session, too: one login fewer, one place fewer taken."""
        soap = self._validator.soap
        if not isinstance(client, RestClient) or soap is None or not soap.valid() or soap.version < UNIFIED_SINCE:
            return False
        client.adopt(soap.session_id)
        identity = client.confirm()
        if identity is None or (soap.username and not self._is_the_same(soap.username, identity.username)):
            client.stored = None
            return False
        self._around.tell(f"{self._endpoint.place} takes the SOAP session for REST, too")
        login = soap.known.login if soap.known is not None else ""
        self._learn(client, identity, login=login, proves=login == login_record("password", self._endpoint.username))
        return True

    def _is_the_same(self, name: str, other: str) -> bool:
        """Whether SOAP's name of our user and REST's are two spellings of one, or both are known to be ours."""
        return same_principal(name, other) or is_called(self._endpoint.username, other, self._repository.record.proven)

    # ---- in place of another

    def _cached(self, client: WireClient) -> WireClient | None:
        """The cached session that a new one is about to replace. A dead one, too: half-dead ones keep their place."""
        old = type(client)()
        return old if self._repository.read(old) else None

    def _save(self, client: WireClient, replaced: WireClient | None, *, recorded: bool = False) -> None:
        """Save the session of `client` in place of another, which is not lost before it has been ended."""
        if replaced is not None and replaced.session_id != client.session_id:
            try:
                self._repository.set_aside(replaced)
            except SessionError:
                pass  # it is needed only if this call is killed
        try:
            self._repository.write(client, recorded=recorded)
        except BaseException:
            if replaced is not None:
                self._repository.settle(replaced)
            raise


def _kinds(saved: Sequence[tuple[WireClient, WireClient | None]]) -> list[str]:
    return [client.kind for client, _ in saved]
