"""Whom to believe: what the user said about this endpoint's certificate, as an `ssl.SSLContext`.

A thumbprint is a pin: it must match, and is then enough, so that self-signed and IP-only certificates work without
switching verification off. Without one the certificate authorities decide: `ca_file`, else the platform's store.
"""

from __future__ import annotations

import os
import ssl
from hashlib import sha1, sha256

from vsphere_session.errors import InvalidRequestError, StorageError, UntrustedError
from vsphere_session.thumbprint import normal_thumbprint


class Trust:
    """What to check. `thumbprint` pins the certificate, `ca_file` names the authorities, `insecure` skips those.

    A thumbprint counts with `insecure`, too: whoever must share a cache key with a tool that verifies nothing can
    still be sure of the server.
    """

    __slots__ = ("ca_file", "insecure", "thumbprint")

    def __init__(self, *, insecure: bool = False, ca_file: str = "", thumbprint: str = "") -> None:
        self.insecure = insecure
        self.ca_file = ca_file
        self.thumbprint = normal_thumbprint(thumbprint) if thumbprint else ""

    def context(self) -> ssl.SSLContext:
        """A context that verifies as far as authorities go; a thumbprint is compared after the handshake."""
        if self.insecure or self.thumbprint:
            return unverified_context()
        if self.ca_file:
            return _context_for(self.ca_file)
        import truststore  # noqa: PLC0415  # not needed with a ca_file or a thumbprint

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def check_pin(self, certificate: bytes, place: str) -> None:
        """Raise UntrustedError unless the certificate (DER) has the pinned thumbprint, if there is one."""
        if not self.thumbprint:
            return
        actual = fingerprint(certificate, "SHA-1" if len(self.thumbprint) == 59 else "SHA-256")
        if actual != self.thumbprint:
            raise UntrustedError(
                f"the certificate of {place} is not the expected one: expected {self.thumbprint}, actual {actual}; somebody may be in "
                "between, or the certificate was renewed: compare it on the server's console, then change the thumbprint"
            )


def unverified_context() -> ssl.SSLContext:
    """A context that accepts every certificate: for `insecure`, for pins, and to show a fingerprint."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _context_for(ca_files: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for path in ca_files.split(os.pathsep):
        try:
            context.load_verify_locations(cafile=path)
        except ssl.SSLError:
            raise InvalidRequestError(
                f"{path} holds no certificate in PEM form; give the authority's certificate as ca_file"
            ) from None
        except OSError as error:
            raise StorageError(
                f"cannot read the ca_file {path}: {os.strerror(error.errno or 0)}; check the path"
            ) from None
    return context


def fingerprint(certificate: bytes, algorithm: str = "SHA-256") -> str:
    """The fingerprint of a certificate (DER) as govc writes it: `AA:BB:…`, upper case."""
    digest = sha1(certificate, usedforsecurity=False) if algorithm == "SHA-1" else sha256(certificate)
    return digest.digest().hex(":").upper()
