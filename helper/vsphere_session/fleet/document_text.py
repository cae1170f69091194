"""A document as bytes: JSON, with what is sealed in base64. The version, and what a newer one means, is in `fields.py`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vsphere_session.fleet import fields
from vsphere_session.fleet.contents import KINDS, MAX_ASIDE, MAX_LOG, WHYS, Aside, Document, Entry, Lease, Line
from vsphere_session.fleet.engine import MAX_DOCUMENT_BYTES

if TYPE_CHECKING:
    from vsphere_session.fleet.fields import Fields


def read(data: bytes) -> Document:
    """The document; no bytes are the empty one. Raises NewerError, BrokenError."""
    if not data:
        return Document()
    found = fields.read(data)
    fence = fields.fence(found, "n")
    lease = None if found.get("lease") is None else lease_of(fields.fields(found["lease"]))
    if lease is not None and lease.fence > fence:
        raise fields.BrokenError("a lease above the highest fence")
    return Document(
        fence=fence,
        lease=lease,
        entries={kind: _entry(fields.fields(found[kind])) for kind in KINDS if found.get(kind) is not None},
        aside=tuple(map(_aside, fields.objects(found, "aside", MAX_ASIDE))),
        log=tuple(map(_line, fields.objects(found, "log", MAX_LOG))),
    )


def written(document: Document) -> bytes:
    """Its bytes, always the same; the oldest lines of the log are left out where it would be too long for an engine."""
    data = _written(document)
    while len(data) > MAX_DOCUMENT_BYTES and document.log:
        document = replace(document, log=document.log[1:])
        data = _written(document)
    return data


def lease_of(found: Fields) -> Lease:
    """A lease. Raises BrokenError."""
    return Lease(
        owner=fields.text(found, "owner"),
        token=fields.token(found, "token"),
        fence=fields.fence(found, "fence"),
        until=fields.time(found, "until"),
        purpose=fields.text(found, "for"),
    )


def of_lease(lease: Lease | None) -> Fields | None:
    """A lease as it is written."""
    if lease is None:
        return None
    return {
        "owner": lease.owner,
        "token": lease.token,
        "fence": lease.fence,
        "until": float(lease.until),
        "for": lease.purpose,
    }


def _written(document: Document) -> bytes:
    entries = {kind: _of_entry(document.entries[kind]) for kind in KINDS if kind in document.entries}
    return fields.written(
        {
            "v": fields.VERSION,
            "n": document.fence,
            "lease": of_lease(document.lease),
            **entries,
            "aside": list(map(_of_aside, document.aside)),
            "log": list(map(_of_line, document.log)),
        }
    )


def _entry(found: Fields) -> Entry:
    return Entry(
        digest=fields.digest(found, "digest"),
        sealed=fields.sealed(found, "sealed"),
        confirmed=fields.time(found, "confirmed"),
        made=fields.time(found, "made"),
        fence=fields.fence(found, "fence"),
    )


def _of_entry(entry: Entry) -> Fields:
    return {
        "digest": entry.digest,
        "sealed": fields.in_base64(entry.sealed),
        "confirmed": float(entry.confirmed),
        "made": float(entry.made),
        "fence": entry.fence,
    }


def _aside(found: Fields) -> Aside:
    return Aside(
        kind=fields.one_of(found, "kind", KINDS),
        digest=fields.digest(found, "digest"),
        sealed=fields.sealed(found, "sealed"),
        fence=fields.fence(found, "fence"),
        since=fields.time(found, "since"),
        why=fields.one_of(found, "why", WHYS),
        until=fields.time(found, "until"),
    )


def _of_aside(aside: Aside) -> Fields:
    return {
        "kind": aside.kind,
        "digest": aside.digest,
        "sealed": fields.in_base64(aside.sealed),
        "fence": aside.fence,
        "since": float(aside.since),
        "why": aside.why,
        "until": float(aside.until),
    }


def _line(found: Fields) -> Line:
    return Line(
        at=fields.time(found, "at"),
        who=fields.text(found, "who"),
        what=fields.text(found, "what"),
        digest=fields.digest(found, "digest") if found.get("digest") else "",
    )


def _of_line(line: Line) -> Fields:
    return {"at": float(line.at), "who": line.who, "what": line.what, "digest": line.digest}
