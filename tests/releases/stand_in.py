"""An executable in place of the single file, where there is no time to build that: it prints its version, and ends."""

from __future__ import annotations

import struct

_BASE = 0x400000
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")


def executable(version: str, machine: int) -> bytes:
    """A static ELF file for a machine. It runs on x86_64 (62) and aarch64 (183), whatever else is there."""
    text = f"vsphere-session {version}\n".encode()
    start = _HEADER.size + _SEGMENT.size
    make = {62: _x86_64, 183: _aarch64}[machine]
    code = make(0, len(text))
    code = make(_BASE + start + len(code), len(text))
    size = start + len(code) + len(text)
    identification = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    header = _HEADER.pack(
        identification, 2, machine, 1, _BASE + start, _HEADER.size, 0, 0, _HEADER.size, _SEGMENT.size, 1, 0, 0, 0
    )
    return header + _SEGMENT.pack(1, 5, 0, _BASE, _BASE, size, size, 4096) + code + text


def _x86_64(address: int, length: int) -> bytes:
    """write(1, address, length); exit(0)."""
    first = b"\xb8\x01\0\0\0\xbf\x01\0\0\0\x48\xbe" + struct.pack("<Q", address) + b"\xba" + struct.pack("<I", length)
    return first + b"\x0f\x05\xb8\x3c\0\0\0\x31\xff\x0f\x05"


def _aarch64(address: int, length: int) -> bytes:
    """The same."""
    return struct.pack(
        "<9I",
        *(0xD2800020, 0xD2800001 | (address & 0xFFFF) << 5, 0xF2A00001 | (address >> 16) << 5),  # x0, x1
        *(0xD2800002 | length << 5, 0xD2800808, 0xD4000001),  # x2, x8 = write, svc
        *(0xD2800000, 0xD2800BA8, 0xD4000001),  # x0 = 0, x8 = exit, svc
    )
