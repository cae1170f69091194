"""The simulated vCenter's certificates: throw-away authorities, and the leaf being served."""

from __future__ import annotations

import hashlib
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

NAMES = ("localhost", "127.0.0.1", "::1")


class Certificates:
    """The authority and leaf of the moment, in a private temporary directory that `close` removes.

    Every renewal makes another authority, in another file: the earlier `ca_file` stays until
    `close`, and no longer vouches for what is served.
    """

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="simulated-vcenter-")
        self._generation = 0
        self.renew(NAMES)

    def renew(self, names: tuple[str, ...], *, expired: bool = False) -> None:
        """Serve a new leaf for these host names and addresses, from a new authority, from now on."""
        authority = trustme.CA()
        not_after = datetime.now(UTC) + timedelta(days=-1 if expired else 30)
        not_before = datetime.now(UTC) - timedelta(days=60)
        leaf = authority.issue_cert(*names, not_before=not_before, not_after=not_after)
        self._generation += 1
        ca_file = Path(self._directory.name) / f"ca-{self._generation}.pem"
        authority.cert_pem.write_to_path(str(ca_file))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(context)
        der = ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode("ascii"))
        self.ca_file = str(ca_file)
        self.thumbprint = _colons(hashlib.sha256(der))
        self.thumbprint_sha1 = _colons(hashlib.sha1(der))
        self.context, self.leaf = context, leaf

    def close(self) -> None:
        """Remove the directory."""
        self._directory.cleanup()


def _colons(digest: hashlib._Hash) -> str:
    return ":".join(f"{byte:02X}" for byte in digest.digest())
