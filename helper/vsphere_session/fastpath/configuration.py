"""What a configuration file said, kept for as long as the system says that it is the same file.

A long file, or one that takes `tomllib`, is read and checked once; from then on only what is asked for is taken out of a
file of ours. That is derived from what the reading itself has found, and thrown away with the next change.

Lines of JSON: whose it is (the program, the path, the file's identity), the general settings, those of `[fleet]`, and one
for each endpoint, `"PLACE":{…}`.
"""

from __future__ import annotations

import os
from time import time

from credential_protocol.jsontext import decode, encode, quote, write_flat_object
from vsphere_session.digest import sha256_hex
from vsphere_session.errors import StorageError
from vsphere_session.storage.files import read_private, remove_quietly, write_private
from vsphere_session.storage.reading import identity_of, is_settled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    Section = dict[str, str]
    T = TypeVar("T")

FORM = 2
MOST = 8
"""Files that are kept: whoever names a new one with each call is to leave no heap of them."""
MAX_BYTES = 8 * 1024 * 1024


class Kept:
    """What was kept of the file `path`, which the system calls `found`, below `state` by this `program`."""

    def __init__(self, state: str, program: str, path: str, found: os.stat_result) -> None:
        self._directory = os.path.join(state, "configurations")
        name = sha256_hex(os.path.abspath(path).encode("utf-8", "surrogateescape"))[:40]
        self._file = os.path.join(self._directory, name)
        self._identity = identity_of(found)
        self._head = encode([FORM, program, path, list(self._identity)]).encode() + b"\n"
        self._began = time()
        self._lines = b""
        self._sections: dict[str, Section | None] = {}
        self.found = False
        self.general: Section = {}
        self.fleet: Section = {}

    def find(self) -> bool:
        """Whether something was kept of this very file, which is `found` then; it has `general`, `fleet`, `section`, `endpoints`."""
        try:
            data = read_private(self._file, limit=MAX_BYTES) or b""
            if not data.startswith(self._head):
                return False
            start = len(self._head)
            general, fleet, _ = data[start:].split(b"\n", 2)
            self.general, self.fleet, self._lines = _section(general), _section(fleet), data
        except (OSError, StorageError, ValueError):
            return False
        self.found = True
        return True

    def section(self, place: str) -> Section | None:
        """The settings of the endpoint there; None where the file has none of it. Raises StorageError."""
        if place not in self._sections:
            name = f"\n{quote(place)}:".encode()
            start = self._lines.find(name)
            line = self._lines[start + len(name) : self._lines.find(b"\n", start + 1)] if start >= 0 else b""
            self._sections[place] = self._decoded(_section, line) if line else None
        return self._sections[place]

    def endpoints(self) -> dict[str, Section]:
        """All of them. Raises StorageError."""
        lines = self._lines[len(self._head) :].split(b"\n")[2:-1]
        members = self._decoded(_decoded, b"{%s}" % b",".join(lines))
        return {place: section for place, section in members.items() if isinstance(section, dict)}

    def _decoded(self, read: Callable[[bytes], T], line: bytes) -> T:
        try:
            return read(line)
        except ValueError:
            raise StorageError(f"{self._file} has been changed; remove it, and it is made again") from None

    def write(self, general: Section, endpoints: Mapping[str, Section], fleet: Section) -> None:
        """Keep what the file says, unless a change that comes now might leave it the same to the system. Never fails.

        A password has no place in the file, and is not copied where somebody has put one into a URL all the same.
        """
        if "@" in general.get("url", "") or not is_settled(self._identity, int(self._began * 1e9)):
            return
        lines = [
            b"%s:%s" % (quote(place).encode(), write_flat_object(section.items()))
            for place, section in endpoints.items()
        ]
        try:
            self._make_room()
            tables = [write_flat_object(table.items()) for table in (general, fleet)]
            write_private(self._file, b"".join([self._head, *tables, *lines]), limit=MAX_BYTES)
        except (OSError, StorageError, ValueError):
            pass  # the next call reads the file itself, too

    def _make_room(self) -> None:
        try:
            names = os.listdir(self._directory)
        except OSError:
            return
        if len(names) >= MOST:
            for name in names:
                remove_quietly(os.path.join(self._directory, name))


def _section(line: bytes) -> Section:
    return {name: str(text) for name, text in _decoded(line).items()}


def _decoded(line: bytes) -> dict[str, object]:
    value = decode(line)
    if not isinstance(value, dict):
        raise ValueError("no settings")
    return value
