"""get, store and erase: what the three verbs do, from the top down."""

from __future__ import annotations

from credential_protocol.messages import Answer, Failure
from vsphere_session.cache.clients import RestClient, SoapClient, WireClient
from vsphere_session.cache.session import Session
from vsphere_session.clock import rfc3339
from vsphere_session.errors import InvalidRequestError, SessionError, UnsupportedError, UntrustedError
from vsphere_session.fastpath.launcher import HANDED
from vsphere_session.secrets.logins import Logins
from vsphere_session.settings.request import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from credential_protocol.messages import Request
    from vsphere_session.service.call import Host


class Call:
    """One request on its way: its settings, its deadline, the stored logins, the session cache."""

    def __init__(self, request: Request, host: Host) -> None:
        self.settings = settings = Settings(request, host.environ, host.config, seconds=host.timeout)
        self.deadline = host.until()
        self.place = settings.endpoint.login_place
        self.logins = Logins(host.state, host.secret_store or settings.secret_store, host.clock, self.deadline)
        self._host = host

    def user(self) -> str:
        """As whom `get` acts: who is named, else the user of the login that was stored last."""
        return self.settings.endpoint.username or self.logins.default_user(self.place)

    def session(self, username: str) -> Session:
        """The cache for this user's sessions at the endpoint."""
        settings, host = self.settings, self._host

        def password() -> str | None:
            found = settings.password()
            return found if found is not None else self.logins.get(self.place, username)

        session = Session(
            settings.endpoint.with_user(username),
            insecure=settings.insecure,
            encrypted=settings.encrypted,
            passthrough=settings.passthrough,
            reauth=settings.reauth,
            password=password,
            ca_file=settings.ca_file,
            thumbprint=settings.thumbprint,
            policy=settings.policy,
            caller=host.caller,
            environ=host.environ,
            clock=host.clock,
        )
        session.deadline = self.deadline
        if host.unbroken is not None:
            session.unbroken = host.unbroken
        if host.connecting is not None:
            session.connecting = host.connecting
        if host.tell is not None:
            session.tell = host.tell
        return session


def new_client(kind: str) -> WireClient:
    """An empty client of that kind."""
    return SoapClient() if kind == "soap" else RestClient()


# ---- get


def get(request: Request, host: Host) -> Answer:
    """Hand out the cached session if it is good, else log in, cache, and hand that out."""
    return _hand_out(Call(request, host), host)


def get_cached(request: Request, host: Host, *, by_files: bool = False) -> tuple[Answer, Settings]:
    """The same for a caller that will not end its session, with what the request means.

    Raises UnsupportedError with passthrough, and where what is to be found `by_files` is encrypted.
    """
    call = Call(request, host)
    if by_files and call.settings.encrypted:
        raise UnsupportedError(
            'other programs find a session in govmomi\'s files, and with session_store = "encrypted" there are none; '
            'hand on what get returns, or set session_store = "files" for this endpoint'
        )
    if call.settings.passthrough:
        raise UnsupportedError(
            "nobody would end a session outside the cache that is handed on in this way; switch passthrough off (GOVC_PERSIST_SESSION)"
        )
    return _hand_out(call, host), call.settings


def _hand_out(call: Call, host: Host) -> Answer:
    session = call.session(call.user())
    session.begin()
    try:
        clients, logged_in = _sessions(call, session, host)
    finally:
        session.close()
    fields = _show(call, session, clients)
    fields["source"] = "login" if logged_in else "cache"
    if HANDED.consulted is not None and not logged_in:
        _note_what_holds(call, session, clients, host)
    return Answer({name: fields[name] for name in REPLY_FIELDS if fields.get(name)})


REPLY_FIELDS = (
    "url",
    "username",
    "soap_session_id",
    "rest_session_id",
    "source",
    "soap_session_file",
    "rest_session_file",
    "expires_at",
    "api_version",
)


def _sessions(call: Call, session: Session, host: Host) -> tuple[list[WireClient], bool]:
    """A client with a session for each kind that is asked for, and whether any of them was logged in.

    A half-made login is undone: cluster-api-provider-vsphere#2530 leaked the SOAP session when REST failed.
    """
    clients: list[WireClient] = []
    made: list[WireClient] = []
    owed = host.owed
    try:
        for kind in call.settings.kinds:
            client = new_client(kind)
            if kind == "rest" and call.settings.api == "both" and clients[0].serves_soap_only:
                continue
            if session.passthrough:
                host.owe(session, client)  # before it has a session: a signal may come as soon as it has
            try:
                if session.login(client):
                    made.append(client)
            except UnsupportedError:
                if kind != "rest" or call.settings.api != "both":
                    raise
                session.note_soap_only(clients[0])
                continue
            clients.append(client)
    except BaseException:
        host.give_back(owed)
        for client in made:
            _undo(session, client)
        raise
    return clients, bool(made)


def _undo(session: Session, client: WireClient) -> None:
    try:
        if not session.passthrough and not session.reauth:  # a new one is the cached one's successor, and stays
            session.undo(client)
    except Failure:
        pass  # what failed first is what the caller has to know


def _note_what_holds(call: Call, session: Session, clients: list[WireClient], host: Host) -> None:
    """Whether and for how long the same question has the same answer: as long as the server need not be asked."""
    known = [client.known for client in clients if client.known is not None]
    if (
        call.settings.carries_password
        or call.settings.policy.verify != "auto"
        or session.passthrough
        or session.encrypted
    ):
        return
    if len(known) == len(clients):
        until = min(session.policy.trusted_until(one) for one in known)
        sessions = {client.session_id: session.shelf.current_file(client.path) for client in clients}
        host.found(sessions, max(one.confirmed_at for one in known), until)


def _show(call: Call, session: Session, clients: list[WireClient]) -> dict[str, str]:
    fields = {"url": session.endpoint().url}
    for client in clients:
        if call.settings.output == "tokens":
            fields[f"{client.kind}_session_id"] = client.session_id
        if not session.passthrough and not session.encrypted:
            fields[f"{client.kind}_session_file"] = session.shelf.current_file(client.path)
    known = [client.known for client in clients if client.known is not None]
    fields["username"] = next((one.username for one in known if one.username), "")
    fields["expires_at"] = rfc3339(min(session.policy.expires_at(one) for one in known)) if known else ""
    fields["api_version"] = next((one.api_version for one in known if one.api_version), "")
    return fields


# ---- store


def store(request: Request, host: Host) -> Answer:
    """Keep a login in the secret store, and sessions that the server confirms in the cache."""
    call = Call(request, host)
    settings = call.settings
    session_ids = {kind: value for kind, value in settings.session_ids.items() if value}
    if settings.given_password is None and not session_ids:
        raise InvalidRequestError("there is nothing to store; give a password, soap_session_id or rest_session_id")
    if settings.given_password is not None and not settings.endpoint.username:
        raise InvalidRequestError("the password has no user name to go with; give username, too")
    session = call.session(settings.endpoint.username)
    if session.passthrough and session_ids:
        raise InvalidRequestError(
            "passthrough does not write the cache, so a session cannot be stored; leave one of the two out"
        )
    clients = []
    for kind, session_id in session_ids.items():
        client = new_client(kind)
        session.adopt(client, session_id)
        clients.append(client)
    stored = []
    if settings.given_password is not None:
        call.logins.set(call.place, settings.endpoint.username, settings.given_password)
        session.refusals.forget()
        stored.append("password")
    for client in clients:
        session.keep(client)
        stored.append(client.kind)
    return Answer({"stored": ",".join(stored)})


# ---- erase


def erase(request: Request, host: Host) -> Answer:
    """End the session on the server, then remove its file; forget the login. Never logs in."""
    call = Call(request, host)
    erased: list[str] = []
    warnings: list[str] = []
    session = call.session(call.settings.endpoint.username)
    if call.settings.scope in ("all", "session"):
        given = call.settings.session_ids
        for kind in [kind for kind in given if given[kind]] or call.settings.kinds:
            if _erase_session(session, new_client(kind), given[kind], warnings):
                erased.append(kind)
    if call.settings.scope in ("all", "password"):
        session.refusals.forget()
        if call.logins.delete(call.place, call.settings.endpoint.username):
            erased.insert(0, "password")
    warning = {"warning": "; ".join(dict.fromkeys(warnings))} if warnings else {}
    return Answer({"erased": ",".join(erased), **warning})


def _erase_session(session: Session, client: WireClient, given: str, warnings: list[str]) -> bool:
    """End the cached session, or the one given; whether there was one. An untrusted server is told nothing: that is an error."""
    if not session.passthrough:
        session.shelf.read(client)
    if given and client.session_id != given:
        session.connect(client)
        try:
            client.adopt(given)
            client.log_out()
        finally:
            client.close()
        return True
    if session.passthrough:
        return False
    try:
        return session.erase(client)
    except UntrustedError:
        raise
    except SessionError as error:
        if error.kind in ("busy", "storage"):
            raise
        warnings.append(f"the file is gone, but the session may live on until it idles out: {error.message}")
    return True


def erase_login(request: Request, password: str, host: Host) -> Answer:
    """Forget the stored login if this is its password; no other is touched."""
    call = Call(request, host)
    username = call.settings.endpoint.username
    if call.logins.get(call.place, username) != password:
        return Answer({"erased": ""})
    call.logins.delete(call.place, username)
    return Answer({"erased": "password"})


def user_of_get(request: Request, host: Host) -> str:
    """The user whose session `get` would hand out for this request; empty for the one without a user name."""
    return Call(request, host).user()


def cached_session_ids(request: Request, host: Host) -> set[str]:
    """The ids of the sessions in the cache for this user at this endpoint; asks nobody."""
    call = Call(request, host)
    session = call.session(call.user())
    clients = [new_client("soap"), new_client("rest")]
    return {client.session_id for client in clients if session.shelf.read(client)}


VERBS = {"get": get, "store": store, "erase": erase}
