"""Whom to believe: what the user said about this endpoint's certificate, as a context for TLS. On the fast path.

A thumbprint is a pin: it must match, and is then enough, so that self-signed and IP-only certificates work without
switching verification off. Without one the certificate authorities decide: `ca_file`, else the platform's store.
"""

from __future__ import annotations

import os
import stat

from credential_protocol.jsontext import in_utf8
from vsphere_session.digest import sha1_hex, sha256_hex
from vsphere_session.errors import InvalidRequestError, StorageError, UntrustedError
from vsphere_session.http.authorities import trust_by_name, trust_the_platform
from vsphere_session.http.thumbprint import normal_thumbprint
from vsphere_session.http.tls import CERT_NONE, Context, SSLError, client_context, with_partial_chains

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.http.tls import AnyContext

MAX_MARKED_CA_BYTES = 1024 * 1024


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

    def context(self) -> Context:
        """A context that verifies as far as authorities go; a thumbprint is compared after the handshake.

        Raises InvalidRequestError, StorageError.
        """
        return self.prepare(client_context())

    def quick_context(self) -> Context | None:
        """One that is made in no time and verifies less than `context` does, and nothing else; None where there is none."""
        return None if self.insecure or self.thumbprint or self.ca_file else trust_by_name(client_context())

    def prepare(self, context: AnyContext) -> AnyContext:
        """The same of a new context that may be one of `ssl`'s."""
        if self.insecure or self.thumbprint:
            context.check_hostname = False
            context.verify_mode = CERT_NONE
        elif self.ca_file:
            _load(context, self.ca_file)
        else:
            return trust_the_platform(context)
        return context

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


def _load(context: Context, ca_files: str) -> None:
    """Trust what the user names, as Go does: an authority, one that another has issued, or the server's own certificate."""
    with_partial_chains(context)
    for path in ca_files.split(os.pathsep):
        try:
            if not stat.S_ISREG(os.stat(path).st_mode):  # it is read for every connection, and a pipe only once
                raise StorageError(f"the ca_file {path} is a directory, a pipe or a device; give a file")
            text = _recoded(path)
            if text:
                context.load_verify_locations(cadata=text)
            else:
                context.load_verify_locations(cafile=path)
        except (SSLError, UnicodeError):
            raise InvalidRequestError(
                f"{path} holds no certificate in PEM form; give the authority's certificate as ca_file"
            ) from None
        except OSError as error:
            raise StorageError(
                f"cannot read the ca_file {path}: {os.strerror(error.errno or 0)}; check the path"
            ) from None


def _recoded(path: str) -> str:
    """The text of a file that begins with a byte-order mark; empty where it does not. OpenSSL skips what is behind a mark."""
    with open(path, "rb") as file:
        first = file.read(4)
        text = in_utf8(first + file.read(MAX_MARKED_CA_BYTES)) if first[:1] in (b"\xef", b"\xff", b"\xfe") else first
    return text.decode("ascii") if not text.startswith(first) else ""


def fingerprint(certificate: bytes, algorithm: str = "SHA-256") -> str:
    """The fingerprint of a certificate (DER) as govc writes it: `AA:BB:…`, upper case."""
    digits = sha1_hex(certificate) if algorithm == "SHA-1" else sha256_hex(certificate)
    return normal_thumbprint(digits)
