"""What a ready-made client of somebody else's gets with a cached session: the context that judges the server.

Neither pyVmomi nor requests checks a thumbprint the way this package does, so both get a context that accepts exactly
the certificate that was checked here.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from vsphere_session.errors import UnsupportedError
from vsphere_session.http.connection import peer_certificate
from vsphere_session.http.tls import without_old_versions

if TYPE_CHECKING:
    from vsphere_session.http.transport import Transport


def check(session_id: str) -> None:
    """Raise UnsupportedError where there is no session yet."""
    if not session_id:
        raise UnsupportedError("this client has no session to hand over; use it with Session.login first")


def context(transport: Transport) -> ssl.SSLContext | None:
    """The context; None where the way is not encrypted."""
    endpoint, trust = transport.endpoint, transport.trust
    if endpoint.scheme != "https":
        return None
    if transport.ssl_context is not None:
        return transport.ssl_context
    made = without_old_versions(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    if not trust.thumbprint:
        return trust.prepare(made)
    certificate = peer_certificate(endpoint, transport.until(), transport.proxy)
    trust.check_pin(certificate, endpoint.place)
    made.check_hostname = False
    made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the pinned certificate is its own authority
    made.load_verify_locations(cadata=certificate)
    return made
