"""What follows the launcher in the single file: modules, libraries, and where each of them is.

    launcher    an ELF image, to which nothing is done
    late        what few answers need, deflated, and the tables of that
    asking      what asking a server needs, as it is, each with its checksum
    early       what every answer needs, as it is, and the tables of that and of what asking needs
    trailer     where these are; `struct trailer` in launcher.c

Offsets count from the beginning of the file.
"""

from __future__ import annotations

import marshal
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"vsphere-session\0"
FIRST = ("__future__", "encodings", "encodings.aliases", "encodings.utf_8", "vsphere_session_start")
_PAGE = 4096
_MARSHAL_VERSION = 2  # the last whose output does not depend on who else holds a reference

Member = tuple[int, int, int, int]
"""Offset, size, size when inflated or 0 for what is stored as it is, and checksum or 0 for what is checked already."""
Module = tuple[bool, Member]
"""Whether it is a package, and its code, marshalled."""
Extension = tuple[tuple[str, ...], Member]
"""The names of the libraries that an extension module needs, those first that others need, and itself."""
Tables = tuple[dict[str, Module], dict[str, Extension], dict[str, Member], Member]
"""Modules, extension modules, libraries, and the tables of what is late (in these themselves: nothing)."""


@dataclass(frozen=True)
class Code:
    """A Python module to be put into the file."""

    name: str
    is_package: bool
    marshalled: bytes


@dataclass(frozen=True)
class Library:
    """An extension module (its name is the module's) or a library that some of them need; `needs` names libraries."""

    name: str
    data: bytes
    needs: tuple[str, ...]
    is_module: bool


class Writer:
    """Appends members to a copy of the launcher."""

    def __init__(self, launcher: Path) -> None:
        self._data = bytearray(launcher.read_bytes())

    def add(self, data: bytes, *, deflate: bool = False, check: bool = False) -> Member:
        """Append one member."""
        self._data += bytes(-len(self._data) % 16)
        offset = len(self._data)
        stored = zlib.compress(data, 9) if deflate else data
        self._data += stored
        return offset, len(stored), len(data) if deflate else 0, checksum(data) if check and not deflate else 0

    def add_all(
        self, parts: list[Code | Library], late: Member, *, deflate: bool = False, check: bool = False
    ) -> Tables:
        """Append modules and libraries; the tables of what was added."""
        codes = [part for part in parts if isinstance(part, Code)]
        libraries = [part for part in parts if isinstance(part, Library)]
        modules = {
            code.name: (code.is_package, self.add(code.marshalled, deflate=deflate, check=check)) for code in codes
        }
        places = {library.name: self.add(library.data, deflate=deflate, check=check) for library in libraries}
        extensions = {
            library.name: (library.needs, places.pop(library.name)) for library in libraries if library.is_module
        }
        return modules, extensions, places, late

    def write(
        self, file: Path, early: list[Code | Library], asking: list[Code | Library], late: list[Code | Library]
    ) -> None:
        """Write the file, executable."""
        all_late = self.add_all(late, (0, 0, 0, 0), deflate=True)
        late_tables = self.add(marshal.dumps(all_late, _MARSHAL_VERSION), check=True)
        modules, extensions, libraries, _ = self.add_all(asking, late_tables, check=True)
        self._data += bytes(-len(self._data) % _PAGE)
        start = len(self._data)
        tables = self.add_all(early, late_tables)
        tables = (tables[0] | modules, tables[1] | extensions, tables[2] | libraries, late_tables)
        index = self.add(marshal.dumps(tables, _MARSHAL_VERSION))
        self._data += self._trailer(start, tables, index)
        file.write_bytes(self._data)
        file.chmod(0o755)

    def _trailer(self, start: int, tables: Tables, index: Member) -> bytes:
        early = bytes(self._data[start:])
        numbers = [start, len(early), checksum(early)]
        for name in FIRST:
            numbers += tables[0][name][1][:2]
        numbers += index[:2]
        numbers.append(len(self._data) + 8 * (len(numbers) + 2) + len(MAGIC))
        packed = struct.pack(f"<{len(numbers)}Q", *numbers)
        return packed + struct.pack("<Q", checksum(packed)) + MAGIC


def checksum(data: bytes) -> int:
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
