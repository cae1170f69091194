"""Documents, leases and sessions as tests make them."""

from __future__ import annotations

from hashlib import sha256

from vsphere_session.fleet import document as documents
from vsphere_session.fleet.document import Aside, Document, Entry, Lease

NOW = 1_800_000_000.0


def digest(name: str) -> str:
    """A session's digest."""
    return sha256(name.encode()).hexdigest()[:32]


def token(name: str) -> str:
    """A lease's token, as random as a test wants it."""
    return digest(f"token {name}")


def taken(document: Document, now: float = NOW, name: str = "a", purpose: str = "login") -> tuple[Document, Lease]:
    """The document with the lease of a runner."""
    found = documents.take(document, now, owner=f"runner-{name}", token=token(name), purpose=purpose)
    assert found is not None
    return found


def entry(name: str, fence: int = 1, confirmed: float = NOW, made: float = NOW) -> Entry:
    """A session that is handed out."""
    return Entry(digest(name), f"sealed {name}".encode(), confirmed, made, fence)


def aside(
    name: str, why: str = "new", *, fence: int = 1, since: float = NOW, until: float = 0.0, kind: str = "soap"
) -> Aside:
    """A session that is to be ended."""
    return Aside(kind, digest(name), f"sealed {name}".encode(), fence, since, why, until)


def committed(document: Document, name: str, now: float = NOW, *, retire_until: float = NOW + 3600) -> Document:
    """The document after a runner has logged in."""
    document, lease = taken(document, now, name)
    found = documents.commit(
        document, now, lease, "soap", entry(name, lease.fence, now, now), retire_until=retire_until
    )
    assert found is not None
    return documents.release(found, lease)
