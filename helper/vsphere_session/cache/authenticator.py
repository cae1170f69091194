"""How a login goes: by which method, whose turn it is, what the server says to it, and whose session came of it."""

from __future__ import annotations

from vsphere_session.cache.clients import RestClient, SoapClient, WireClient
from vsphere_session.cache.principal import is_called, login_record, same_principal
from vsphere_session.errors import LoginRefusedError, UnreachableError
from vsphere_session.vsphere.service_content import about_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self, TypeVar

    from vsphere_session.cache.connector import Config, Connector
    from vsphere_session.cache.methods import Methods
    from vsphere_session.cache.record import Record
    from vsphere_session.cache.surroundings import Surroundings
    from vsphere_session.cache.validation import Validator
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.login.method import LoginMethod
    from vsphere_session.login.refusals import Refusals
    from vsphere_session.vsphere.identity import Identity

    T = TypeVar("T")

UNIFIED_SINCE = (8, 0, 3)
"""From this apiVersion on a vCenter takes one session id for SOAP and REST (docs/vsphere.md, section 5)."""


class Authenticator:
    """Logs clients in, and knows nothing of files. A context manager: at its end the turn that was taken is given back.

    endpoint   with the user to log in
    methods    the ways to log in
    records    by kind, what the record says of a session that is made so
    record     the helper's own, for what the server calls the user
    always     a new login is asked for, whatever is cached
    began      when the call did, by the clock that never jumps
    """

    def __init__(
        self,
        validator: Validator,
        connector: Connector,
        surroundings: Surroundings,
        refusals: Refusals,
        *,
        endpoint: Endpoint,
        methods: Methods,
        records: Mapping[str, str],
        record: Record,
        always: bool,
        began: float,
    ) -> None:
        self._validator = validator
        self._connector = connector
        self._around = surroundings
        self._refusals = refusals
        self._endpoint = endpoint
        self._methods = methods
        self._records = records
        self._record = record
        self._always = always
        self._began = began

    def __enter__(self) -> Self:
        self._refusals.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._refusals.__exit__(kind, value, trace)

    def forget_server(self) -> None:
        """Leave nothing behind of a login that went well: a `passthrough` writes no more than locks."""
        self._refusals.drop_server()

    def prepare(self, client: WireClient, config: Config | None) -> LoginMethod | None:
        """Do what a login needs and what makes no session yet, and say how to go on.

        None if `client` has a session that needs no login.
        """
        self._connector.connect(client, config)
        client.stored = None
        if not self._methods.is_custom(client) and self._share_soap_session(client):
            return None
        method = self._methods.of(client, always=self._always)
        tried = method.tries(client.kind)
        prepared = self._take_turn(client, *tried) if tried is not None else False
        why = f": {self._validator.why}" if self._validator.why else ""
        self._around.tell(f"logging in to {self._endpoint.place} for a new {client.kind.upper()} session{why}")
        if not prepared:
            method.prepare(client)
        self._watch(tried if method.obtains_by_secret else None, lambda: method.obtain(client))
        return method

    def log_in(self, client: WireClient, method: LoginMethod) -> None:
        """Make the session, and learn whose it is."""
        identity = self._watch(method.tries(client.kind), lambda: method.log_in(client))
        self._learn(client, identity, method)

    # ---- whose turn it is, and what came of it

    def _take_turn(self, client: WireClient, kind: str, secret: str) -> bool:
        """Wait for the turn to try `secret`, and say whether `client` has been prepared on the way.

        The refusal of a credential is found before it is sent, however user and host are spelled: the server's own word
        on who it is comes first, from here or from a file, and again when it is spoken to for the login.
        """
        refusals, deadline = self._refusals, self._around.until()
        if refusals.needs_server:
            self._locate(client)
            if not refusals.take_turn(kind, secret, deadline, self._began):
                return isinstance(client, SoapClient)
        else:
            refusals.take_turn(kind, secret, deadline, self._began)
        if not isinstance(client, SoapClient):
            return False
        client.prepare()  # after a wait the connection may be old
        if refusals.locate(client.ask_for_server()) and refusals.take_turn(kind, secret, deadline, self._began):
            client.prepare()
        return True

    def _locate(self, client: WireClient) -> None:
        soap = self._validator.soap
        content = soap.content if isinstance(client, RestClient) and soap is not None else {}
        instance = about_value(content, "instanceUuid") if content else client.ask_for_server()
        if instance is not None:
            self._refusals.locate(instance)

    def _watch(self, tried: tuple[str, str] | None, step: Callable[[], T]) -> T:
        """What `step` gives, which tries this kind and secret, if any; what the server says to that is remembered."""
        if tried is None:
            return step()
        accepted = unanswered = False
        try:
            found = step()
            accepted = True
            self._refusals.settle(*tried)
        except LoginRefusedError as refused:
            if refused.of_credential:
                self._refusals.remember(*tried)
            raise
        except UnreachableError as error:
            unanswered = error.unanswered
            raise
        finally:
            self._refusals.end_turn(accepted=accepted, unanswered=unanswered)
        return found

    # ---- whose session it is

    def _learn(self, client: WireClient, identity: Identity | None, method: LoginMethod) -> None:
        kind, whom = client.kind, self._endpoint.username
        if identity is None:
            raise LoginRefusedError(
                f"{self._endpoint.place} does not know the {kind.upper()} session that it has just made; try again"
            )
        sure = method.proves or self._methods.is_custom(client)
        if whom and not sure and not is_called(whom, identity.username, self._record.proven):
            method.disown()
            raise LoginRefusedError(
                f"{self._endpoint.place} says that the {method.name} logs in {identity.username}, not {whom}; name the user whose it is"
            )
        self._validator.learn(client, identity, login=self._records[kind], until=method.expires or 0.0)
        if method.proves:
            self._record.prove(kind, identity.username)
        if isinstance(client, SoapClient):
            self._validator.soap = client

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
        login, until = (soap.known.login, soap.known.until) if soap.known is not None else ("", 0.0)
        self._validator.learn(client, identity, login=login, until=until)
        if login == login_record("password", self._endpoint.username):
            self._record.prove(client.kind, identity.username)
        return True

    def _is_the_same(self, name: str, other: str) -> bool:
        """Whether SOAP's name of our user and REST's are two spellings of one, or both are known to be ours."""
        return same_principal(name, other) or is_called(self._endpoint.username, other, self._record.proven)
