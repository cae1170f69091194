"""Where one user's sessions at one endpoint are kept: govmomi's two files, the helper's record beside them, one lock.

Knows files and nothing of the network.
"""

from __future__ import annotations

import os

from vsphere_session.clients import RestClient, SoapClient, WireClient
from vsphere_session.digest import session_digest, sha256_hex
from vsphere_session.endpoint import REST_PATH, SOAP_PATH
from vsphere_session.errors import SessionError, StorageError
from vsphere_session.files import (
    check_replaceable,
    make_private_directory,
    read_private,
    remove_leftovers,
    remove_private,
    write_private,
)
from vsphere_session.lock import Lock
from vsphere_session.record import Known, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vsphere_session.client_protocol import Client
    from vsphere_session.clock import Clock
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.paths import Paths


class Shelf:
    """The cache files of one key. Methods that write are to be called under `lock`."""

    def __init__(
        self, endpoint: Endpoint, *, insecure: bool, directories: Mapping[str, str], paths: Paths, clock: Clock
    ) -> None:
        self._endpoint = endpoint
        self._insecure = insecure
        self._directories = directories
        places = "\0".join(directories.values())
        key = f"{endpoint.key(SOAP_PATH, insecure=insecure)}\0{places}"
        name = sha256_hex(key.encode("utf-8", "surrogateescape"))[:40]  # a path may be no UTF-8
        self._record = Record(os.path.join(paths.state, "records", name))
        self._loaded = False
        self.lock = Lock(os.path.join(paths.state, "locks", name), clock)

    def file(self, path: str) -> str:
        """The cache file of the client with this path. REST sessions have a directory of their own."""
        directory = self._directories["rest" if path == REST_PATH else "soap"]
        return os.path.join(directory, self._endpoint.file_name(path, insecure=self._insecure))

    def current_file(self, path: str) -> str:
        """The file that a session is in now: under its older name, where there is no other."""
        (file,) = self._files(path)
        return file if os.path.lexists(file) else self.file(path)

    def read(self, client: WireClient) -> bool:
        """Fill `client` from its file; False if that holds no session for this endpoint. Raises StorageError."""
        client.known = None
        for path in self._files(client.path):
            client.unmarshal_json(read_private(path) or b"")
            if client.stored is not None and client.stored.belongs_to(self._endpoint, insecure=self._insecure):
                client.known = self.records().known(client.kind, client.session_id)
                client.form = client.known.form if client.known is not None else ""
                return True
        client.stored = None
        return False

    def holds(self, session_id: str) -> bool:
        """Whether one of the files has this session."""
        for client in (SoapClient(), RestClient()):
            try:
                if self.read(client) and client.session_id == session_id:
                    return True
            except SessionError:
                pass  # what cannot be read holds nothing
        return False

    def read_other(self, client: Client) -> bool:
        """The same for a client that is neither SOAP nor REST; whether it is good is its own `valid`."""
        client.unmarshal_json(read_private(self.file(client.path)) or b"")
        return client.valid()

    def write(self, client: Client) -> None:
        """Put the session of `client` into its file, and what is known of it into the record. Raises StorageError."""
        if isinstance(client, WireClient):
            self._write_record(client)  # first: if only this succeeds, the old session is still in its file
        write_private(self.file(client.path), client.marshal_json())

    def make_room(self, client: Client) -> None:
        """Find out before a login whether its session can be written, and clear away what killed writers left."""
        path = self.file(client.path)
        make_private_directory(os.path.dirname(path))
        check_replaceable(path)
        check_replaceable(self._record.path)
        remove_leftovers(path)
        remove_leftovers(self._record.path)

    def remove(self, client: WireClient) -> None:
        """Remove the file of `client`, under both of its names, and what is known of it. Raises StorageError."""
        kinds = self.records().kinds
        if kinds.pop(client.kind, None) is not None:
            for known in kinds.values():
                if known.is_about(client.session_id):
                    known.confirmed_at = 0.0  # one session for both kinds (8.0U3), and now it is gone
            try:
                self._record.save()
            except StorageError:
                pass  # on a full disk; it speaks of a session that no file has
        # last: a session that is gone and whose file cannot be removed must not be trusted for another minute
        for path in (self.file(client.path), self._legacy_file(client.path)):
            if read_private(path) is not None:
                remove_private(path)

    def clear(self, client: WireClient) -> bool:
        """Remove a file without a session of this endpoint in it; False if there is none. Raises StorageError."""
        if read_private(self.file(client.path)) is None:
            return False
        self.remove(client)
        return True

    def note(self, client: WireClient) -> None:
        """Remember what the server said, unless somebody else holds the lock or has put another session there."""
        try:
            if self.lock.held:
                self._write_record(client)
                return
            with self.lock:
                if self.lock.try_acquire():
                    self.forget()
                    current = type(client)()
                    if self.read(current) and current.session_id == client.session_id:
                        self._write_record(client)
        except SessionError:
            pass  # an answer that cannot be remembered is still an answer

    def records(self) -> Record:
        """What is known of the sessions here, read once until `forget`."""
        if not self._loaded:
            self._record.load()
            self._loaded = True
        return self._record

    def forget(self) -> None:
        """Read the record again the next time: another process may have changed it."""
        self._loaded = False

    def known_by_file(self, client: WireClient) -> Known | None:
        """What the file's date says of a session that govc has cached: govc wrote the file when it logged in."""
        try:
            written = os.stat(self.file(client.path)).st_mtime
        except OSError:
            return None
        return Known(session_digest(client.session_id), login_at=written, confirmed_at=written)

    def _write_record(self, client: WireClient) -> None:
        record = self.records()
        if client.known is not None:
            record.kinds[client.kind] = client.known
        else:
            record.kinds.pop(client.kind, None)
        record.save()

    def _files(self, path: str) -> tuple[str, ...]:
        """The file, or where that is missing the one under its older name (read only)."""
        file = self.file(path)
        return (file,) if os.path.lexists(file) else (self._legacy_file(path),)

    def _legacy_file(self, path: str) -> str:
        """The file under the name that govc 0.47 and older gave it, and terraform-provider-vsphere until 2.8."""
        return os.path.join(
            os.path.dirname(self.file(path)), self._endpoint.legacy_file_name(path, insecure=self._insecure)
        )
