"""What becomes of a place's document: pure functions of it, of what happened, and of the engine's time.

Whoever calls reads the document, puts what comes out here, and begins again where the engine has another one by then. The
lease keeps many from logging in at once and may fail, which costs a login; that no session is lost, and that the one of
the highest fence is handed out, rests on that conditional `put` alone. No clock but the engine's has a part in it.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

from vsphere_session.fleet import leases
from vsphere_session.fleet.contents import (
    LEASE_SECONDS,
    MAX_ASIDE,
    MAX_LEASE_SECONDS,
    MAX_LOG,
    MAX_RETIRED,
    RETIRED,
    STALE,
    Aside,
    Document,
    Entry,
    Lease,
    Line,
)
from vsphere_session.fleet.document_text import read, written
from vsphere_session.fleet.fields import BrokenError, NewerError, shown

__all__ = [
    "LEASE_SECONDS",
    "MAX_ASIDE",
    "MAX_LEASE_SECONDS",
    "MAX_LOG",
    "MAX_RETIRED",
    "Aside",
    "BrokenError",
    "Document",
    "Entry",
    "Lease",
    "Line",
    "NewerError",
    "age",
    "commit",
    "confirm",
    "distrust",
    "drop",
    "due",
    "is_held",
    "knows",
    "lease_left",
    "read",
    "release",
    "renew",
    "set_aside",
    "settle",
    "take",
    "withdraw",
    "written",
]

_SHOWN_DIGITS = 12
_SET_BACK_SECONDS = 2.0
"""An engine's clock may go back by as much without being disbelieved."""


# ---- the lease


def lease_left(document: Document, now: float) -> float:
    """Seconds until the lease is free; 0 = it is. One that ends too late is not believed: the clock was set back."""
    return leases.left(document.lease, now)


def take(
    document: Document, now: float, *, owner: str, token: str, purpose: str, seconds: float = LEASE_SECONDS
) -> tuple[Document, Lease] | None:
    """A lease with the next fence; None while another one runs.

    The fence is the engine's time in microseconds if that is higher: it does not go back where an engine forgot everything.
    """
    if lease_left(document, now):
        return None
    lease = leases.following(document.fence, now, owner=owner, token=token, purpose=purpose, seconds=seconds)
    taken = replace(document, fence=lease.fence, lease=lease)
    if document.lease is not None:
        taken = _logged(taken, now, owner, f"takeover: the lease of {document.lease.owner} ran out")
    return taken, lease


def is_held(document: Document, lease: Lease) -> bool:
    """Whether nobody has taken another lease since; also when its time is over, so that a late commit is not wasted."""
    return leases.is_last(document.lease, lease, document.fence)


def renew(
    document: Document, now: float, lease: Lease, seconds: float = LEASE_SECONDS
) -> tuple[Document, Lease] | None:
    """The same lease from now on; None if it is another's."""
    if not is_held(document, lease):
        return None
    renewed = leases.renewed(lease, now, seconds)
    return replace(document, lease=renewed), renewed


def release(document: Document, lease: Lease) -> Document:
    """The lease is free; another's stays."""
    return replace(document, lease=None) if is_held(document, lease) else document


# ---- sessions


def commit(
    document: Document, now: float, lease: Lease, kind: str, entry: Entry, *, retire_until: float
) -> Document | None:
    """Hand this session out, sealed under the lease's fence; None if the lease is another's.

    The one before it is retired until then, and the new one is no longer aside. The lease stays.
    """
    if not is_held(document, lease):
        return None
    old = document.entries.get(kind)
    document = replace(settle(document, entry.digest), entries={**document.entries, kind: entry})
    if old is not None and old.digest != entry.digest:
        retired = Aside(kind, old.digest, old.sealed, old.fence, now, RETIRED, retire_until)
        document = set_aside(document, now, retired)
    return _logged(document, now, lease.owner, f"{kind} committed ({lease.purpose})", entry.digest)


def confirm(document: Document, now: float, kind: str, digest: str, who: str = "") -> Document:
    """The server has just said that this session is alive. Older news changes nothing.

    Whoever asked may put this only while the lease that it asked under is held: another one may have ended it meanwhile.
    """
    entry = document.entries.get(kind)
    if entry is None or entry.digest != digest:
        return document
    confirmed = now if age(entry, now) == inf else max(entry.confirmed, now)
    document = replace(document, entries={**document.entries, kind: replace(entry, confirmed=confirmed)})
    if not who:
        return document
    what = f"{kind} confirmed"
    earlier = tuple(line for line in document.log if (line.what, line.digest) != (what, digest[:_SHOWN_DIGITS]))
    return _logged(replace(document, log=earlier), now, who, what, digest)


def distrust(document: Document, kind: str, digest: str) -> Document:
    """Somebody was told that this session is dead: the next holder of the lease asks for itself."""
    entry = document.entries.get(kind)
    if entry is None or entry.digest != digest:
        return document
    return replace(document, entries={**document.entries, kind: replace(entry, confirmed=0.0)})


def drop(document: Document, now: float, lease: Lease, kind: str, who: str = "") -> Document | None:
    """The entry of this kind is no more, its session ended by who has the lease; None if the lease is another's."""
    if not is_held(document, lease):
        return None
    entry = document.entries.get(kind)
    if entry is None:
        return document
    rest = {each: kept for each, kept in document.entries.items() if each != kind}
    return _logged(replace(document, entries=rest), now, who or lease.owner, f"{kind} dropped", entry.digest)


def withdraw(document: Document, now: float, lease: Lease, kind: str, who: str = "") -> Document | None:
    """What `erase` does before it ends a session: it is handed out no more, and is due; None if the lease is another's.

    Ended while it is still the entry, it could be confirmed once more between the two by whoever took the lease over.
    """
    dropped = drop(document, now, lease, kind, who)
    entry = document.entries.get(kind)
    if dropped is None or entry is None:
        return dropped
    return set_aside(dropped, now, Aside(kind, entry.digest, entry.sealed, entry.fence, now, STALE))


def age(entry: Entry, now: float, step: float = 0.0) -> float:
    """Seconds since it was confirmed, by an engine whose clock counts in steps; infinite if that is not to be believed."""
    seconds = now - entry.confirmed
    if not entry.confirmed or seconds < -max(_SET_BACK_SECONDS, 2 * step):
        return inf
    return max(0.0, seconds)


def knows(document: Document, digest: str) -> bool:
    """Whether this session is handed out, or aside."""
    return _handed_out(document, digest) or any(aside.digest == digest for aside in document.aside)


# ---- what is to be ended


def set_aside(document: Document, now: float, aside: Aside, who: str = "") -> Document:
    """Keep a session here until it is ended; it replaces what is aside of the same digest. One that is handed out stays so.

    Where there is no more room the retired one goes that is here longest, which idles out by itself, or without any the
    oldest of all, which no holder could end in so long a time. Either is a line of the log.
    """
    if _handed_out(document, aside.digest):
        return document
    kept = [*settle(document, aside.digest).aside, aside]
    while len(kept) > MAX_ASIDE:
        gone = min(kept[:-1], key=lambda each: (each.why != RETIRED, each.since))
        kept.remove(gone)
        document = _logged(document, now, who, f"{gone.kind} left to idle out ({gone.why})", gone.digest)
    document = replace(document, aside=tuple(kept))
    return _logged(document, now, who, f"{aside.kind} set aside ({aside.why})", aside.digest) if who else document


def due(document: Document, now: float) -> tuple[Aside, ...]:
    """What a holder ends on the server now: what others made and did not commit, and what was retired long enough.

    Of each kind the oldest retired ones are among it, too, where there are more than MAX_RETIRED.
    """
    aside = [each for each in document.aside if not _handed_out(document, each.digest)]
    retired = [each for each in aside if each.why == RETIRED]
    surplus: list[Aside] = []
    for kind in dict.fromkeys(each.kind for each in retired):
        oldest_first = sorted((each for each in retired if each.kind == kind), key=lambda each: each.since)
        surplus += oldest_first[:-MAX_RETIRED]
    return tuple(
        each
        for each in aside
        if (each.until <= now or each in surplus if each.why == RETIRED else each.fence != document.fence)
    )


def settle(document: Document, digest: str) -> Document:
    """Take a session out of what is aside: it was ended, or is handed out."""
    return replace(document, aside=tuple(each for each in document.aside if each.digest != digest))


def _handed_out(document: Document, digest: str) -> bool:
    return any(entry.digest == digest for entry in document.entries.values())


def _logged(document: Document, now: float, who: str, what: str, digest: str = "") -> Document:
    line = Line(now, shown(who), shown(what), digest[:_SHOWN_DIGITS])
    return replace(document, log=(*document.log, line)[-MAX_LOG:])
