"""What is in the secret store for the logins of one endpoint: passwords by user name, and what ways to log in keep there."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vsphere_session.digest import sha256_hex
from vsphere_session.login.kept_token import kept_for, user_of
from vsphere_session.storage.lock import Lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vsphere_session.cache.surroundings import Surroundings
    from vsphere_session.clock import Deadline
    from vsphere_session.secrets.logins import Logins


class StoredSecrets:
    """A `Vault` for one endpoint."""

    def __init__(self, logins: Callable[[], Logins], place: str, around: Surroundings) -> None:
        self._logins = logins
        self._place = place
        self._around = around

    def login(self, username: str) -> str | None:
        """The password that somebody has stored for this name, which may be a client's."""
        return self._logins().get(self._place, username)

    def get(self, name: str) -> str | None:
        """As `Vault` says."""
        return self._logins().get(_own(self._place), name)

    def set(self, name: str, secret: str) -> None:
        """As `Vault` says."""
        self._logins().set(_own(self._place), name, secret)

    def delete(self, name: str) -> bool:
        """As `Vault` says."""
        return self._logins().delete(_own(self._place), name)

    @contextmanager
    def alone(self, name: str, deadline: Deadline) -> Iterator[None]:
        """As `Vault` says. Not the session's own lock: sessions of one login are in several files, or in none."""
        which = sha256_hex(f"{_own(self._place)}\0{name}".encode("utf-8", "surrogatepass"))[:40]
        with Lock(os.path.join(self._around.paths.state, "locks", which), self._around.clock) as lock:
            lock.acquire(deadline)
            yield


def forget_kept(logins: Logins, place: str, username: str) -> bool:
    """Forget what methods have kept for this user, whatever is configured now; False if there was nothing."""
    names = [name for name in logins.users(_own(place)) if name.startswith(kept_for(username))]
    return sum(logins.delete(_own(place), name) for name in names) > 0


def has_kept(logins: Logins, place: str, username: str) -> bool:
    """Whether a method has kept something for this user."""
    return any(name.startswith(kept_for(username)) for name in logins.users(_own(place)))


_OF_METHODS = "#login"


def _own(place: str) -> str:
    """Apart from logins: none of these is whom to log in as where nobody is named."""
    return f"{place}{_OF_METHODS}"


def kept_users(logins: Logins, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Place and user of all that is kept, passwords and what methods keep, where the place begins so. Raises StorageError."""
    for kept in logins.places(prefix):
        place, of_methods, _ = kept.partition(_OF_METHODS)
        for name in logins.users(kept):
            yield place, user_of(name) if of_methods else name
