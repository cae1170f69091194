"""`status`: what is cached, whose it is, how old, and how it was made; with `--check` whether it lives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from vsphere_session.cache.principal import ADOPTED
from vsphere_session.clock import rfc3339
from vsphere_session.commands.durations import seen_from, span
from vsphere_session.commands.options import command, host_argument, json_option, request_of
from vsphere_session.commands.screen import visible
from vsphere_session.commands.side_by_side import side_by_side
from vsphere_session.service.cached import all_cached, ask, client_of, policy_of, session_of
from vsphere_session.version import PROGRAM

if TYPE_CHECKING:
    from vsphere_session.cache.inventory import Cached, Unusable
    from vsphere_session.commands.invocation import Invocation
    from vsphere_session.service.cached import Word
    from vsphere_session.service.call import Call

_NEXT_USE = "asked at the next use"


@dataclass(frozen=True)
class Row:
    """What is shown of one session; moments are Unix seconds, None where nobody knows them."""

    cached: Cached
    since: float | None
    confirmed: float | None
    good_until: float | None
    word: Word | None = None


@command(
    "Show what is cached, here and by govc and Terraform: for whom, how old it is, when the server confirmed it last, until when "
    "it is handed out without more, and how it was made. No server is asked, but with --check, which uses each session once "
    "and never logs in. Without HOST all endpoints are shown.",
    "vsphere-session status\nvsphere-session status vc.example.com --check",
)
@host_argument
@click.option("--check", is_flag=True, help="Ask the servers whether the sessions live.")
@click.option("--show-secret", is_flag=True, help="Show the session ids, too: whoever reads one can use it.")
@json_option
def status_command(invocation: Invocation, *, host: str | None, check: bool, show_secret: bool, as_json: bool) -> None:
    """See above."""
    call, fields = invocation.call(), request_of(invocation, host)
    found = all_cached(call, fields)
    words = _asked(invocation, call, found.sessions) if check and found.sessions else {}
    rows = [_row(one, call, words.get(number)) for number, one in enumerate(found.sessions)]
    secrets = [_secret(one, call) for one in found.sessions] if show_secret else [""] * len(rows)
    if as_json:
        sessions = [_fields(row, secret) for row, secret in zip(rows, secrets, strict=True)]
        unusable = [{"file": one.path, "what": one.what} for one in found.unusable]
        invocation.screen.json({"sessions": sessions, "unusable": unusable})
        return
    if rows:
        _show(invocation, rows, secrets, call.around.clock.now())
    else:
        where = f" for {fields['url']}" if "url" in fields else ""
        whose = f" of {fields['username']}" if "username" in fields else ""
        next_one = f"{PROGRAM} login {fields.get('url', 'HOST')}"
        invocation.screen.line(visible(f"nothing is cached{where}{whose}; log in once: {next_one}"))
    _show_unusable(invocation, found.unusable)


def method_of(cached: Cached) -> str:
    """The way in which this program has logged it in, or `adopted`; empty where govc or Terraform has."""
    login = cached.known.login if cached.known is not None else ""
    return login.replace("#", ":").partition(":")[0]


def user_of(cached: Cached) -> str:
    """Whose session it is, in words: as the file is named, else as the server says."""
    reported = cached.known.username if cached.known is not None else ""
    if cached.user_known and cached.endpoint.username:
        return cached.endpoint.username
    return reported or ("nobody named" if cached.user_known else "not known")


def _row(cached: Cached, call: Call, word: Word | None) -> Row:
    known = cached.known
    if known is None:
        return Row(cached, cached.written, None, None, word)
    confirmed = known.confirmed_at or None
    until = policy_of(cached, call).expires_at(known) if confirmed else None
    return Row(cached, known.login_at, confirmed, until, word)


def _asked(invocation: Invocation, call: Call, sessions: list[Cached]) -> dict[int, Word]:
    """What the servers say, by the number of the session."""
    call.around.connecting()
    with invocation.screen.counting("asking the servers", len(sessions)) as count:
        return dict(side_by_side(lambda one: ask(one, call.again()), sessions, count))


def _secret(cached: Cached, call: Call) -> str:
    return (cached.stored or client_of(cached, session_of(cached, call))).session_id


def _show(invocation: Invocation, rows: list[Row], secrets: list[str], now: float) -> None:
    """One row for both kinds of one login."""
    groups: dict[tuple[object, ...], list[tuple[Row, str]]] = {}
    for row, secret in zip(rows, secrets, strict=True):
        one = row.cached
        state = row.word.state if row.word else ""
        key = one.endpoint.url, one.insecure, one.directories, user_of(one), method_of(one), one.remark, state
        groups.setdefault(key, []).append((row, secret))
    checked = any(row.word for row in rows)
    columns = ["ENDPOINT", "USER", "KINDS", "AGE", "CONFIRMED", "GOOD UNTIL", "MADE BY"]
    columns += ["SERVER SAYS"] if checked else []
    columns += ["SESSION IDS"] if any(secrets) else []
    table = [_columns(group, now, checked=checked, secret=any(secrets)) for group in groups.values()]
    invocation.screen.records(columns, table)
    _show_notes(invocation, rows)


def _columns(group: list[tuple[Row, str]], now: float, *, checked: bool, secret: bool) -> list[str]:
    rows = [row for row, _ in group]
    one = rows[0].cached
    flags = (["insecure"] if one.insecure else []) + (["encrypted"] if one.directories.sealed else [])
    place = one.endpoint.login_place + (f" ({', '.join(flags)})" if flags else "")
    since = [row.since for row in rows if row.since is not None]
    confirmed = [row.confirmed for row in rows if row.confirmed is not None]
    until = [row.good_until for row in rows if row.good_until is not None]
    sure = len(confirmed) == len(rows)
    cells = [
        place,
        user_of(one),
        ", ".join(row.cached.kind for row in rows),
        span(now - min(since)) if since else "not known",
        seen_from(now, min(confirmed)) if sure else "never by us" if one.known is None else "in doubt",
        _until(now, min(until)) if sure and until else _NEXT_USE,
        maker(method_of(one)),
    ]
    word = rows[0].word
    cells += [(word.state if word else "")] if checked else []
    return cells + ([" ".join(text for _, text in group)] if secret else [])


def _until(now: float, moment: float) -> str:
    return seen_from(now, moment) if moment > now else f"over, {_NEXT_USE}"


def maker(method: str) -> str:
    """Who has made a session, in words, by its `method_of`."""
    return {"": "govc or Terraform", ADOPTED: "somebody, stored here"}.get(method, f"us, by {method}")


def _show_notes(invocation: Invocation, rows: list[Row]) -> None:
    """What does not go into a table: why a server said nothing, and what is wrong with files that can be used."""
    notes = [
        f"{row.cached.endpoint.place} is {row.word.state}: {row.word.why}" for row in rows if row.word and row.word.why
    ]
    notes += [f"{row.cached.path}: {row.cached.remark}" for row in rows if row.cached.remark]
    if notes:
        invocation.screen.line()
    for note in dict.fromkeys(notes):
        invocation.screen.line(visible(note))


def _show_unusable(invocation: Invocation, unusable: list[Unusable]) -> None:
    if not unusable:
        return
    invocation.screen.line()
    invocation.screen.line("files that no session can be had from:")
    for one in unusable:
        invocation.screen.line(visible(f"{one.path}: {one.what}"))


def _fields(row: Row, secret: str) -> dict[str, object]:
    one, word = row.cached, row.word
    fields: dict[str, object] = {
        "url": one.endpoint.url,
        "username": one.endpoint.username if one.user_known else None,
        "identity": (word.username if word else "") or (one.known.username if one.known else "") or None,
        "kind": one.kind,
        "insecure": one.insecure,
        "encrypted": one.directories.sealed,
        "file": one.path,
        "made_by": PROGRAM if method_of(one) else "govc or terraform",
        "method": method_of(one) or None,
        "logged_in_at": _moment(row.since),
        "confirmed_at": _moment(row.confirmed),
        "good_until": _moment(row.good_until),
    }
    if word is not None:
        fields |= {"state": word.state, "why": word.why or None}
    if one.remark:
        fields["remark"] = one.remark
    return fields | ({"session_id": secret} if secret else {})


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else rfc3339(seconds)
