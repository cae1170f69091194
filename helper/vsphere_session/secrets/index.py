"""Which logins there are for one place, without their secrets: one small file."""

from __future__ import annotations

import os

from credential_protocol.jsontext import decode
from vsphere_session.digest import sha256_hex
from vsphere_session.errors import StorageError
from vsphere_session.storage.files import (
    check_replaceable,
    remove_leftovers,
    remove_private,
    replace_private,
    write_beside,
    write_private,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.storage.reading import Reader


def all_places(directory: str, reader: Reader) -> list[str]:
    """Every place that has a login. Raises StorageError where one of the files cannot be read."""
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(
            f"cannot read {directory}: {os.strerror(error.errno or 0)}; check its owner and mode, or set XDG_STATE_HOME"
        ) from None
    found = []
    for name in names:
        path = os.path.join(directory, name)
        try:
            value = None if name.startswith(".") else decode(reader.private(path) or b"null")
        except ValueError:
            raise StorageError(f"{path} is damaged; move it away and store the logins again") from None
        if isinstance(value, dict) and isinstance(value.get("place"), str):
            found.append(str(value["place"]))
    return found


class Index:
    """`users` maps a user name to the store that has its password; `default` is the one stored last.

    Raises StorageError where the file cannot be read, is damaged or cannot be written.
    """

    def __init__(self, directory: str, place: str, reader: Reader) -> None:
        self._path = os.path.join(directory, sha256_hex(place.encode())[:40])
        self._place = place
        self._reader = reader
        self.users: dict[str, str] = {}
        self.default = ""
        self._prepared = ""
        self._load()

    def expect(self, username: str, store: str) -> None:
        """Note that `store` is about to have this user's password. Who is the default one does not change before it has."""
        if username not in self.users:
            self.users = {username: store, **self.users}
            self._save()

    def prepare(self, username: str, store: str) -> None:
        """Write down beside the file what `add` will say, so that it needs no room on the disk any more."""
        remove_leftovers(self._path)
        users = {user: where for user, where in self.users.items() if user != username} | {username: store}
        if (list(users.items()), username) != (list(self.users.items()), self.default):
            self._prepared = write_beside(self._path, self._content(users, username), ".tmp")

    def add(self, username: str, store: str) -> None:
        """Note that `store` has this user's password now, as was prepared."""
        self.users.pop(username, None)
        self.users[username] = store
        self.default = username
        prepared, self._prepared = self._prepared, ""
        if prepared:
            check_replaceable(self._path)
            replace_private(self._path, prepared)

    def step_back(self, username: str) -> None:
        """Note that this user's password is about to go: another one is the default, if there is another."""
        others = [user for user in self.users if user != username]
        if self.default == username and others:
            self.default = others[-1]
            self._save()

    def remove(self, username: str) -> None:
        """Note that this user's password is gone."""
        self.users.pop(username, None)
        if self.default == username:
            self.default = next(reversed(self.users), "")
        self._save()

    def reset(self, users: dict[str, str], default: str) -> None:
        """Go back to these users; where that cannot be written, one stays in it whose password is in no store."""
        self.users, self.default = users, default
        try:
            self._save()
        except StorageError:
            pass

    def _load(self) -> None:
        data = self._reader.private(self._path)
        if data is None:
            return
        try:
            value = decode(data)
        except ValueError:
            value = None
        content = value if isinstance(value, dict) else {}
        users = content.get("users")
        if not isinstance(users, dict) or not all(isinstance(store, str) for store in users.values()):
            # to go on without it would be to say that a password is forgotten which is still in its store
            raise StorageError(f"{self._path} is damaged; move it away and store the logins again")
        self.users = users
        default = content.get("default")
        self.default = default if isinstance(default, str) and default in users else ""

    def _save(self) -> None:
        remove_leftovers(self._path)  # what was prepared, too
        self._prepared = ""
        if self.users:
            write_private(self._path, self._content(self.users, self.default))
        else:
            remove_private(self._path)

    def _content(self, users: dict[str, str], default: str) -> bytes:
        import json  # noqa: PLC0415  # storing a login is rare

        return json.dumps({"place": self._place, "default": default, "users": users}).encode() + b"\n"
