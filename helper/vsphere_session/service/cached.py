"""The sessions that are cached here, for whoever looks at all of them: which there are, and what their servers say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from credential_protocol.messages import Request
from vsphere_session.cache.inventory import Inventory, Names
from vsphere_session.cache.policy import Policy
from vsphere_session.cache.principal import same_principal
from vsphere_session.cache.session import Session
from vsphere_session.endpoint import parse_endpoint
from vsphere_session.errors import SessionError
from vsphere_session.fastpath.remembered import forget_all
from vsphere_session.secrets.logins import Logins
from vsphere_session.service.stored_secrets import kept_users
from vsphere_session.service.verbs import FILE_ALONE, erase_session, new_client
from vsphere_session.settings.environment import sources
from vsphere_session.settings.request import Settings
from vsphere_session.storage.files import remove_private
from vsphere_session.storage.reading import Reader
from vsphere_session.storage.unchanged import look_into

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vsphere_session.cache.clients import WireClient
    from vsphere_session.cache.inventory import Cached
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.service.call import Call

_USUAL = ("administrator@vsphere.local", "Administrator@vsphere.local", "root")
"""Users whose files govc may have made though nothing here names them."""


@dataclass(frozen=True)
class Word:
    """What a server says of a session: `state` is `alive`, `dead`, or the kind of the error that kept it from saying anything.

    username  whose it is, where it is alive
    why       the error's text
    key       its name in the server's own list, where it is alive and that has it
    """

    state: str
    username: str = ""
    why: str = ""
    key: str = ""


def all_cached(call: Call, fields: Mapping[str, str]) -> Inventory:
    """All that is cached; with `url` or `username` of a request what is of that server, that user."""
    url, username = fields.get("url", ""), fields.get("username", "")
    typed = parse_endpoint(url) if url else None
    around = call.around
    found = Inventory(around.paths, around.environ, _names(call, typed, username))
    user = username or (typed.username if typed is not None else "")
    found.sessions = [one for one in found.sessions if _is_at(one, typed) and (not user or _is_of(one, user))]
    return found


def settings_of(cached: Cached, call: Call) -> Settings:
    """What is said of its endpoint. Raises InvalidRequestError, StorageError."""
    around = call.around
    fields = {"insecure": str(cached.insecure).lower()}
    return Settings(Request("get", cached.endpoint.url, fields), around.environ, call.config, around.reader)


def policy_of(cached: Cached, call: Call) -> Policy:
    """How long it is good; the usual where what is said of its endpoint is wrong."""
    try:
        return settings_of(cached, call).policy
    except SessionError:
        return Policy()


def session_of(cached: Cached, call: Call) -> Session:
    """The cache that it is in, and the way to its server. Raises InvalidRequestError, StorageError."""
    settings, paths, own = settings_of(cached, call), call.around.paths, cached.directories
    return Session(
        cached.endpoint,
        insecure=cached.insecure,
        dir_soap="" if own.sealed or own.soap == paths.soap_sessions else own.soap,
        dir_rest="" if own.sealed or own.rest == paths.rest_sessions else own.rest,
        encrypted=own.sealed,
        ca_file=settings.ca_file,
        thumbprint=settings.thumbprint,
        policy=settings.policy,
        surroundings=call.around.begun(),
    )


def client_of(cached: Cached, session: Session) -> WireClient:
    """A client with the session in it, as far as there is one still. Raises as reading its file does for a login's caller."""
    client = new_client(cached.kind)
    if cached.stored is None:
        session.repository.read(client)
    elif not session.repository.needs_pin(cached.known):
        client.stored = cached.stored
    client.known = cached.known
    client.form = cached.known.form if cached.known is not None else ""
    session.connect(client)
    return client


def ask(cached: Cached, call: Call) -> Word:
    """Ask the server whether it lives, which counts as using it. Never logs in."""
    try:
        client = client_of(cached, session_of(cached, call))
        if not client.valid():
            return Word("dead", why="no session can be had from the file (any more)")
        with client:
            identity = client.confirm()
    except SessionError as error:
        return Word(error.kind, why=error.message)
    return Word("dead") if identity is None else Word("alive", identity.username, key=identity.key)


def end(cached: Cached, call: Call) -> str:
    """End a session on its server, and remove its file. Never logs in.

    Returns what could not be done, empty if all was: where the server is away, or will not, the file goes all the same.
    Raises what is wrong on this side, such as a certificate that is not trusted; the file stays.
    """
    forget_all(call.around.paths.state)
    session, warnings = session_of(cached, call), list[str]()
    if cached.user_known:
        erase_session(session, new_client(cached.kind), "", warnings)
    else:
        warnings += _end_nobodys(cached, client_of(cached, session))
    return "; ".join(dict.fromkeys(warnings))


def _end_nobodys(cached: Cached, client: WireClient) -> list[str]:
    """The same where nobody here knows for whom the file is named: there is no lock for it, nor a record of ours."""
    warnings = []
    try:
        with client:
            client.log_out()
    except SessionError as error:
        if error.local:
            raise
        warnings.append(FILE_ALONE + error.message)
    now, found = new_client(cached.kind), look_into(cached.path)
    now.unmarshal_json(b"" if found is None else found[0])
    if now.session_id == client.session_id:  # nobody has put another one there
        remove_private(cached.path)
    return warnings


def _is_at(cached: Cached, typed: Endpoint | None) -> bool:
    return typed is None or (cached.endpoint.scheme, cached.endpoint.place) == (typed.scheme, typed.place)


def _is_of(cached: Cached, user: str) -> bool:
    names = [cached.endpoint.username if cached.user_known else "", cached.known.username if cached.known else ""]
    return any(name and same_principal(user, name) for name in names)


def _names(call: Call, typed: Endpoint | None, username: str) -> Names:
    """What files may be named after: what is typed, set, configured, or has a login kept."""
    endpoints, users = [typed] if typed is not None else [], [username]
    for family in sources(call.around.environ, call.around.reader, call.around.timeout):
        try:
            endpoints += filter(None, [family.endpoint()])
            users.append(family.username())
        except SessionError:
            continue  # a call says what is wrong with it
    config = call.config
    texts = [config.general.get("url", ""), *config.endpoints]
    users += [section.get("username", "") for section in (config.general, *config.endpoints.values())]
    for place, user in _kept(call):
        texts.append(place)
        users.append(user)
    for text in filter(None, texts):
        try:
            endpoints.append(parse_endpoint(text))
        except SessionError:
            continue
    users += [one.username for one in endpoints]
    places = dict.fromkeys((one.scheme, one.authority) for one in endpoints)
    return Names(list(places), list(dict.fromkeys(filter(None, [*users, *_USUAL]))))


def _kept(call: Call) -> list[tuple[str, str]]:
    """Place and user of the logins that are kept; none where that cannot be read: it is not the logins that are looked at."""
    around = call.around
    try:
        return list(kept_users(Logins(around.paths.state, "", around.clock, around.until(), Reader(only_looks=True))))
    except SessionError:
        return []
