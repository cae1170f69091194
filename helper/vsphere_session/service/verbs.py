"""get, store and erase: what the three verbs do, from the top down. On the fast path."""

from __future__ import annotations

from credential_protocol.messages import Answer, Failure
from vsphere_session.cache.clients import RestClient, SoapClient, WireClient
from vsphere_session.clock import rfc3339
from vsphere_session.errors import InvalidRequestError, SessionError, UnsupportedError
from vsphere_session.service.resolved import Resolved
from vsphere_session.settings.config_file import OF_REQUESTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from credential_protocol.messages import Request
    from vsphere_session.cache.session import Session
    from vsphere_session.service.call import Call, Outcome
    from vsphere_session.settings.request import Settings


def new_client(kind: str) -> WireClient:
    """An empty client of that kind."""
    return SoapClient() if kind == "soap" else RestClient()


# ---- get


def get(request: Request, call: Call) -> Answer:
    """Hand out the cached session if it is good, else log in, cache, and hand that out."""
    asked = Resolved(request, call)
    if asked.settings.output in OF_REQUESTS["output"]:
        from vsphere_session.service import other_outputs  # noqa: PLC0415  # few ask for that

        return other_outputs.answer(asked, lambda session: good_sessions(asked, session, call))
    return _hand_out(asked, call)


def get_cached(request: Request, call: Call, *, by_files: bool = False) -> tuple[Answer, Settings]:
    """The same for a caller that will not end its session, with what the request means.

    Raises UnsupportedError with passthrough, and where what is to be found `by_files` is encrypted.
    """
    asked = Resolved(request, call)
    if by_files and asked.settings.encrypted:
        raise UnsupportedError(
            'other programs find a session in govmomi\'s files, and with session_store = "encrypted" there are none; '
            'hand on what get returns, or set session_store = "files" for this endpoint'
        )
    if asked.settings.passthrough:
        raise UnsupportedError(
            "nobody would end a session outside the cache that is handed on in this way; switch passthrough off (GOVC_PERSIST_SESSION)"
        )
    return _hand_out(asked, call), asked.settings


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


def _hand_out(asked: Resolved, call: Call) -> Answer:
    session = asked.session(asked.user())
    clients, logged_in = good_sessions(asked, session, call)
    files = _files(session, clients)
    if call.remember and asked.settings.remember and not (logged_in or asked.settings.carries_password):
        _note_what_holds(session, clients, files, call.outcome)
    fields = _fields(asked.settings, session, clients, files) | {"source": "login" if logged_in else "cache"}
    return Answer({name: fields[name] for name in REPLY_FIELDS if fields.get(name)})


def good_sessions(asked: Resolved, session: Session, call: Call) -> tuple[list[WireClient], bool]:
    """A client with a session for each kind that is asked for, and whether any of them was logged in."""
    session.begin()
    try:
        clients, logged_in = _sessions(asked.settings, session, call.outcome)
    except SessionError as error:
        asked.explain(error)
        raise
    finally:
        session.close()
    kinds = asked.settings.kinds
    return [client for client in clients if client.kind in kinds], logged_in


def _sessions(settings: Settings, session: Session, outcome: Outcome) -> tuple[list[WireClient], bool]:
    """A client with a session for each kind that is asked for, and whether any of them was logged in.

    A half-made login is undone: cluster-api-provider-vsphere#2530 leaked the SOAP session when REST failed.
    """
    clients: list[WireClient] = []
    made: list[WireClient] = []
    try:
        for kind in settings.needed_kinds:
            client = new_client(kind)
            if kind == "rest" and settings.api == "both" and clients[0].serves_soap_only:
                continue
            if session.passthrough:
                outcome.owe(session, client)  # before it has a session: a signal may come as soon as it has
            if kind == "soap" and settings.api == "both" and not session.encrypted:
                session.expect(new_client("rest"))
            try:
                if session.login(client):
                    made.append(client)
            except UnsupportedError:
                if kind != "rest" or settings.api != "both":
                    raise
                session.note_soap_only(clients[0])
                continue
            clients.append(client)
    except BaseException:
        outcome.give_back()
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


def _files(session: Session, clients: list[WireClient]) -> dict[str, str]:
    """The cache file of each kind's session; nothing where other programs could not read it."""
    if session.passthrough or session.encrypted:
        return {}
    return {client.kind: session.repository.current_file(client.path) for client in clients}


def _note_what_holds(session: Session, clients: list[WireClient], files: dict[str, str], outcome: Outcome) -> None:
    """Whether and for how long the same question has the same answer: as long as the server need not be asked."""
    known = [client.known for client in clients if client.known is not None]
    if files and session.policy.verify == "auto" and len(known) == len(clients):
        until = min(session.policy.trusted_until(one) for one in known)
        sessions = {client.session_id: files[client.kind] for client in clients}
        outcome.note(sessions, max(one.confirmed_at for one in known), until)


def _fields(settings: Settings, session: Session, clients: list[WireClient], files: dict[str, str]) -> dict[str, str]:
    fields = {"url": session.endpoint().url}
    for client in clients:
        if settings.output == "tokens":
            fields[f"{client.kind}_session_id"] = client.session_id
        fields[f"{client.kind}_session_file"] = files.get(client.kind, "")
    known = [client.known for client in clients if client.known is not None]
    fields["username"] = next((one.username for one in known if one.username), "")
    fields["expires_at"] = rfc3339(min(session.policy.expires_at(one) for one in known)) if known else ""
    fields["api_version"] = next((one.api_version for one in known if one.api_version), "")
    return fields


# ---- store


def store(request: Request, call: Call) -> Answer:
    """Keep a login in the secret store, and sessions that the server confirms in the cache."""
    return _explained(Resolved(request, call), _store)


def _explained(asked: Resolved, verb: Callable[[Resolved], Answer]) -> Answer:
    """What the verb answers, or its error with what the environment has to do with that."""
    try:
        return verb(asked)
    except SessionError as error:
        asked.explain(error)
        raise


def _store(asked: Resolved) -> Answer:
    settings = asked.settings
    session_ids = {kind: value for kind, value in settings.session_ids.items() if value}
    if settings.given_password is None and not session_ids:
        raise InvalidRequestError("there is nothing to store; give a password, soap_session_id or rest_session_id")
    if settings.given_password is not None and not settings.endpoint.username:
        from vsphere_session.settings.near_misses import hint  # noqa: PLC0415  # only a mistake pays for it

        raise InvalidRequestError(
            f"the password has no user name to go with; give username, too{hint(asked.environ, 'username')}"
        )
    session = asked.session(settings.endpoint.username)
    if session.passthrough and session_ids:
        raise InvalidRequestError(
            "passthrough does not write the cache, so a session cannot be stored; leave one of the two out"
        )
    clients = []
    for kind, session_id in session_ids.items():
        client = new_client(kind)
        session.adopt(client, session_id)
        clients.append(client)
    _keep(asked, session, clients)
    password = ["password"] if settings.given_password is not None else []
    return Answer({"stored": ",".join([*password, *(client.kind for client in clients)])})


def _keep(asked: Resolved, session: Session, clients: list[WireClient]) -> None:
    """Keep the login that was given, and the sessions: all of it or nothing."""
    password = asked.settings.given_password
    kept: list[Callable[[], None]] = []

    def keep_login() -> None:
        if password is not None:
            session.refusals.forget()
            kept.append(asked.logins.set(asked.place, asked.settings.endpoint.username, password))

    try:
        if clients:
            session.keep(*clients, once=keep_login)
        else:
            keep_login()
    except BaseException as error:
        from vsphere_session.secrets.logins import undone  # noqa: PLC0415  # only where something has failed

        for take_back in kept:
            undone(error, take_back)
        raise


# ---- erase

FILE_ALONE = "the file is gone, but the session may live on until it idles out: "


def erase(request: Request, call: Call) -> Answer:
    """End the session on the server, then remove its file; forget the login. Never logs in."""
    from vsphere_session.fastpath.remembered import forget_all  # noqa: PLC0415  # not for a warm answer

    forget_all(call.around.paths.state)
    return _explained(Resolved(request, call), _erase)


def _erase(asked: Resolved) -> Answer:
    erased: list[str] = []
    warnings: list[str] = []
    session = asked.session(asked.settings.endpoint.username)
    if asked.settings.scope in ("all", "session"):
        given = asked.settings.session_ids
        for kind in [kind for kind in given if given[kind]] or asked.settings.kinds:
            if erase_session(session, new_client(kind), given[kind], warnings):
                erased.append(kind)
    if asked.settings.scope in ("all", "password"):
        session.refusals.forget()
        from vsphere_session.service.stored_secrets import forget_kept  # noqa: PLC0415  # not for a warm answer

        username = asked.settings.endpoint.username
        if forget_kept(asked.logins, asked.place, username) | asked.logins.delete(asked.place, username):
            erased.insert(0, "password")
    warning = {"warning": "; ".join(dict.fromkeys(warnings))} if warnings else {}
    return Answer({"erased": ",".join(erased), **warning})


def erase_session(session: Session, client: WireClient, given: str, warnings: list[str]) -> bool:
    """End the cached session, or the one given; whether there was one.

    What is wrong on this side (an unusable proxy, an untrusted server, an unreadable file) is an error, and costs nothing.
    """
    if not session.passthrough:
        session.repository.read(client)
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
    except SessionError as error:
        if error.local or error.kind == "busy":
            raise
        warnings.append(FILE_ALONE + error.message)
    return True


def erase_login(request: Request, password: str, call: Call) -> Answer:
    """Forget the stored login if this is its password; no other is touched."""
    asked = Resolved(request, call)
    username = asked.settings.endpoint.username
    if asked.logins.get(asked.place, username) != password:
        return Answer({"erased": ""})
    asked.logins.delete(asked.place, username)
    return Answer({"erased": "password"})


def user_of_get(request: Request, call: Call) -> str:
    """The user whose session `get` would hand out for this request; empty for the one without a user name."""
    return Resolved(request, call).user()


def cached_session_ids(request: Request, call: Call) -> set[str]:
    """The ids of the sessions in the cache for this user at this endpoint; asks nobody."""
    asked = Resolved(request, call)
    session = asked.session(asked.user())
    clients = [new_client("soap"), new_client("rest")]
    return {client.session_id for client in clients if session.repository.read(client)}


VERBS = {"get": get, "store": store, "erase": erase}
