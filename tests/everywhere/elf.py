"""What an ELF file (64 bits, little-endian) says of itself and of what it needs to be started."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

MACHINES = {62: "x86_64", 183: "aarch64"}
LOAD, DYNAMIC, INTERPRETER, STACK = 1, 2, 3, 0x6474E551
NEEDED, STRINGS = 1, 5


@dataclass(frozen=True)
class Elf:
    """The machine that it is for, its loader, the libraries that it needs, and whether it lets data be executed.

    mapped  the parts that get into memory: where each begins and ends, in the order of addresses
    """

    machine: str
    interpreter: str
    needed: tuple[str, ...]
    executable_stack: bool
    mapped: tuple[tuple[int, int], ...]


def read(path: Path) -> Elf:
    """Read the program headers, and the dynamic section where there is one."""
    data = path.read_bytes()
    assert data[:6] == b"\x7fELF\x02\x01", f"{path} is no such file"
    (machine,) = struct.unpack_from("<H", data, 18)
    (table,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    # type, flags, offset, address, physical address, size in the file, size in memory
    headers = [struct.unpack_from("<IIQQQQQ", data, table + size * index) for index in range(count)]
    by_kind = {kind: (flags, data[start : start + length]) for kind, flags, start, _, _, length, _ in headers}
    loaded = [(address, start) for kind, _, start, address, *_ in headers if kind == LOAD]
    return Elf(
        machine=MACHINES.get(machine, str(machine)),
        interpreter=by_kind.get(INTERPRETER, (0, b""))[1].rstrip(b"\0").decode(),
        needed=_needed(data, by_kind.get(DYNAMIC, (0, b""))[1], loaded),
        executable_stack=bool(by_kind.get(STACK, (1, b""))[0] & 1),
        mapped=tuple(sorted((row[3], row[3] + row[6]) for row in headers if row[0] == LOAD)),
    )


def _needed(data: bytes, dynamic: bytes, loaded: list[tuple[int, int]]) -> tuple[str, ...]:
    entries = list(struct.iter_unpack("<QQ", dynamic[: len(dynamic) // 16 * 16]))
    names = next((value for tag, value in entries if tag == STRINGS), 0)
    base = next((start + names - address for address, start in sorted(loaded, reverse=True) if address <= names), 0)
    places = [base + value for tag, value in entries if tag == NEEDED]
    return tuple(data[place : data.index(0, place)].decode() for place in places)
