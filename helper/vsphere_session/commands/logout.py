"""`logout`: end sessions on their servers, remove their files, and forget logins if that is asked for. Never logs in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from credential_protocol.messages import Request
from vsphere_session.commands.options import command, host_argument, request_of, yes_option
from vsphere_session.commands.prompts import Prompts
from vsphere_session.commands.screen import visible
from vsphere_session.commands.side_by_side import side_by_side
from vsphere_session.commands.status import maker, method_of, user_of
from vsphere_session.errors import InvalidRequestError, SessionError
from vsphere_session.service.addressed import addressed
from vsphere_session.service.cached import all_cached, end
from vsphere_session.service.kept_logins import forget_login, kept_logins
from vsphere_session.service.verbs import erase
from vsphere_session.settings.environment import sources

if TYPE_CHECKING:
    from vsphere_session.cache.inventory import Cached
    from vsphere_session.commands.invocation import Invocation
    from vsphere_session.service.call import Call

Group = list["Cached"]
"""The sessions of one user at one server: one after the other."""


@command(
    "End the sessions that are cached for HOST on the server, and remove their files: those of all users there, or of --username. "
    "Nobody is logged in for that. A server that is away is told of; the files are removed all the same. The login that is "
    "kept stays, unless you say otherwise; without a terminal nothing is asked.",
    "vsphere-session logout vc.example.com\nvsphere-session logout --all --yes --forget-login",
)
@host_argument
@click.option("--all", "everywhere", is_flag=True, help="End all that is cached, after a look at it.")
@click.option(
    "--forget-login/--keep-login", "forget", default=None, help="Forget, or keep, the password or token that is kept."
)
@yes_option
def logout_command(
    invocation: Invocation, *, host: str | None, everywhere: bool, forget: bool | None, yes: bool
) -> int | None:
    """See above."""
    call, prompts = invocation.call(), Prompts()
    fields, where = _meant(invocation, call, host, everywhere=everywhere)
    found = all_cached(call, fields).sessions
    if everywhere and found and not yes and not _confirmed(invocation, prompts, found):
        invocation.screen.line("nothing was ended")
        return None
    status = _end(invocation, call, found) if found else _nothing(invocation, call, fields, where)
    if forget or (forget is None and prompts.somebody and not yes):
        _forget(invocation, call, fields, None if forget else prompts)
    return status


def _meant(invocation: Invocation, call: Call, host: str | None, *, everywhere: bool) -> tuple[dict[str, str], str]:
    """`url` and `username` of what is meant, as far as they are said, and the server in words. Raises InvalidRequestError."""
    fields = request_of(invocation, host)
    if everywhere:
        if "url" in fields:
            raise InvalidRequestError("--all means all servers; leave the host out, or --all")
        return fields, ""
    if not fields.get("url") and not _is_named(call):
        raise InvalidRequestError("say which HOST is meant, or --all; none is set or configured")
    endpoint = addressed(fields, call)
    typed = endpoint.username if "url" in fields and "@" in fields["url"] else ""
    named = fields.get("username") or typed
    return {"url": endpoint.with_user("").url} | ({"username": named} if named else {}), endpoint.login_place


def _is_named(call: Call) -> bool:
    """Whether the environment or the configuration names an endpoint, rightly or wrongly."""
    families = sources(call.around.environ, call.around.reader, call.around.timeout)
    return bool(call.config.general.get("url")) or any(family.is_set("url") for family in families)


def _confirmed(invocation: Invocation, prompts: Prompts, found: list[Cached]) -> bool:
    if prompts.somebody:
        rows = [
            (one[0].endpoint.login_place, user_of(one[0]), _kinds(one), maker(method_of(one[0])))
            for one in _groups(found)
        ]
        invocation.screen.records(("ENDPOINT", "USER", "KINDS", "MADE BY"), rows, preview=True)
    return prompts.confirm(f"End {_count(len(found))}", "--yes")


def _end(invocation: Invocation, call: Call, found: list[Cached]) -> int:
    """End them; the status of the first that could not be, whose file is still there."""
    call.around.connecting()
    groups, screen = _groups(found), invocation.screen
    with screen.counting("ending sessions", len(groups)) as count:
        results = dict(side_by_side(lambda group: _end_group(group, call.again()), groups, count))
    errors = []
    for number, group in enumerate(groups):
        ended, warnings, error = results[number]
        of = f"{group[0].endpoint.login_place}: {user_of(group[0])}"
        if ended:
            screen.line(visible(f"logged out of {of} ({_kinds(ended)})"))
        for warning in warnings:
            screen.warn(f"{of}: {warning}")
        if error is not None:
            errors.append(error)
            if len(groups) > 1:
                screen.warn(f"{of}: {error.message}")
    if len(groups) == 1 and errors:
        raise errors[0]
    return errors[0].status if errors else 0


def _end_group(group: Group, call: Call) -> tuple[Group, list[str], SessionError | None]:
    """Those that are gone, what could not be done about them, and what was in the way of the others."""
    ended, warnings, wrong = [], [], None
    for one in group:
        try:
            warnings.append(end(one, call))
            ended.append(one)
        except SessionError as error:
            wrong = wrong or error
    return ended, list(dict.fromkeys(filter(None, warnings))), wrong


def _nothing(invocation: Invocation, call: Call, fields: dict[str, str], where: str) -> int:
    """What a call that was killed has left is ended all the same, as `erase` does."""
    user = fields.get("username", "")
    if where:
        erase(Request("erase", fields["url"], {"scope": "session"} | ({"username": user} if user else {})), call)
    others = all_cached(call, {"url": fields["url"]}).sessions if where and user else []
    has = f"; there are sessions of {', '.join(dict.fromkeys(map(user_of, others)))}" if others else ""
    whose = f" of {user}" if user else ""
    invocation.screen.line(f"nothing was cached{f' for {where}' if where else ''}{whose}{has}")
    return 0


def _forget(invocation: Invocation, call: Call, fields: dict[str, str], prompts: Prompts | None) -> None:
    """Forget the logins that are kept, after a question where there are `prompts`."""
    place = addressed({"url": fields["url"]}, call).login_place if "url" in fields else ""
    kept = kept_logins(call, place, fields.get("username", ""))
    names = [f"{user or 'nobody named'} at {where}" for where, user in kept]
    if kept and prompts is not None:
        question = f"Forget what is kept to log in with, too ({', '.join(names)})"
        if not prompts.confirm(question, "--forget-login or --keep-login"):
            return
    for (where, user), name in zip(kept, names, strict=True):
        forget_login(call.again(), where, user)
        invocation.screen.line(f"the login of {name} is forgotten")


def _groups(found: list[Cached]) -> list[Group]:
    groups: dict[tuple[object, ...], Group] = {}
    for one in found:
        key = one.endpoint.login_place, user_of(one), one.user_known, one.insecure, one.directories
        groups.setdefault(key, []).append(one)
    return list(groups.values())


def _kinds(group: Group) -> str:
    return ", ".join(dict.fromkeys(one.kind for one in group))


def _count(number: int) -> str:
    return "1 session" if number == 1 else f"{number} sessions"
