"""Where logins are kept: one interface, one module per store, and an index without secrets.

The index says which users have a login for a place, in which store it is, and who the default one is. So a miss never
imports `keyring`, which can take seconds on a host without a session bus (keyring#403).
"""

from __future__ import annotations

import os

from credential_protocol.messages import Failure
from vsphere_session.errors import InvalidRequestError
from vsphere_session.secrets.index import Index, all_places
from vsphere_session.storage.lock import Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from vsphere_session.clock import Clock, Deadline
    from vsphere_session.storage.reading import Reader

    class SecretStore(Protocol):
        """Passwords by place (`vc.example.com:8989`) and user name."""

        @property
        def where(self) -> str:
            """A sentence that says where the secrets are and why there."""

        def get(self, place: str, username: str) -> str | None:
            """The password; None if there is none. Raises StorageError, UnsupportedError."""

        def set(self, place: str, username: str, password: str) -> None:
            """Keep the password. Raises StorageError, UnsupportedError."""

        def delete(self, place: str, username: str) -> bool:
            """Forget the password; False if there was none. Raises StorageError, UnsupportedError."""


def undone(error: BaseException, take_back: Callable[[], None]) -> None:
    """Take back a login that was kept for what failed; where that fails, too, the error says what is there."""
    try:
        take_back()
    except Failure:
        if isinstance(error, Failure):
            error.args = (
                f'{error.args[0]}; the password is stored all the same, since that could not be undone: send erase with "scope": "password"',
            )


class Logins:
    """Stored logins. `choice` names the store for new ones, empty for the platform's keyring."""

    def __init__(self, state: str, choice: str, clock: Clock, deadline: Deadline, reader: Reader) -> None:
        self._state = state
        self._choice = choice or "keyring"
        self._clock = clock
        self._deadline = deadline
        self._reader = reader

    def users(self, place: str) -> list[str]:
        """The users that have a login for `place`; the one stored last comes last."""
        return list(self._index(place).users)

    def places(self, prefix: str) -> list[str]:
        """The places that begin with `prefix` and have a login, sorted."""
        return sorted(place for place in all_places(self._directory, self._reader) if place.startswith(prefix))

    def default_user(self, place: str) -> str:
        """The user whose login for `place` was stored last; empty if there is none."""
        return self._index(place).default

    def get(self, place: str, username: str) -> str | None:
        """The stored password; None if there is none."""
        name = self._index(place).users.get(username)
        return self._store(name).get(place, username) if name else None

    def set(self, place: str, username: str, password: str) -> Callable[[], None]:
        """Keep a login; it becomes the default one for `place`. Or else nothing of it is kept, and the error says so if it is.

        What comes back takes it away again, and restores what was there before.
        """
        with self._lock() as lock:
            lock.acquire(self._deadline)
            index = self._index(place)
            users, default = dict(index.users), index.default
            before = users.get(username, "")
            old = self._store(before).get(place, username) if before else None
            store = self._store(self._choice)

            def take_back() -> None:
                if old is not None:
                    self._store(before).set(place, username, old)
                if old is None or before != self._choice:
                    store.delete(place, username)
                self._index(place).reset(users, default)

            index.expect(username, self._choice)  # first: what is in a store and in no index cannot be erased any more
            try:
                index.prepare(username, self._choice)
                store.set(place, username, password)
            except Exception:  # an interruption may come after it is done
                index.reset(users, default)
                raise
            try:
                index.add(username, self._choice)
                if before and before != self._choice:
                    self._store(before).delete(place, username)
            except Exception as error:
                undone(error, take_back)
                raise

        def take_back_later() -> None:
            with self._lock() as lock:
                lock.acquire(self._deadline)
                take_back()

        return take_back_later

    def delete(self, place: str, username: str) -> bool:
        """Forget a login; False if there was none."""
        if username not in self._index(place).users:
            return False
        with self._lock() as lock:
            lock.acquire(self._deadline)
            index = self._index(place)
            name = index.users.get(username)
            if not name:
                return False
            users, default = dict(index.users), index.default
            index.step_back(username)  # first: a default whose password is gone would be in the way of the others
            try:
                self._store(name).delete(place, username)
            except Exception:
                index.reset(users, default)
                raise
            index.remove(username)
            return True

    def _lock(self) -> Lock:
        """Two stores at the same time must not lose one another's entry in the index."""
        return Lock(os.path.join(self._state, "locks", "logins"), self._clock)

    def _index(self, place: str) -> Index:
        return Index(self._directory, place, self._reader)

    @property
    def _directory(self) -> str:
        return os.path.join(self._state, "logins")

    def _store(self, name: str) -> SecretStore:
        if name == "file":
            from vsphere_session.secrets.file_store import FileStore  # noqa: PLC0415  # one of them is needed

            return FileStore(self._state, self._clock, self._deadline, self._reader)
        if name == "keyring":
            from vsphere_session.secrets.keyring_store import KeyringStore  # noqa: PLC0415  # seconds, on some hosts

            return KeyringStore(self._deadline)
        raise InvalidRequestError("the secret store is neither keyring nor file; see --secret-store")
