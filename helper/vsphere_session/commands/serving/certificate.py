"""What the server shows of itself."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable

from vsphere_session.errors import InvalidRequestError, StorageError
from vsphere_session.http.tls import without_old_versions
from vsphere_session.storage.reading import identity_of


class Certificate:
    """The server's certificate and its key, in PEM, read again when they have changed; what cannot be read changes nothing.

    Raises InvalidRequestError, StorageError when it is made.
    """

    def __init__(self, certificate: str, private_key: str, tell: Callable[[str], None]) -> None:
        self._paths = (certificate, private_key or certificate)
        self._tell = tell
        self._seen = self._look()
        self._context = self._load()

    def context(self) -> ssl.SSLContext:
        """How to speak TLS to the next client."""
        try:
            seen = self._look()
            if seen != self._seen:
                self._seen = seen
                self._context = self._load()
                self._tell("the certificate has changed")
        except (InvalidRequestError, StorageError) as error:
            self._tell(f"the certificate stays as it was: {error.message}")
        return self._context

    def _look(self) -> list[tuple[int, ...]]:
        found: list[tuple[int, ...]] = []
        for path in self._paths:
            try:
                found.append(identity_of(os.stat(path)))
            except OSError as error:
                raise _unreadable(path, error) from None
        return found

    def _load(self) -> ssl.SSLContext:
        context = without_old_versions(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        try:
            context.load_cert_chain(*self._paths, lambda: "")
        except ssl.SSLError:
            raise InvalidRequestError(
                f"--certificate and --private-key cannot be used: {self._paths[0]} is no certificate in PEM form, its key does not fit, "
                "or has a passphrase; give both as PEM without one"
            ) from None
        except OSError as error:
            raise _unreadable(self._paths[1 if os.access(self._paths[0], os.R_OK) else 0], error) from None
        return context


def _unreadable(path: str, error: OSError) -> StorageError:
    return StorageError(f"cannot read {path} ({os.strerror(error.errno or 0)}); check path and mode")
