"""What is in the document of a place: who may log in, the sessions that are handed out, those to be ended, what happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = ("soap", "rest")
LEASE_SECONDS = 10.0
MAX_LEASE_SECONDS = 60.0
MAX_RETIRED = 4
MAX_ASIDE = 16
MAX_LOG = 20

NEW, STALE, RETIRED = "new", "stale", "retired"
WHYS = (NEW, STALE, RETIRED)


@dataclass(frozen=True, slots=True)
class Lease:
    """Who does what all others wait for; times are the engine's, in Unix seconds.

    owner    the runner, for people
    token    32 hexadecimal digits, random: by these its owner knows it again
    fence    its number; each lease has a higher one than all before
    until    when it is free by itself
    purpose  such as `login`, `confirm`, `erase`
    """

    owner: str
    token: str
    fence: int
    until: float
    purpose: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A session that is handed out. `sealed` alone decides about trust; all else could be forged by who writes here.

    digest     what the session is known by without being opened
    confirmed  when the server last said that it is alive; 0 = it is not to be trusted before it is asked
    made       when it was committed
    fence      of the lease that made it; bound into `sealed`
    """

    digest: str
    sealed: bytes = field(repr=False)
    confirmed: float
    made: float
    fence: int


@dataclass(frozen=True, slots=True)
class Aside:
    """A session that is not handed out and that the server may still have.

    kind   `soap` or `rest`
    fence  of the lease that made it; bound into `sealed`
    since  when it came here
    why    `new`: just made, by who has the lease; `stale`: somebody else's came first; `retired`: another replaced it
    until  when a retired one is to be ended; 0 = as soon as a holder comes by
    """

    kind: str
    digest: str
    sealed: bytes = field(repr=False)
    fence: int
    since: float
    why: str
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log: when, which runner, what it did, and the first 12 digits of the session's digest or nothing."""

    at: float
    who: str
    what: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """All that is known of a place; `fence` is the highest that was ever given. Never changed, only replaced."""

    fence: int = 0
    lease: Lease | None = None
    entries: Mapping[str, Entry] = field(default_factory=dict)
    aside: tuple[Aside, ...] = ()
    log: tuple[Line, ...] = ()
