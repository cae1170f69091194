"""Where one user's sessions at one endpoint are kept: govmomi's two files, the helper's record beside them, one lock.

Knows files and nothing of the network.

On the fast path.
"""

from __future__ import annotations

import os

from vsphere_session.cache.clients import RestClient, SoapClient, WireClient
from vsphere_session.cache.record import Known, Record
from vsphere_session.digest import session_digest, sha256_hex
from vsphere_session.endpoint import REST_PATH, SOAP_PATH
from vsphere_session.errors import SessionError, StorageError, UntrustedError
from vsphere_session.storage.files import (
    check_replaceable,
    files_beside,
    make_private_directory,
    remove_leftovers,
    remove_private,
    remove_quietly,
    replace_private,
    write_beside,
    write_private,
)
from vsphere_session.storage.lock import Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vsphere_session.cache.client_protocol import Client
    from vsphere_session.cache.encryption import Seal
    from vsphere_session.cache.surroundings import Surroundings
    from vsphere_session.clock import Deadline
    from vsphere_session.endpoint import Endpoint


_LONGEST_LIFE = 86400.0
"""Seconds after which servers have ended a session, come what may (docs/vsphere.md, section 1)."""
_ASIDE = ".session"
"""The ending of the files of sessions in doubt, which no file or another one's may know in a moment (see `set_aside`)."""


def record_name(endpoint: Endpoint, *, insecure: bool, directories: Mapping[str, str]) -> str:
    """The name of the record beside the files of one key, and of their lock."""
    places = "\0".join(directories.values())
    key = f"{endpoint.key(SOAP_PATH, insecure=insecure)}\0{places}"
    return sha256_hex(key.encode("utf-8", "surrogateescape"))[:40]  # a path may be no UTF-8


class Repository:
    """The cache files of one key. Methods that write are to be called under `lock`.

    With a `seal` they are encrypted; then every method that reads or writes one raises what the seal does, too.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        surroundings: Surroundings,
        *,
        insecure: bool,
        pinned: bool = False,
        directories: Mapping[str, str],
        seal: Seal | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._insecure = insecure
        self._unverified = insecure and not pinned
        self._around = surroundings
        self._clock = surroundings.clock
        self._reader = surroundings.reader
        self._directories = directories
        self._seal = seal
        name = record_name(endpoint, insecure=insecure, directories=directories)
        state = surroundings.paths.state
        self.record = Record(os.path.join(state, "records", name), surroundings.reader)
        self._aside: dict[str, str] = {}
        self._notes: dict[str, tuple[WireClient, str, Known | None]] = {}
        self._patient = False
        self._named: dict[str, str] = {}
        self.lock = Lock(os.path.join(state, "locks", name), surroundings.clock)

    def locked(self, meanwhile: Callable[[], bool] | None = None) -> Locked:
        """The lock, for a `with` block, and what others have written meanwhile is read again.

        It waits as Lock.acquire does and raises what that does; as long as the call may take.
        """
        return Locked(self, self._around.until(), meanwhile)

    def file(self, path: str) -> str:
        """The cache file of the client with this path. REST sessions have a directory of their own."""
        if path not in self._named:
            directory = self._directories["rest" if path == REST_PATH else "soap"]
            self._named[path] = os.path.join(directory, self._endpoint.file_name(path, insecure=self._insecure))
        return self._named[path]

    def current_file(self, path: str) -> str:
        """The file that a session is in now: under its older name, where there is no other."""
        file, (found,) = self.file(path), self._files(path)
        return found if found == file or os.path.lexists(found) else file

    def read(self, client: WireClient) -> bool:
        """Fill `client` from its file; False if that holds no session for this endpoint.

        Raises StorageError, UntrustedError for a session that was obtained from a server that was sure, where this one is not.
        """
        client.known = None
        for path in self._files(client.path):
            client.unmarshal_json(self._content(path, client))
            if client.stored is not None and client.stored.belongs_to(self._endpoint, insecure=self._insecure):
                client.known = self.record.known(client.kind, client.session_id)
                client.form = client.known.form if client.known is not None else ""
                return not self._needs_pin(client)
        client.stored = None
        return False

    def _needs_pin(self, client: WireClient) -> bool:
        """The same of what `client` has, and has it no more then."""
        stored, known = client.stored, client.known
        client.stored = client.known = None
        if self.needs_pin(known):
            return True
        client.stored, client.known = stored, known
        return False

    def needs_pin(self, known: Known | None) -> bool:
        """Whether a session is from a pinned server that only `insecure` would look for, and over. Raises UntrustedError if it may live."""
        if known is None or not known.pinned or not self._unverified:
            return False
        if self._clock.now() - known.login_at < _LONGEST_LIFE:
            raise UntrustedError(
                f"the cached session of {self._endpoint.place} was obtained with a thumbprint, and with insecure alone nothing tells "
                "whether that server is still the same; give the thumbprint, too"
            )
        return True

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
        client.unmarshal_json(self._content(self.file(client.path), client))
        return client.valid()

    def write(self, client: Client, *, recorded: bool = False) -> None:
        """Put the session of `client` into its file, and what is known of it into the record. Raises StorageError."""
        if isinstance(client, WireClient) and not recorded:
            # first: if only this succeeds, the old session is still in its file
            self.record.change({client.kind: client.known})
        path = self.file(client.path)
        aside = self._aside.pop(client.session_id, "") if isinstance(client, WireClient) else ""
        if not aside:
            write_private(path, self._bytes(client))
            return
        check_replaceable(path)
        replace_private(path, aside)

    def take_back(self, client: WireClient) -> bool:
        """Remove the file that `write` has made for `client`; False if that fails, and it stays."""
        try:
            return remove_private(self.file(client.path))
        except StorageError:
            return False

    def set_aside(self, client: WireClient) -> None:
        """Write the session of `client` beside its file, lest a call that is killed now loses it. Raises StorageError.

        Whoever makes a session does so as soon as the server has answered, and `write` gives the same file its name;
        whoever is about to replace one does so, too, and ends it before `settle`. What is found there by another call
        is a session to be ended, unless a cache file has it.
        """
        if client.session_id not in self._aside:
            self._aside[client.session_id] = write_beside(self.file(client.path), self._bytes(client), _ASIDE)

    def settle(self, client: WireClient) -> None:
        """The session of `client` has been ended, or is in its file."""
        self.settle_id(client.session_id)

    def settle_id(self, session_id: str) -> None:
        """The same of a session that no client has any more."""
        aside = self._aside.pop(session_id, "")
        if aside:
            remove_quietly(aside)

    def left_aside(self, client: WireClient) -> list[WireClient]:
        """The sessions of this kind that calls which were killed have set aside, but for those that a cache file has.

        `settle` removes the file of each. Only under the lock: of a call at work they are its own.
        """
        found: list[WireClient] = []
        for path in files_beside(self.file(client.path), _ASIDE):
            left = type(client)()
            try:
                left.unmarshal_json(self._content(path, client))
            except StorageError:
                continue  # somebody else's
            if left.stored is None or not left.stored.belongs_to(self._endpoint, insecure=self._insecure):
                remove_quietly(path)  # half a file: its session was never to be known
            elif self.holds(left.session_id):
                remove_quietly(path)
            else:
                self._aside[left.session_id] = path
                found.append(left)
        return found

    def has_left(self, client: Client) -> bool:
        """Whether a call that was killed, or one at work, has left anything beside the file."""
        return any(files_beside(self.file(client.path), ending) for ending in (_ASIDE, ".tmp"))

    def clear_leftovers(self, client: Client) -> None:
        """Remove what writers that were killed have left half written."""
        remove_leftovers(self.file(client.path))

    def make_room(self, client: Client) -> None:
        """Find out before a login whether its session can be written, and clear away what killed writers left."""
        if self._seal is not None:
            self._seal.ready()
        path = self.file(client.path)
        make_private_directory(os.path.dirname(path))
        check_replaceable(path)
        check_replaceable(self.record.path)
        remove_leftovers(path)
        remove_leftovers(self.record.path)

    def remove(self, client: WireClient) -> None:
        """Remove the file of `client`, under both of its names, and what is known of it. Raises StorageError."""
        self.record.remove(client.kind, client.session_id)
        remove_leftovers(self.file(client.path))
        # last: a session that is gone and whose file cannot be removed must not be trusted for another minute
        for path in (self.file(client.path), self._legacy_file(client.path)):
            if self._reader.private(path) is not None:
                remove_private(path)

    def clear(self, client: WireClient) -> bool:
        """Remove a file without a session of this endpoint in it; False if there is none. Raises StorageError."""
        if self._reader.private(self.file(client.path)) is None:
            return False
        self.remove(client)
        return True

    def begin(self) -> None:
        """Until `close` what is to be noted waits: what makes a file safe takes longer than to write it."""
        self._patient = True

    def close(self) -> None:
        """Note all of it at once."""
        self._patient = False
        self._write_notes()

    def note(self, client: WireClient) -> None:
        """Remember what the server said, unless somebody else holds the lock or has put another session there."""
        self._notes[client.kind] = type(client)(), client.session_id, client.known
        if not self._patient:
            self._write_notes()

    def _write_notes(self) -> None:
        notes, self._notes = self._notes, {}
        if not notes:
            return
        changes = {kind: known for kind, (_, _, known) in notes.items()}
        try:
            if self.lock.held:
                self.record.change(changes)
                return
            if self.record.confirm(changes):  # which holds for these very sessions, whatever others write meanwhile
                return
            with self.lock:
                if self.lock.try_acquire():
                    self.record.forget()
                    there = (
                        (kind, known)
                        for kind, (current, session_id, known) in notes.items()
                        if self.read(current) and current.session_id == session_id
                    )
                    self.record.change(dict(there))
        except SessionError:
            pass  # an answer that cannot be remembered is still an answer

    def known_by_file(self, client: WireClient) -> Known | None:
        """What the file's date says of a session that govc has cached: govc wrote the file when it logged in."""
        try:
            written = os.stat(self.file(client.path)).st_mtime
        except OSError:
            return None
        return Known(session_digest(client.session_id), login_at=written, confirmed_at=written)

    def _content(self, path: str, client: Client) -> bytes:
        """What the file `path` says of a session of this kind; empty if there is none, or it is sealed by another key."""
        data = self._reader.private(path) or b""
        return data if self._seal is None or not data else self._seal.open(data, self._key(client))

    def _bytes(self, client: Client) -> bytes:
        """What is written into a file for `client`."""
        data = client.marshal_json()
        return data if self._seal is None else self._seal.close(data, self._key(client))

    def _key(self, client: Client) -> str:
        return self._endpoint.key(client.path, insecure=self._insecure)

    def _files(self, path: str) -> tuple[str, ...]:
        """The file, or where that is missing the one under its older name (read only)."""
        file = self.file(path)
        return (file,) if self._reader.finds(file) else (self._legacy_file(path),)

    def _legacy_file(self, path: str) -> str:
        """The file under the name that govc 0.47 and older gave it, and terraform-provider-vsphere until 2.8."""
        return os.path.join(
            os.path.dirname(self.file(path)), self._endpoint.legacy_file_name(path, insecure=self._insecure)
        )


class Locked:
    """A block under the repository's lock. It begins with whether the lock was needed: see Lock.acquire."""

    def __init__(self, repository: Repository, deadline: Deadline, meanwhile: Callable[[], bool] | None) -> None:
        self._repository = repository
        self._deadline = deadline
        self._meanwhile = meanwhile

    def __enter__(self) -> bool:
        try:
            needed = self._repository.lock.acquire(self._deadline, self._meanwhile)
        except BaseException:
            self._repository.lock.release()
            raise
        self._repository.record.forget()
        return needed

    def __exit__(self, *_error: object) -> None:
        self._repository.lock.release()
