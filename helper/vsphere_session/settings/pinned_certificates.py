"""Certificates that somebody has pinned at a terminal, so that programs which know no thumbprints can trust them, too.

terraform-provider-vsphere verifies by authorities alone, as Go does: by the file that SSL_CERT_FILE names. In a file of
ours there is what the platform trusts, and the one certificate, which is good for its own names only.
"""

from __future__ import annotations

import os
import sys

from vsphere_session.digest import sha256_hex
from vsphere_session.errors import StorageError, UntrustedError
from vsphere_session.http.authorities import platform_bundle
from vsphere_session.http.trust import Trust
from vsphere_session.storage.files import read_named, read_private, write_private

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_MAX_BYTES = 1024 * 1024
_SECONDS = 5.0


def keep(state: str, place: str, pem: bytes) -> None:
    """Keep the certificate that is pinned for this place. Raises StorageError."""
    path = _pinned(state, place)
    if read_private(path) != pem:
        write_private(path, pem)


def bundle(place: str, ca_file: str, thumbprint: str, environ: Mapping[str, str], state: str) -> str:
    """The file of authorities with which programs in Go trust this place as we do; empty where they need, or can have, none.

    Raises StorageError.
    """
    if sys.platform != "linux" or any(environ.get(name) for name in _VARIABLES):
        return ""
    own = (
        _certificate(state, place, thumbprint)
        if thumbprint
        else b"\n".join(map(_read, filter(None, ca_file.split(os.pathsep))))
    )
    if not own:
        return ""
    path = os.path.join(state, "authorities", f"{sha256_hex(place.encode())}.pem")
    whole = _read(platform_bundle()) + b"\n" + own
    if read_private(path) != whole:
        write_private(path, whole)
    return path


def _certificate(state: str, place: str, thumbprint: str) -> bytes:
    """The kept one, if it is still the one that is pinned."""
    from ssl import PEM_cert_to_DER_cert  # noqa: PLC0415  # only for who has pinned one

    pem = read_private(_pinned(state, place)) or b""
    try:
        Trust(thumbprint=thumbprint).check_pin(PEM_cert_to_DER_cert(pem.decode("ascii")), place)
    except (ValueError, UntrustedError):
        return b""
    return pem


def _read(path: str) -> bytes:
    try:
        return read_named(path, _MAX_BYTES, path, _SECONDS) if path else b""
    except (OSError, StorageError):
        return b""  # whoever needs it says so


def _pinned(state: str, place: str) -> str:
    return os.path.join(state, "pinned", f"{sha256_hex(place.encode())}.pem")
