"""`sessions`: a server's own list of sessions, and the end of some of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from vsphere_session.cache.clients import SoapClient
from vsphere_session.commands.known import hosts
from vsphere_session.commands.listing import Listing, filter_of, filter_options
from vsphere_session.commands.options import command, host_argument, json_option, request_of, yes_option
from vsphere_session.commands.prompts import Prompts
from vsphere_session.commands.screen import visible
from vsphere_session.commands.side_by_side import side_by_side
from vsphere_session.errors import InvalidRequestError, UnsupportedError
from vsphere_session.service.addressed import resolved
from vsphere_session.service.cached import all_cached, ask, end
from vsphere_session.service.server_sessions import ServerSessions
from vsphere_session.service.verbs import good_sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.cache.inventory import Cached
    from vsphere_session.commands.invocation import Invocation
    from vsphere_session.service.call import Call
    from vsphere_session.service.server_sessions import ServerSession

_LISTED = 20
"""So many that are ended are named one by one."""
_LOGIN = (
    " It is asked by the session that is cached, or by a new one, as `get` makes it; both need the privilege "
    'Sessions.TerminateSession ("View and stop sessions").'
)


@command(
    "The server's own list, the longest idle first: whose session, idle since when, how old, from where, of which program. HERE says "
    "which one is used for the list, and which others are cached on this machine." + _LOGIN,
    "vsphere-session sessions vc.example.com\nvsphere-session sessions vc.example.com --idle 2h --agent govc --limit 20",
    name="list",
)
@host_argument
@filter_options
@click.option("--limit", metavar="N", type=click.IntRange(1), default=None, help="Not more than so many.")
@json_option
def list_command(
    invocation: Invocation,
    *,
    host: str | None,
    idle: str | None,
    agent: str,
    user: str,
    limit: int | None,
    as_json: bool,
) -> None:
    """See above."""
    wanted = filter_of(idle, agent, user)
    call = invocation.call()
    client = _client(request_of(invocation, host), call)
    with client, ServerSessions(client, call) as server:
        listing = Listing(server.all(), _cached(client, call))
    found = [one for one in listing.sessions if wanted.takes(one)]
    shown = found[:limit]
    if as_json:
        invocation.screen.json([listing.fields(one) for one in shown])
        return
    if shown:
        listing.show(invocation.screen, shown)
        invocation.screen.line()
    counts = [f"{_count(len(listing.sessions))} on {client.transport.endpoint.place}"]
    counts += [f"{len(found)} of these are meant"] if wanted else []
    counts += [f"{len(shown)} are shown"] if len(shown) < len(found) else []
    invocation.screen.line("; ".join(counts))


@command(
    "End sessions by their keys, of which the beginning will do if it is no other's. One that is cached on this machine is ended as "
    "logout does; so is the one that is used for this call, if you name it." + _LOGIN,
    "vsphere-session sessions end 52a1b2c3 52d4e5f6 --url vc.example.com",
    name="end",
)
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@yes_option
@json_option
def end_command(invocation: Invocation, *, keys: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """See above."""
    _end(invocation, None, lambda listing: [listing.with_key(key) for key in keys], yes=yes, as_json=as_json)


@command(
    "End sessions that nobody uses: by how long they have been idle, by their program, by user. They are shown before, and you are "
    "asked. The session that is used for this call stays, and so do those that are cached on this machine." + _LOGIN,
    "vsphere-session sessions prune vc.example.com --idle 2h --agent 'pyvmomi*'",
    name="prune",
)
@host_argument
@filter_options
@click.option("--also-ours", is_flag=True, help="Also those that are cached on this machine, and the one in use.")
@yes_option
@json_option
def prune_command(
    invocation: Invocation,
    *,
    host: str | None,
    idle: str | None,
    agent: str,
    user: str,
    also_ours: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """See above."""
    wanted = filter_of(idle, agent, user)
    if not wanted:
        raise InvalidRequestError("say which sessions are meant: --idle, --agent or --user")

    def meant(listing: Listing) -> list[ServerSession]:
        return [one for one in listing.sessions if wanted.takes(one) and (also_ours or not listing.is_ours(one))]

    _end(invocation, host, meant, yes=yes, as_json=as_json)


class Sessions(click.Group):
    """Its first word may be a host: then it is `list` that is meant."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As `click.Group` does."""
        begun = ctx.resilient_parsing and not args  # a shell asks what may stand here
        if not begun and args[:1] not in ([name] for name in (*self.commands, "-h", "--help")):
            args = ["list", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands, and the hosts that are known."""
        known = [CompletionItem(host) for host in hosts() if host.startswith(incomplete)]
        return [*super().shell_complete(ctx, incomplete), *known]


sessions_command = Sessions(
    "sessions",
    help="The server's own list of sessions, and the end of some of them.\n\n"
    "`sessions [HOST]` is `sessions list [HOST]`.\n\n\b\nexample:\n  vsphere-session sessions vc.example.com\n"
    "  vsphere-session sessions prune vc.example.com --idle 2h --agent govc\n",
    commands=[list_command, end_command, prune_command],
)


def _client(fields: dict[str, str], call: Call) -> SoapClient:
    """The cached SOAP session, or a new one, as `get` makes it."""
    asked = resolved({**fields, "api": "soap", "verify": "always"}, call)
    if asked.settings.passthrough:
        raise UnsupportedError(
            "a session is taken from the cache for this; switch passthrough off (GOVC_PERSIST_SESSION)"
        )
    call.around.connecting()
    (client,), _ = good_sessions(asked, asked.session(asked.user()), call)
    assert isinstance(client, SoapClient)  # noqa: S101  # nosec B101  # it was asked for SOAP
    return client


def _cached(client: SoapClient, call: Call) -> dict[str, Cached]:
    """The sessions on this server that are cached here, by their keys: the server is asked by each of them."""
    url = client.transport.endpoint.with_user("").url
    others = [one for one in all_cached(call, {"url": url}).sessions if one.kind == "soap"]
    words = side_by_side(lambda one: ask(one, call.again()), others, lambda: None)
    return {word.key: others[number] for number, word in words if word.key}


def _end(
    invocation: Invocation,
    host: str | None,
    choose: Callable[[Listing], list[ServerSession]],
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Show those that are chosen, ask, and end them."""
    prompts, call, screen = Prompts(), invocation.call(), invocation.screen
    if not yes and not prompts.somebody:
        raise InvalidRequestError("there is no terminal to ask on before sessions are ended; say it by --yes")
    client = _client(request_of(invocation, host), call)
    with client, ServerSessions(client, call) as server:
        listing = Listing(server.all(), _cached(client, call))
    chosen = list(dict.fromkeys(choose(listing)))
    if chosen and not yes:
        listing.show(screen, chosen, preview=True)
        if not prompts.confirm(f"End {_count(len(chosen))} on {client.transport.endpoint.place}", "--yes"):
            screen.line("nothing was ended")
            return
    _end_chosen(invocation, listing, chosen, client, call)
    if as_json:
        screen.json([listing.fields(one) for one in chosen])
        return
    for one in chosen if len(chosen) <= _LISTED else ():
        screen.line(visible(f"ended {one.key}: {one.username}"))
    if not chosen:
        screen.line("there is no such session; nothing was ended")
    elif len(chosen) > _LISTED:
        screen.line(f"ended {_count(len(chosen))}")


def _end_chosen(
    invocation: Invocation, listing: Listing, chosen: list[ServerSession], client: SoapClient, call: Call
) -> None:
    """Ours as `logout` does, and the one in use last."""
    ours = sorted((one for one in chosen if listing.is_ours(one)), key=lambda one: one.current)
    others = [one.key for one in chosen if not listing.is_ours(one)]
    if others:
        with (
            client,
            ServerSessions(client, call.again()) as server,
        ):  # the answer to the question may have taken its time
            server.end(others)
    for one in ours:
        warning = end(listing.cached[one.key], call.again())
        if warning:
            invocation.screen.warn(warning)


def _count(number: int) -> str:
    return "1 session" if number == 1 else f"{number} sessions"
