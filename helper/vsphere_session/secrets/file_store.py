"""A file of mode 0600, for hosts without a keyring: the user has to choose it."""

from __future__ import annotations

import json
import os

from vsphere_session.errors import StorageError
from vsphere_session.storage.files import remove_leftovers, write_private
from vsphere_session.storage.lock import Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.clock import Clock, Deadline
    from vsphere_session.storage.reading import Reader


class FileStore:
    """Passwords in one file, in clear; only its owner may read it."""

    def __init__(self, state: str, clock: Clock, deadline: Deadline, reader: Reader) -> None:
        self._path = os.path.join(state, "secrets.json")
        self._lock = Lock(os.path.join(state, "locks", "secrets"), clock)
        self._deadline = deadline
        self._reader = reader

    @property
    def where(self) -> str:
        """A sentence that says where the secrets are and why there."""
        return f"in clear in {self._path} (mode 0600), because the file store was chosen"

    def get(self, place: str, username: str) -> str | None:
        """The password; None if there is none."""
        return self._read().get(place, {}).get(username)

    def set(self, place: str, username: str, password: str) -> None:
        """Keep the password."""
        with self._lock as lock:
            self._own(lock)
            secrets = self._read()
            secrets.setdefault(place, {})[username] = password
            self._write(secrets)

    def delete(self, place: str, username: str) -> bool:
        """Forget the password; False if there was none."""
        with self._lock as lock:
            self._own(lock)
            secrets = self._read()
            if secrets.get(place, {}).pop(username, None) is None:
                return False
            self._write({name: users for name, users in secrets.items() if users})
            return True

    def _own(self, lock: Lock) -> None:
        lock.acquire(self._deadline)
        remove_leftovers(self._path)  # a writer that was killed has left passwords there

    def _read(self) -> dict[str, dict[str, str]]:
        data = self._reader.unnoted(self._path)
        if data is None:
            return {}
        try:
            secrets = json.loads(data)
            if not all(isinstance(secret, str) for users in secrets.values() for secret in users.values()):
                raise ValueError
        except (ValueError, AttributeError, RecursionError):
            raise StorageError(f"{self._path} is damaged; move it away and store the logins again") from None
        return dict(secrets)

    def _write(self, secrets: dict[str, dict[str, str]]) -> None:
        write_private(self._path, json.dumps(secrets, indent=1).encode() + b"\n")
