"""The documents of a fleet, read by who may read all of them: which sessions they know, and how they look later."""

from __future__ import annotations

from dataclasses import replace

from vsphere_session.fleet import account as accounts
from vsphere_session.fleet import document as documents
from vsphere_session.fleet.contents import Lease


def is_account(data: bytes) -> bool:
    """Whether it is an account's, and no place's."""
    return b'"marks"' in data


def digests_in(data: bytes) -> set[str]:
    """Of the sessions that a place's document hands out, or has aside."""
    document = documents.read(data)
    return {entry.digest for entry in document.entries.values()} | {aside.digest for aside in document.aside}


def aged(data: bytes, seconds: float) -> bytes:
    """The same document so many seconds later: every time in it is as much longer ago."""
    if is_account(data):
        account = accounts.read(data)
        marks = {mark: (at - seconds, times) for mark, (at, times) in account.marks.items()}
        return accounts.written(replace(account, turn=_lease(account.turn, seconds), marks=marks))
    document = documents.read(data)
    entries = {
        kind: replace(entry, confirmed=_before(entry.confirmed, seconds), made=_before(entry.made, seconds))
        for kind, entry in document.entries.items()
    }
    aside = tuple(
        replace(each, since=_before(each.since, seconds), until=_before(each.until, seconds)) for each in document.aside
    )
    return documents.written(replace(document, lease=_lease(document.lease, seconds), entries=entries, aside=aside))


def _before(at: float, seconds: float) -> float:
    return max(at - seconds, 0.0)


def _lease(lease: Lease | None, seconds: float) -> Lease | None:
    return replace(lease, until=_before(lease.until, seconds)) if lease is not None else None
