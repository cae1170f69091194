"""TLS: the certificate that the server shows, and whether a call would believe it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.commands.examining.finding import failed, ok, warning
from vsphere_session.errors import SessionError
from vsphere_session.http.connection import Connection
from vsphere_session.http.presented import presented

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vsphere_session.commands.examining.case import Case
    from vsphere_session.commands.examining.finding import Finding
    from vsphere_session.http.presented import Certificate

_SOON = 21 * 86400.0
"""Seconds before its end from which on a certificate is to be renewed."""


def certificate(case: Case) -> Iterator[Finding]:
    """Whether it is trusted as a call trusts it, for how long, and what else is to be said of it."""
    server = case.server()
    if server.scheme != "https":
        yield warning(f"{server.place} is spoken to without TLS (http): who listens reads passwords", "write https://")
        return
    trust = case.trust()
    shown = _shown(case)
    case.seen += [("name", each) for one in shown[:1] for each in (*one.names, one.subject, one.issuer)]
    try:
        Connection(server, trust, case.until(), proxy=case.proxy, context=None).close()
    except SessionError as error:
        yield failed(error)
        if shown:
            yield ok(f"it shows one {_described(shown[0])}")
        return
    how = "by the authorities in ca_file" if trust.ca_file else "by the platform's authorities"
    if trust.thumbprint:
        how = "by its thumbprint alone"
    if trust.insecure and not trust.thumbprint:
        yield warning(
            f"the certificate of {server.place} is verified by nothing (insecure), so anybody in between reads passwords",
            f"compare vsphere-session cert {server.place} with the server's console, and set thumbprint",
        )
    else:
        yield ok(f"trusted {how}{f': {_described(shown[0])}' if shown else ''}")
    if shown:
        yield from _dates(case, shown[0])


def _shown(case: Case) -> list[Certificate]:
    try:
        return presented(case.server(), case.until(), case.proxy)
    except SessionError:
        return []  # why, the handshake itself says


def _dates(case: Case, shown: Certificate) -> Iterator[Finding]:
    left = shown.until.timestamp() - case.clock.now()
    if left <= 0:
        yield warning(
            f"it has expired on {shown.until:%Y-%m-%d}, and only the thumbprint makes it good", "have it renewed"
        )
    elif left < _SOON:
        yield warning(f"it expires on {shown.until:%Y-%m-%d}, in {left / 86400:.0f} days", "have it renewed")


def _described(shown: Certificate) -> str:
    issuer = "itself" if shown.self_signed else shown.issuer
    names = ", ".join(shown.names) or "no name"
    return f"for {names}, issued by {issuer}, valid until {shown.until:%Y-%m-%d}, SHA-256 {shown.sha256}"
