"""Logging in: by what, whether the server would be asked at all, and with `--login` whether it works."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from vsphere_session.clock import rfc3339
from vsphere_session.commands.examining.finding import failed, ok, problem, skipped, warning
from vsphere_session.errors import NotFoundError, SessionError, SessionLimitError, UnreachableError
from vsphere_session.service.addressed import request
from vsphere_session.service.stored_secrets import has_kept
from vsphere_session.service.verbs import get
from vsphere_session.vsphere.saml import read_token
from vsphere_session.vsphere.soap import SoapWire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vsphere_session.commands.examining.case import Case
    from vsphere_session.commands.examining.finding import Finding

_ONLY_BY_LOGIN = "only a login shows that, and none is made without --login"


def method(case: Case) -> Iterator[Finding]:
    """Whether there is something to log in with. No command is run, and nobody is asked."""
    login = case.settings.login
    name = login.name if login is not None else "password"
    looks: dict[str, Callable[[Case], Iterator[Finding]]] = {
        "token": _token,
        "certificate": _key_pair,
        "extension": _key_pair,
        "oidc": _provider,
        "ticket": _ticket,
        "api-token": _api_token,
    }
    yield from looks.get(name, _password)(case)


def _password(case: Case) -> Iterator[Finding]:
    """By user name and password, wherever that comes from."""
    asked = case.known()
    settings = asked.settings
    user = settings.account or case.logins().default_user(asked.place)
    case.password = settings.password()
    if case.password is not None and user:
        yield ok(f"by the password of {user} from {settings.password_from}")
        return
    if settings.login is not None and settings.login.values.text("password_command"):
        yield from _command(case, "password_command")
        return
    kept = case.logins().users(asked.place)
    case.seen += [("user", each) for each in kept]
    if user in kept:
        case.password = case.logins().get(asked.place, user)
        yield ok(f"by the password of {user} from the secret store")
        return
    error = NotFoundError(_missing(case, user, kept))
    asked.explain(error)
    yield warning(*error.message.split("; ", 1)) if case.has_session else failed(error)


def _missing(case: Case, user: str, kept: list[str]) -> str:
    place = case.known().place
    until = ", once the cached session is over" if case.has_session else ""
    do = f"keep one: vsphere-session login {place}"
    if kept:
        return f"there is no password of {user}{until}, and the secret store has logins of {', '.join(kept)} for {place} alone; {do}"
    whom = f"no password of {user}" if user else "nobody to log in as"
    return f"there is {whom}{until}; {do}"


def _command(case: Case, name: str) -> Iterator[Finding]:
    """A program that prints a secret: whether it is there. Running it may ask somebody something."""
    login = case.settings.login
    words = login.values.command(name) if login is not None else []
    if words and shutil.which(words[0], path=case.environ.get("PATH")) is None:
        yield problem(f"{name} names {words[0]}, which cannot be found", "install it, or correct PATH", "not-found")
        return
    yield ok(f"by what {name} prints, which is not run here")


def _token(case: Case) -> Iterator[Finding]:
    login = case.settings.login
    given = login.values.secret_at_hand("token") if login is not None else None
    if given is None:
        yield from _command(case, "token_command")
        return
    token = read_token(given)
    ends = token.not_on_or_after
    if ends is not None and ends <= case.clock.now():
        yield problem(f"the token has ended at {rfc3339(ends)}", "get a new one", "login-refused")
        return
    yield ok(f"by a SAML token of {token.name_id}{f', good until {rfc3339(ends)}' if ends is not None else ''}")


def _key_pair(case: Case) -> Iterator[Finding]:
    login = case.settings.login
    if login is not None:
        for name in ("certificate", "private_key") if login.values.text("private_key") else ("certificate",):
            login.values.data(name)
        yield ok(f"by {login.name}, from {login.values.path('certificate')}")


def _ticket(case: Case) -> Iterator[Finding]:
    login = case.settings.login
    yield ok(f"by a clone ticket{' from ticket_url' if login is not None and login.values.text('ticket_url') else ''}")


def _api_token(case: Case) -> Iterator[Finding]:
    login = case.settings.login
    sources = [login.values.source(name) for name in ("api_token", "idp_token")] if login is not None else []
    found = next(filter(None, sources), "")
    if found.endswith("_command"):
        yield from _command(case, found)
    elif found and login is not None:
        login.values.secret_at_hand(found.removesuffix("_file"))
        yield ok(f"by {found}")
    else:
        yield problem("there is no API token", "give api_token_file or api_token_command", "not-found")


def _provider(case: Case) -> Iterator[Finding]:
    """By an identity provider: by what it has given to somebody who has logged in once, as a client, or by password."""
    asked, login = case.known(), case.settings.login
    grant = (login.values.text("grant") if login is not None else "") or "code"
    if grant == "password":
        yield from _password(case)
    elif grant == "client_credentials":
        yield ok("by the identity provider, as a client")
    elif has_kept(case.logins(), asked.place, asked.user()):
        yield ok("by the identity provider, with the refresh token that is kept")
    else:
        what, do = "somebody has to log in in a browser once", f"run: vsphere-session login {asked.place}"
        yield warning(what, do) if case.has_session else problem(what, do, "interaction-required")


def refusals(case: Case) -> Iterator[Finding]:
    """Whether this very credential has been refused lately, so that it would not be sent."""
    asked = case.known()
    if case.password is None:
        yield ok("there is no password at hand that could have been refused")
        return
    for kind in asked.settings.kinds:
        asked.session(asked.user()).refusals.look(kind, case.password)
    yield ok("the server has not refused this password lately")


def login(case: Case) -> Iterator[Finding]:
    """With `--login` one session of each kind is made beside the cache, and ended."""
    if case.new_call is None:
        yield skipped(_ONLY_BY_LOGIN)
        return
    call = case.new_call()
    fields = {**case.fields, "passthrough": "true", "output": "tokens"}
    try:
        answer = get(request(fields), call)
    except SessionLimitError as error:
        case.limit = error
        yield skipped("the server has no session left")
        return
    except UnreachableError:
        case.unanswered = True
        raise
    finally:
        call.outcome.give_back()
    case.logged_in = True
    case.seen.append(("user", answer.fields.get("username", "")))
    kinds = [name for name in ("soap", "rest") if f"{name}_session_id" in answer.fields]
    yield ok(f"{answer.fields.get('username', 'somebody')} was logged in ({' and '.join(kinds)}) and out again")


def session_limit(case: Case) -> Iterator[Finding]:
    """Whether the server has a session left for this user."""
    if case.limit is not None:
        yield failed(case.limit)
    elif case.new_call is None:
        yield skipped(_ONLY_BY_LOGIN)
    elif case.logged_in:
        yield ok("there was room for another session")
    elif case.unanswered and _answers(case):
        yield warning(
            "the server still answers what needs no session: it may have none left for this user",
            "end some (vsphere-session sessions), or wait until idle ones expire",
        )
    else:
        yield skipped("the login did not come about")


def _answers(case: Case) -> bool:
    """Whether the server answers what needs no session, after a login that came to nothing: vCenter says 503 to both."""
    transport = case.transport()
    try:
        SoapWire(transport).service_content()
    except SessionError:
        return False
    finally:
        transport.close()
    return True
