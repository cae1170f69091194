"""Which logins there are for one place, without their secrets: one small file."""

from __future__ import annotations

import os

from credential_protocol.jsontext import decode
from vsphere_session.digest import sha256_hex
from vsphere_session.files import read_private, remove_private, write_private


class Index:
    """`users` maps a user name to the store that has its password; `default` is the one stored last."""

    def __init__(self, directory: str, place: str) -> None:
        self._path = os.path.join(directory, sha256_hex(place.encode())[:40])
        self._place = place
        self.users: dict[str, str] = {}
        self.default = ""
        self._load()

    def add(self, username: str, store: str) -> None:
        """Note that `store` has this user's password now."""
        self.users[username] = store
        self.default = username
        self._save()

    def remove(self, username: str) -> None:
        """Note that this user's password is gone."""
        self.users.pop(username, None)
        if self.default == username:
            self.default = next(reversed(self.users), "")
        self._save()

    def _load(self) -> None:
        try:
            value = decode(read_private(self._path) or b"")
        except ValueError:
            return
        users = value.get("users") if isinstance(value, dict) else None
        if isinstance(value, dict) and isinstance(users, dict):
            self.users = {name: store for name, store in users.items() if isinstance(store, str)}
            default = value.get("default")
            self.default = default if isinstance(default, str) and default in self.users else ""

    def _save(self) -> None:
        import json  # noqa: PLC0415  # storing a login is rare

        if self.users:
            content = {"place": self._place, "default": self.default, "users": self.users}
            write_private(self._path, json.dumps(content).encode() + b"\n")
        else:
            remove_private(self._path)
