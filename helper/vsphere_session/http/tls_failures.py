"""What went wrong with TLS, in plain words, and what to do about it.

Recognised by codes, not by OpenSSL's texts, which change: X509_V_ERR_* for certificates, else the name of the reason,
whose beginning differs between versions (`SSLV3_ALERT_HANDSHAKE_FAILURE`, `SSL/TLS_ALERT_HANDSHAKE_FAILURE`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.errors import SessionError, UnreachableError, UntrustedError
from vsphere_session.http.tls import SSLCertVerificationError, SSLEOFError
from vsphere_session.http.trust import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable

_NOT_YET, _EXPIRED, _OTHER_PURPOSE, _OTHER_NAME, _OTHER_ADDRESS = 9, 10, 26, 62, 64
_CERTIFICATES = {
    _NOT_YET: "it is not valid yet",
    _EXPIRED: "it has expired",
    18: "it is self-signed",
    19: "the authority at the end of its chain is not trusted here",
    20: "the authority that issued it is not trusted here, or the server does not send the one in between",
    21: "the authority that issued it is not trusted here, or the server does not send the one in between",
    23: "it was revoked",
    24: "what issued it is no certificate authority",
    25: "its chain of authorities is longer than they allow",
    _OTHER_PURPOSE: "it is not made for servers (extended key usage)",
    _OTHER_NAME: "it is not made for this name",
    _OTHER_ADDRESS: "it is not made for this address",
    66: "its key is too weak",
    67: "its authority's key is too weak",
    68: "it is signed in too weak a way",
}
_PORT = "check port and scheme of the url"
_OLD = ("it speaks only TLS below 1.2, which is broken", "have TLS 1.2 or newer switched on there")
_PLAIN = ("it answers without TLS", "check the port, or write http:// if that is meant")
_OURS = "check OpenSSL's configuration on this machine"
_REASONS = {
    "ALERT_PROTOCOL_VERSION": _OLD,
    "UNSUPPORTED_PROTOCOL": _OLD,
    "WRONG_SSL_VERSION": _OLD,
    "NO_PROTOCOLS_AVAILABLE": ("no version of TLS is allowed here", _OURS),
    "NO_CIPHERS_AVAILABLE": ("no cipher is allowed here", _OURS),
    "ALERT_HANDSHAKE_FAILURE": (
        "no cipher in common, or it wants a certificate from us",
        "have the ciphers of today's TLS switched on there",
    ),
    "ALERT_INSUFFICIENT_SECURITY": ("no cipher in common that is strong enough for it", _OURS),
    "NO_SHARED_CIPHER": ("no cipher in common", "have the ciphers of today's TLS switched on there"),
    "WRONG_CIPHER_RETURNED": ("no cipher in common", "have the ciphers of today's TLS switched on there"),
    "DH_KEY_TOO_SMALL": ("its key exchange is too weak", "have the ciphers of today's TLS switched on there"),
    "EE_KEY_TOO_SMALL": ("its certificate's key is too weak", "have the certificate renewed"),
    "LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED": ("it signs in too weak a way", "have its certificate renewed"),
    "UNSAFE_LEGACY_RENEGOTIATION_DISABLED": ("its TLS is too old to be safe", "have it brought up to date"),
    "WRONG_VERSION_NUMBER": _PLAIN,
    "HTTP_REQUEST": _PLAIN,
    "PACKET_LENGTH_TOO_LONG": _PLAIN,
    "RECORD_LAYER_FAILURE": _PLAIN,
    "BAD_RECORD_TYPE": _PLAIN,
    "UNEXPECTED_MESSAGE": ("what it says is no TLS", _PORT),
    "ALERT_CERTIFICATE_REQUIRED": (
        "it wants a certificate from us",
        "have that switched off for this address, or use another",
    ),
    "ALERT_BAD_CERTIFICATE": (
        "it wants another certificate from us",
        "have that switched off for this address, or use another",
    ),
    "ALERT_UNRECOGNIZED_NAME": ("it does not know the name in the url", "use one of its own"),
    "ALERT_ACCESS_DENIED": ("it denies us access", "see its logs"),
    "ALERT_INTERNAL_ERROR": ("it has an error of its own", "see its logs"),
}
"""By the end of the reason's name: what is wrong, and what to do."""


def is_about_trust(error: OSError) -> bool:
    """Whether it is the certificate that does not do."""
    return isinstance(error, SSLCertVerificationError)


def in_words(error: OSError) -> str:
    """The reason in plain words, OpenSSL's own where there are none."""
    if isinstance(error, SSLCertVerificationError):
        return _CERTIFICATES.get(error.verify_code, error.verify_message)
    if isinstance(error, SSLEOFError):
        return "it closed the connection during the handshake"
    return _reason(error)[0]


def _reason(error: OSError) -> tuple[str, str]:
    reason = getattr(error, "reason", None) or "unknown reason"
    known = next((words for name, words in _REASONS.items() if reason.endswith(name)), None)
    return known or (reason.lower().replace("_", " "), _PORT)


def failure(error: OSError, place: str, certificate: Callable[[], bytes]) -> SessionError:
    """The error for a handshake with the server at `place`; `certificate` fetches what it shows (DER), unverified."""
    if isinstance(error, SSLCertVerificationError):
        return _untrusted(error, place, certificate)
    if isinstance(error, SSLEOFError):
        return UnreachableError(f"{place} closed the connection during the TLS handshake; try again, or check the url")
    what, advice = _reason(error)
    return UnreachableError(f"{place} does not speak TLS as we do: {what}; {advice}")


def lost(error: OSError, place: str) -> SessionError:
    """The error for a connection that broke after the handshake: what servers say there of our certificate, for one."""
    what, advice = _reason(error)
    return UnreachableError(f"the connection to {place} failed: {what}; {advice}, then try again")


def _untrusted(error: SSLCertVerificationError, place: str, certificate: Callable[[], bytes]) -> SessionError:
    actual = "unknown"
    try:
        actual = fingerprint(certificate())
    except (OSError, SessionError):
        pass
    code = error.verify_code
    if code in (_OTHER_NAME, _OTHER_ADDRESS):
        advice = "use a name that it is made for, or give it as thumbprint if the server's console shows the same"
    elif code == _NOT_YET:
        advice = "check the clocks of the server and of this machine"
    elif code == _OTHER_PURPOSE:
        advice = "have one issued for servers; until then give it as thumbprint if the server's console shows the same"
    elif code == _EXPIRED:
        advice = "have it renewed; until then give it as thumbprint if the server's console shows the same"
    else:
        advice = "if the server's console shows the same, give it as thumbprint, or the authority's file as ca_file"
    return UntrustedError(
        f"the certificate of {place} is not trusted ({in_words(error)}): expected one that the certificate authorities vouch for, actual "
        f"fingerprint {actual}; {advice}"
    )
