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

_EXPIRED, _OTHER_NAME, _OTHER_ADDRESS = 10, 62, 64
_CERTIFICATES = {
    9: "it is not valid yet: check the clocks of the server and of this machine",
    _EXPIRED: "it has expired",
    18: "it is self-signed",
    19: "an authority that signed itself has issued it, and that is not trusted here",
    20: "the authority that issued it is not trusted here, or the server does not send the one in between",
    21: "the authority that issued it is not trusted here, or the server does not send the one in between",
    23: "it was revoked",
    24: "what issued it is no certificate authority",
    25: "its chain of authorities is longer than they allow",
    26: "it is not made for servers (its extended key usage)",
    _OTHER_NAME: "it is not made for this name",
    _OTHER_ADDRESS: "it is not made for this address",
    66: "its key is too weak",
    67: "its authority's key is too weak",
    68: "it is signed in too weak a way",
}
_REASONS = (
    ("NO_PROTOCOLS_AVAILABLE", "this machine allows no version of TLS: check OpenSSL's configuration"),
    ("UNSUPPORTED_PROTOCOL", "it speaks only TLS below 1.2, which is broken: have TLS 1.2 or newer switched on there"),
    ("ALERT_PROTOCOL_VERSION", "it speaks no version of TLS that is allowed here: TLS 1.2 or newer is needed"),
    (
        "ALERT_HANDSHAKE_FAILURE",
        "no cipher in common, or it wants a certificate from us: have newer ciphers switched on there",
    ),
    ("ALERT_INSUFFICIENT_SECURITY", "no cipher in common that is strong enough for it"),
    ("NO_SHARED_CIPHER", "no cipher in common: have newer ones switched on there"),
    ("NO_CIPHERS_AVAILABLE", "this machine allows no ciphers: check OpenSSL's configuration"),
    ("DH_KEY_TOO_SMALL", "its key exchange is too weak for this machine: have newer ciphers switched on there"),
    ("EE_KEY_TOO_SMALL", "its certificate's key is too weak for this machine: have that renewed"),
    ("WRONG_VERSION_NUMBER", "it answers without TLS: check the port, or write http:// if that is meant"),
    ("HTTP_REQUEST", "it answers without TLS: check the port, or write http:// if that is meant"),
    ("PACKET_LENGTH_TOO_LONG", "it answers without TLS: check the port"),
    ("RECORD_LAYER_FAILURE", "it answers without TLS: check the port"),
    ("UNEXPECTED_MESSAGE", "what it says is no TLS: check the port"),
    ("ALERT_CERTIFICATE_REQUIRED", "it wants a certificate from us"),
    ("ALERT_UNRECOGNIZED_NAME", "it does not know the name in the url"),
    ("ALERT_INTERNAL_ERROR", "it has an error of its own: see its logs"),
)


def is_about_trust(error: OSError) -> bool:
    """Whether it is the certificate that does not do."""
    return isinstance(error, SSLCertVerificationError)


def in_words(error: OSError) -> str:
    """The reason in plain words, OpenSSL's own where there are none."""
    if isinstance(error, SSLCertVerificationError):
        return _CERTIFICATES.get(error.verify_code, error.verify_message)
    if isinstance(error, SSLEOFError):
        return "it closed the connection during the handshake"
    reason = getattr(error, "reason", None) or "unknown reason"
    return next((words for name, words in _REASONS if reason.endswith(name)), reason.lower().replace("_", " "))


def failure(error: OSError, place: str, certificate: Callable[[], bytes]) -> SessionError:
    """The error for a handshake with the server at `place`; `certificate` fetches what it shows (DER), unverified."""
    if isinstance(error, SSLCertVerificationError):
        return _untrusted(error, place, certificate)
    if isinstance(error, SSLEOFError):
        return UnreachableError(f"{place} closed the connection during the TLS handshake; try again, or check the url")
    return UnreachableError(
        f"{place} does not speak TLS as we do ({in_words(error)}); check port and scheme of the url"
    )


def _untrusted(error: SSLCertVerificationError, place: str, certificate: Callable[[], bytes]) -> SessionError:
    actual = "unknown"
    try:
        actual = fingerprint(certificate())
    except (OSError, SessionError):
        pass
    code = error.verify_code
    if code in (_OTHER_NAME, _OTHER_ADDRESS):
        advice = "use a name that it is made for, or give it as thumbprint if the server's console shows the same"
    elif code == _EXPIRED:
        advice = "have it renewed; until then give it as thumbprint if the server's console shows the same"
    else:
        advice = "if the server's console shows the same, give it as thumbprint, or the authority's file as ca_file"
    return UntrustedError(
        f"the certificate of {place} is not trusted ({in_words(error)}): expected one that the certificate authorities vouch for, actual "
        f"fingerprint {actual}; {advice}"
    )
