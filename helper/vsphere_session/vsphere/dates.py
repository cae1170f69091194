"""Times as servers write them. `datetime` and `email` read them, too, but take longer to import than a server to answer.

On the fast path.
"""

from __future__ import annotations

from time import gmtime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ZONES = ("", "Z", "+00:00", "-00:00", "+0000", "-0000")
_YEAR = 366 * 86400.0
_ANY_DIGIT = str.maketrans("123456789", "000000000")


def unix_seconds(text: str) -> float | None:
    """Unix seconds for a time in SOAP or JSON (`2026-11-24T05:30:13.123Z`, `…+00:00`); None if it is no such time.

    Without a zone it is UTC.
    """
    moment, rest = text[:19], text[19:]
    zone = rest.lstrip(".0123456789")
    fraction, offset = rest.removesuffix(zone), zone[1:].replace(":", "")
    if _shape(moment) != "0000-00-00T00:00:00" or _shape(fraction[:2]) not in ("", ".0") or "." in fraction[1:]:
        return None
    if _shape(zone) not in _ZONES or offset[:2] > "23" or offset[2:] > "59":
        return None
    date = int(moment[:4]), int(moment[5:7]), int(moment[8:10])
    seconds = _seconds(date, moment[11:])
    if seconds is None:
        return None
    ahead = 60 * (60 * int(offset[:2]) + int(offset[2:])) if offset else 0
    return seconds + float(f"0{fraction}") + (ahead if zone.startswith("-") else -ahead)


def http_date(text: str) -> float | None:
    """Unix seconds for the Date of an answer (`Tue, 24 Nov 2026 09:14:37 GMT`, RFC 9110); None if it is no such time."""
    name = text[8:11]
    if _shape(text[5:8] + text[11:]) != "00  0000 00:00:00 GMT" or name not in _MONTHS:
        return None
    return _seconds((int(text[12:16]), _MONTHS.index(name) + 1, int(text[5:7])), text[17:25])


def age(began: float | None, *moments: float | None) -> float | None:
    """How many seconds after `began` it is, by the first of these moments (Unix seconds) that makes sense; else None.

    A server's clock may be off by a little, not by a year: then the time is nonsense, such as one of the year 1 or 9999.
    """
    for moment in moments:
        if began is not None and moment is not None and abs(moment - began) < _YEAR:
            return max(0.0, moment - began)
    return None


def _shape(text: str) -> str:
    """`text` with a 0 for every digit of ASCII."""
    return text.translate(_ANY_DIGIT)


def _seconds(date: tuple[int, int, int], time_of_day: str) -> float | None:
    """Unix seconds; None if there is no such day or time of day."""
    year, month, day = date
    hour, minute, second = map(int, time_of_day.split(":"))
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 60):
        return None
    # a year begins with March here, so that the day that some years have more is its last
    years, months = (year, month - 3) if month > 2 else (year - 1, month + 9)
    days = 365 * years + years // 4 - years // 100 + years // 400 + (153 * months + 2) // 5 + day - 719469
    try:
        if gmtime(days * 86400)[1:3] != (month, day):
            return None
    except (OverflowError, OSError, ValueError):  # beyond what this system counts
        return None
    return float(days * 86400 + hour * 3600 + minute * 60 + second)
