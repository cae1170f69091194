"""What is kept: logins in the secret store, sessions in the cache."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vsphere_session.cache.encryption import Seal
from vsphere_session.clock import rfc3339
from vsphere_session.commands.examining.finding import WARNING, failed, ok, problem, skipped, warning
from vsphere_session.errors import SessionError
from vsphere_session.secrets.file_store import FileStore
from vsphere_session.secrets.index import Index
from vsphere_session.secrets.keyring_store import KeyringStore
from vsphere_session.service.verbs import new_client

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vsphere_session.cache.session import Session
    from vsphere_session.commands.examining.case import Case
    from vsphere_session.commands.examining.finding import Finding

_NOBODY = "doctor"
"""A place that nobody has a login for: whether a store answers is asked with it."""


def secret_store(case: Case) -> Iterator[Finding]:
    """Whether the store for new logins answers, and the one of the logins that are there."""
    users: Mapping[str, str] = {}
    if case.paths is not None and case.endpoint is not None:
        users = Index(os.path.join(case.paths.state, "logins"), case.endpoint.login_place, case.reader).users
    said = case.config_error is None or case.common.secret_store
    if not said:
        yield skipped("where new logins are kept needs configuration to be ok")
    for store in dict.fromkeys([*users.values(), *([case.store] if said else [])]):
        needed = store in users.values()
        try:
            yield ok(_where(case, store))
        except SessionError as error:
            found = failed(error)
            yield found if needed else failed(error, WARNING)
            continue
        yield from _logins(case, [user for user, where in users.items() if where == store])


def _where(case: Case, store: str) -> str:
    """Where it is, if it answers. Raises SessionError."""
    if store == "keyring":
        keyring = KeyringStore(case.until())
        keyring.get(_NOBODY, _NOBODY)
        return keyring.where.partition(", which")[0]
    kept = FileStore(case.call.around.paths.state, case.clock, case.until(), case.reader)
    kept.get(_NOBODY, _NOBODY)
    return kept.where.partition(", because")[0]


def _logins(case: Case, users: list[str]) -> Iterator[Finding]:
    """Whether what is said to be there is."""
    place = case.server().login_place if users else ""
    case.seen += [("user", user) for user in users]
    for user in users:
        if case.logins().get(place, user) is None:
            yield problem(
                f"the login of {user} for {place} is not where it was kept: somebody has removed it from the store",
                f"keep it again: vsphere-session login {place} --username {user}",
                "not-found",
            )
        else:
            yield ok(f"a login of {user} for {place} is kept there")


def cache(case: Case) -> Iterator[Finding]:
    """What the cache has for this request, as far as that is known without asking the server."""
    asked = case.known()
    if asked.settings.passthrough:
        yield ok("it is not used (passthrough): each call logs in")
        return
    if asked.settings.encrypted:
        Seal(case.call.around.paths.state, case.clock, case.until).look()
    for kind in asked.settings.kinds:
        yield _cached(case, asked.session(asked.user()), kind)


def _cached(case: Case, session: Session, kind: str) -> Finding:
    client = new_client(kind)
    name = kind.upper()
    good, why = session.look(client)
    known = client.known
    if good and known is not None:
        case.has_session = True
        case.seen.append(("user", known.username))
        until = rfc3339(session.policy.expires_at(known))
        return ok(
            f"the {name} session of {known.username} is good, and was confirmed lately; it can be used until {until}"
        )
    if client.valid():
        case.has_session = True
        return ok(f"there is a {name} session, and the server will be asked about it ({why})")
    if why:
        return warning(f"there is a {name} session, and it is not used: {why}", "the next call logs in and replaces it")
    return ok(f"there is no {name} session yet: the next call logs in")
