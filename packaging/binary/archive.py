"""What follows the launcher in the single file: Python modules, and where each of them is.

    launcher    an ELF image, to which nothing is done
    late        what few answers need, each module deflated, and the table of them
    bundles     what asking a server needs, all in one, and what logging in does
    early       what the interpreter needs to start, start.py, and the bundle: what every answer needs, all in one
    trailer     where these are; `struct trailer` in launcher.c

Modules that are needed together are marshalled together: names and constants that they share are there once. Offsets
count from the beginning of the file.
"""

from __future__ import annotations

import marshal
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

MAGIC = b"vsphere-session\0"
FIRST = (
    *("__future__", "encodings", "encodings.aliases", "encodings.utf_8"),
    *("vsphere_session_importers", "vsphere_session_start"),
)
_PAGE = 4096
_ALONE = 2  # marshal's last version whose output does not depend on who else holds a reference
_TOGETHER = 4  # the first that writes what is shared once

Member = tuple[int, int, int, int]
"""Offset, size, size when inflated or 0 for what is stored as it is, and then its checksum: what is deflated has its own."""
Module = tuple[str, bool, CodeType]
"""A module's name, whether it is a package, and its code."""
Late = dict[str, tuple[bool, Member]]
"""Whether it is a package, and its code, by the module's name."""
Index = tuple[tuple[Module, ...], tuple[Member, ...], Member]
"""What every answer needs, in the order of its imports; other modules that are needed together; the table of the rest."""


@dataclass(frozen=True)
class Contents:
    """All modules of the program, by when they are needed; `early` in the order in which they can be imported."""

    first: list[Module]
    early: list[Module]
    bundles: list[list[Module]]
    late: list[Module]


class Writer:
    """Appends members to a copy of the launcher."""

    def __init__(self, launcher: Path) -> None:
        self._data = bytearray(launcher.read_bytes())

    def write(self, file: Path, contents: Contents) -> None:
        """Write the file, executable."""
        table = {
            name: (is_package, self._add(marshal.dumps(code, _ALONE), deflate=True))
            for name, is_package, code in contents.late
        }
        late = self._add(marshal.dumps(table, _ALONE))
        bundles = tuple(self._add(marshal.dumps(tuple(bundle), _TOGETHER)) for bundle in contents.bundles)
        self._data += bytes(-len(self._data) % _PAGE)
        start = len(self._data)
        first = [self._add(marshal.dumps(code, _ALONE)) for _, _, code in contents.first]
        known: Index = (tuple(contents.early), bundles, late)
        index = self._add(marshal.dumps(known, _TOGETHER))
        self._data += self._trailer(start, first, index)
        file.write_bytes(self._data)
        file.chmod(0o755)

    def _add(self, data: bytes, *, deflate: bool = False) -> Member:
        self._data += bytes(-len(self._data) % 16)
        offset = len(self._data)
        stored = zlib.compress(data, 9) if deflate else data
        self._data += stored
        return offset, len(stored), len(data) if deflate else 0, 0 if deflate else checksum(data)

    def _trailer(self, start: int, first: list[Member], index: Member) -> bytes:
        early = bytes(self._data[start:])
        numbers = [start, len(early), checksum(early)]
        for offset, size, _, _ in (*first, index):
            numbers += offset, size
        numbers.append(checksum(self._data[:start]))
        numbers.append(len(self._data) + 8 * (len(numbers) + 2) + len(MAGIC))
        packed = struct.pack(f"<{len(numbers)}Q", *numbers)
        return packed + struct.pack("<Q", checksum(packed)) + MAGIC


def checksum(data: bytes | bytearray) -> int:
    """As checksum.c computes it."""
    mask = 2**64 - 1
    total = len(data)
    whole = len(data) & ~7
    for (word,) in struct.iter_unpack("<Q", data[:whole]):
        total = (total ^ word) * 0x9E3779B97F4A7C15 & mask
        total ^= total >> 29
    for byte in data[whole:]:
        total = (total ^ byte) * 0x100000001B3 & mask
    return total
