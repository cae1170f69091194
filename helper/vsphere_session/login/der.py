"""As much of DER as tells from when until when a certificate is valid (RFC 5280, section 4.1).

`ssl` decodes a certificate of a file only, or one that a server shows.
"""

from __future__ import annotations

from vsphere_session.vsphere.dates import unix_seconds

_SEQUENCE, _VERSION = 0x30, 0xA0
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18


def validity(certificate: bytes) -> tuple[float | None, float | None]:
    """From when until when, in Unix seconds; None for a time beyond what can be counted. Raises ValueError."""
    whole = _content(certificate, 0, _SEQUENCE)
    fields = _content(whole, 0, _SEQUENCE)
    at = _end(fields, 0) if fields[:1] == bytes([_VERSION]) else 0
    for _ in range(3):  # serial number, algorithm, issuer
        at = _end(fields, at)
    times = _content(fields, at, _SEQUENCE)
    return _time(times, 0), _time(times, _end(times, 0))


def _bounds(data: bytes, at: int) -> tuple[int, int]:
    """Where the content of the value at this place begins and ends."""
    if at + 2 > len(data):
        raise ValueError("cut off")
    length, begin = data[at + 1], at + 2
    if length >= 0x80:
        count = length - 0x80
        length, begin = int.from_bytes(data[begin : begin + count], "big"), begin + count
    if begin + length > len(data):
        raise ValueError("cut off")
    return begin, begin + length


def _content(data: bytes, at: int, tag: int) -> bytes:
    begin, end = _bounds(data, at)
    if data[at] != tag:
        raise ValueError("something else in its place")
    return data[begin:end]


def _end(data: bytes, at: int) -> int:
    return _bounds(data, at)[1]


def _time(data: bytes, at: int) -> float | None:
    """Years of two digits are from 1950 on."""
    begin, end = _bounds(data, at)
    text = data[begin:end].decode("ascii")
    if data[at] == _UTC_TIME and len(text) == 13:
        text = ("19" if text[:2] >= "50" else "20") + text
    elif data[at] != _GENERALIZED_TIME or len(text) != 15:
        raise ValueError("no time")
    year, rest = text[:4], [text[place : place + 2] for place in range(4, 14, 2)]
    return unix_seconds(f"{year}-{rest[0]}-{rest[1]}T{':'.join(rest[2:])}{text[14:]}")
