"""Which of a server's sessions are meant, and how they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import click

from vsphere_session.cache.principal import same_principal
from vsphere_session.clock import rfc3339
from vsphere_session.commands.durations import span
from vsphere_session.commands.screen import visible
from vsphere_session.errors import InvalidRequestError
from vsphere_session.settings.config_file import seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from vsphere_session.cache.inventory import Cached
    from vsphere_session.commands.screen import Screen
    from vsphere_session.service.server_sessions import ServerSession

_SHORTEST = 8
"""Characters of a key that are shown, where they tell it apart."""
_COLUMNS = ("KEY", "IDLE", "AGE", "FROM", "HERE", "USER", "AGENT")
_LEAST_AGENT = 12
_WILD = frozenset("*?[")


@dataclass(frozen=True)
class Filter:
    """Which sessions are meant: idle for so many seconds, of such an agent, of such a user; empty and 0 mean any."""

    idle: float = 0.0
    agent: str = ""
    user: str = ""

    def __bool__(self) -> bool:
        return bool(self.idle or self.agent or self.user)

    def takes(self, one: ServerSession) -> bool:
        """Whether a session is meant."""
        return one.idle >= self.idle and self._has_agent(one.agent) and self._has_user(one.username)

    def _has_agent(self, agent: str) -> bool:
        """A pattern for the whole, or a part of it; case does not count."""
        wanted, agent = self.agent.casefold(), agent.casefold()
        return fnmatchcase(agent, wanted) if _WILD & set(wanted) else wanted in agent

    def _has_user(self, username: str) -> bool:
        """A pattern for the name as the server has it, with or without its domain; or a name in any spelling."""
        wanted, name = self.user.casefold(), username.casefold()
        if _WILD & set(wanted):
            return fnmatchcase(name, wanted) or fnmatchcase(name.rpartition("\\")[2], wanted)
        return not self.user or same_principal(self.user, username)


def filter_options(function: Callable[..., object]) -> Callable[..., object]:
    """`--idle`, `--agent`, `--user`."""
    for option in (
        click.option("--user", metavar="PATTERN", default="", help="Of this user; or of those like svc-*."),
        click.option("--agent", metavar="PATTERN", default="", help="With this in the agent's name; or like govc/*."),
        click.option("--idle", metavar="DURATION", default=None, help="Idle for so long: 90, 30m, 2h."),
    ):
        function = option(function)
    return function


def filter_of(idle: str | None, agent: str, user: str) -> Filter:
    """What these options say. Raises InvalidRequestError."""
    return Filter(0.0 if idle is None else seconds(idle, "--idle"), agent, user)


class Listing:
    """A server's sessions; `cached` are those that are cached here, by key."""

    def __init__(self, sessions: Sequence[ServerSession], cached: Mapping[str, Cached]) -> None:
        self.sessions = sorted(sessions, key=lambda one: (-one.idle, one.since, one.key))
        self.cached = cached
        self._length = _distinct({one.key for one in sessions})

    def with_key(self, key: str) -> ServerSession:
        """The session with this key, of which the beginning will do. Raises InvalidRequestError."""
        found = [one for one in self.sessions if one.key == key] or [
            one for one in self.sessions if key and one.key.startswith(key)
        ]
        if len(found) == 1:
            return found[0]
        why = f"{len(found)} sessions begin with" if found else "there is no session on the server with"
        raise InvalidRequestError(f"{why} the key {visible(key[:64])}; see vsphere-session sessions")

    def is_ours(self, one: ServerSession) -> bool:
        """Whether somebody on this machine uses it by way of the cache."""
        return one.current or one.key in self.cached

    def show(self, screen: Screen, sessions: Sequence[ServerSession], *, preview: bool = False) -> None:
        """A table; in a window keys and agents are as short as it wants, and users and agents may stand below the rest."""
        window = screen.err.width if preview else screen.width
        short = preview or screen.on_terminal
        rows = [self._row(one, short=short) for one in sessions]
        if short:
            widths = [max([len(name), *(len(row[i]) for row in rows)]) for i, name in enumerate(_COLUMNS[:-1])]
            beside = window - sum(widths) - 2 * len(widths)
            rows = [
                [*row[:-1], _cut(row[-1], beside if beside >= _LEAST_AGENT else window - len(row[-2]) - 4)]
                for row in rows
            ]
        screen.records(_COLUMNS, rows, preview=preview, below=2)

    def _row(self, one: ServerSession, *, short: bool) -> list[str]:
        here = "in use" if one.current else "cached" if one.key in self.cached else ""
        key = one.key[: self._length] if short else one.key
        return [
            visible(text) for text in (key, span(one.idle), span(one.age), one.address, here, one.username, one.agent)
        ]

    def fields(self, one: ServerSession) -> dict[str, object]:
        """For programs; the whole key."""
        return {
            "key": one.key,
            "username": one.username,
            "logged_in_at": rfc3339(one.since),
            "last_active_at": rfc3339(one.since + one.age - one.idle),
            "idle_seconds": int(one.idle),
            "address": one.address,
            "user_agent": one.agent,
            "current": one.current,
            "cached": self.is_ours(one),
        }


def _cut(text: str, room: int) -> str:
    room = max(room, _LEAST_AGENT)
    return text if len(text) <= room else f"{text[: room - 3]}..."


def _distinct(keys: Collection[str]) -> int:
    """How many characters of the keys tell them apart, at least so many as one can remember."""
    length, number = _SHORTEST, len(keys)
    while len({key[:length] for key in keys}) < number:
        length += 1
    return length
