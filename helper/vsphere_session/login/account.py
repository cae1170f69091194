r"""Which account a login is for, however its user and its server are spelled.

A server counts failed logins by the account. `administrator@vsphere.local`, `VSPHERE.LOCAL\Administrator` and
`administrator` may be one, and so may two names of a host: what refuses a credential is asked for its own identity first.
"""

from __future__ import annotations

import os

from credential_protocol.jsontext import decode, encode
from vsphere_session.digest import sha256_hex
from vsphere_session.errors import StorageError
from vsphere_session.http.sockets import normal_host
from vsphere_session.storage.files import remove_leftovers, remove_quietly, write_private

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.clock import Clock
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.storage.reading import Reader

_LONGEST = 86400.0
"""Seconds after which a place is asked again which server it leads to."""


def bare_name(username: str) -> str:
    """The account's own name: without domain, in one case. Users of one name in two domains are one account here."""
    name = username.strip().casefold().rpartition("\\")[2]
    name = name.rpartition("@")[0] or name
    if name.isascii():
        return name
    from unicodedata import normalize  # noqa: PLC0415  # few names need it

    return normalize("NFC", name)


def normal_place(endpoint: Endpoint) -> str:
    """Host and port, for a server that does not say who it is. Whether it is asked by https or http does not matter."""
    port = "" if endpoint.port == (443 if endpoint.scheme == "https" else 80) else f":{endpoint.port}"
    return normal_host(endpoint.host) + port


class KnownServer:
    """Which server a place leads to, as that said itself (`about.instanceUuid`), remembered in the file `path`.

    instance  None while that is not known, empty for a server that does not say
    """

    def __init__(self, path: str, clock: Clock, reader: Reader) -> None:
        self._path = path
        self._clock = clock
        self._reader = reader
        self._kept = self._read()
        self._new = False
        self.instance = self._kept

    def keep(self) -> None:
        """Remember it, and clear away what killed writers left. What cannot be written is asked again."""
        if self.instance is None:
            return
        try:
            remove_leftovers(
                self._path
            )  # those of a writer at work, too: it writes the same, and its failing is harmless
            if self.instance != self._kept:
                value = {"version": 1, "instance": self.instance, "asked_at": self._clock.now()}
                write_private(self._path, encode(value).encode() + b"\n")
                self._new = self._kept is None
                self._kept = self.instance
        except StorageError:
            pass

    def drop(self) -> None:
        """Remember no more what was not known before: for who is to leave nothing behind."""
        if self._new:
            remove_quietly(self._path)
            self._new, self._kept = False, None

    def settle(self) -> None:
        """There is more to remember of this server: `drop` does nothing from now on."""
        self._new = False

    def _read(self) -> str | None:
        try:
            data = self._reader.unnoted(self._path)
            value = decode(data) if data else None
            if not isinstance(value, dict) or not 0 <= self._clock.now() - float(str(value.get("asked_at"))) < _LONGEST:
                return None
        except (StorageError, ValueError):
            return None
        instance = value.get("instance")
        return instance if isinstance(instance, str) else None


def path_of_place(directory: str, endpoint: Endpoint) -> str:
    """The file that remembers which server is at this place."""
    return os.path.join(directory, f"{sha256_hex(normal_place(endpoint).encode('utf-8', 'surrogatepass'))[:40]}.server")
