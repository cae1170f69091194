"""`explain`: a request that is not carried out; where each value comes from, and what would be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from credential_protocol.messages import VERBS
from credential_protocol.native import nearest
from vsphere_session.commands.options import command, json_option, request_of
from vsphere_session.errors import InvalidRequestError
from vsphere_session.service.addressed import request
from vsphere_session.service.outlook import outlook
from vsphere_session.service.resolved import Resolved
from vsphere_session.settings import login_fields
from vsphere_session.settings.origins import BY_DEFAULT, origins
from vsphere_session.settings.request import FIELDS

if TYPE_CHECKING:
    from credential_protocol.messages import Request
    from vsphere_session.commands.invocation import Invocation
    from vsphere_session.commands.screen import Screen
    from vsphere_session.service.outlook import Outlook
    from vsphere_session.settings.origins import Origin

_SECRETS = ("password", "soap_session_id", "rest_session_id", *login_fields.SECRETS)
_DOES = {
    "hand out": "is handed out without asking",
    "ask": "is handed out if the server, who is asked, still knows it",
    "ask the fleet": "is what the fleet has, whose engine is asked first",
    "log in": "is made anew",
    "fail": "cannot be had",
}


@command(
    "Say what a request means, without carrying it out: each value, where it comes from and what it beats; the cache file's name "
    "and what that is made of; whether the server would be asked or logged in to, and why. Nothing is sent, and no secret shown.",
    "vsphere-session explain\nvsphere-session explain get vc.example.com --set verify=always",
)
@click.argument("words", nargs=-1, metavar="[get|store|erase] [HOST]")
@click.option("--set", "fields", multiple=True, metavar="FIELD=VALUE", help="A field of the request; more than once.")
@json_option
def explain_command(invocation: Invocation, *, words: tuple[str, ...], fields: tuple[str, ...], as_json: bool) -> None:
    """See above."""
    meant = _request(invocation, list(words), fields)
    call = invocation.call()
    asked = Resolved(meant, call)
    found = origins(meant, asked.settings, call.around.environ, call.config)
    coming = outlook(asked) if meant.verb == "get" else []
    if as_json:
        invocation.screen.json(_document(meant, asked, found, coming))
        return
    screen = invocation.screen
    screen.facts([("Endpoint", asked.settings.endpoint.url), ("User", asked.user() or "nobody is named")])
    screen.line()
    show_settings(screen, found, beaten=True)
    for one in coming:
        screen.line()
        screen.facts(
            [
                (f"The {one.kind.upper()} session", f"{_DOES[one.does]}: {one.why}"),
                ("Its file", one.file),
                ("is named by SHA-256 of", one.key),
            ]
        )


def show_settings(screen: Screen, found: list[Origin], *, beaten: bool = False) -> None:
    """What somebody has said, and the defaults in one line; with `beaten` the sources, too, that do not count."""
    telling = [one for one in found if one.source != BY_DEFAULT or (beaten and one.others)]
    columns = ["SETTING", "VALUE", "FROM", *(["AND NOT"] if beaten else [])]
    screen.records(columns, [[one.name, one.value, one.source, _others(one)][: len(columns)] for one in telling])
    screen.line()
    screen.facts([("By default", ", ".join(f"{one.name} {one.value}" for one in found if one not in telling))])


def _request(invocation: Invocation, words: list[str], fields: tuple[str, ...]) -> Request:
    verb = words.pop(0) if words and words[0] in VERBS else "get"
    if len(words) > 1:
        raise InvalidRequestError("explain takes a verb and a host; see vsphere-session explain --help")
    given = request_of(invocation, words[0] if words else None)
    for text in fields:
        name, equals, value = text.partition("=")
        if name not in FIELDS[verb] or not equals:
            raise InvalidRequestError(f"--set wants a field of {verb}, as in {nearest(name, FIELDS[verb])}=VALUE")
        if name in _SECRETS:
            raise InvalidRequestError(
                f"{name} is a secret, and does not belong on the command line; nothing here depends on it"
            )
        given[name] = value
    return request(given, verb)


def _others(origin: Origin) -> str:
    """Who says something else, or the same, and does not count."""
    return "; ".join(
        f"{one.source}{f' ({one.value})' if one.value else ''}{f': {one.why_not}' if one.why_not else ''}"
        for one in origin.others
    )


def _document(meant: Request, asked: Resolved, found: list[Origin], coming: list[Outlook]) -> dict[str, object]:
    return {
        "verb": meant.verb,
        "endpoint": asked.settings.endpoint.url,
        "username": asked.user(),
        "settings": [
            {
                "name": one.name,
                "value": one.value,
                "from": one.source,
                "others": [
                    {"value": other.value, "from": other.source, "why_not": other.why_not} for other in one.others
                ],
            }
            for one in found
        ],
        "sessions": [
            {"kind": one.kind, "does": one.does, "why": one.why, "file": one.file, "key": one.key} for one in coming
        ],
    }
