"""Fields of a document that anybody may have written: each is what it has to be, or the whole document is none."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, NoReturn, cast

from vsphere_session.fleet.engine import MAX_DOCUMENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    Fields = dict[str, object]

VERSION = 1
MAX_TEXT_CHARACTERS = 200
_END_OF_TIME = 1e11
_END_OF_FENCES = 2**63
_DIGEST = re.compile(r"[0-9a-f]{12,64}")
_TOKEN = re.compile(r"[0-9a-f]{32}")
_MARK = re.compile(r"[0-9a-f]{64}")


class NewerError(ValueError):
    """A document of a newer major version: it is left alone, and never overwritten."""


class BrokenError(ValueError):
    """No document at all."""


def read(data: bytes) -> Fields:
    """The fields of a document of this major version. Raises NewerError, BrokenError."""
    if len(data) > MAX_DOCUMENT_BYTES:
        raise BrokenError("too long")
    try:
        value = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise BrokenError("not JSON") from None
    found = fields(value)
    version = found.get("v")
    if type(version) is not int or version < 1:
        raise BrokenError("without a version")
    if version > VERSION:
        raise NewerError(f"version {version if version < _END_OF_FENCES else '?'}")
    return found


def written(value: Fields) -> bytes:
    """Compact JSON in ASCII; the same for the same value."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def fields(value: object) -> Fields:
    """An object."""
    return cast("Fields", value) if isinstance(value, dict) else _broken("an object")


def objects(found: Fields, name: str, most: int) -> Iterator[Fields]:
    """A list of so many objects; absent is empty."""
    value = found.get(name, [])
    if not isinstance(value, list) or len(value) > most:
        _broken(name)
    return map(fields, cast("list[object]", value))


def time(found: Fields, name: str) -> float:
    """Unix seconds."""
    value = found.get(name)
    if type(value) not in (int, float) or not 0 <= cast("float", value) < _END_OF_TIME:
        _broken(name)
    return float(cast("float", value))


def fence(found: Fields, name: str) -> int:
    """A fence."""
    value = found.get(name)
    return value if type(value) is int and 0 <= value < _END_OF_FENCES else _broken(name)


def text(found: Fields, name: str) -> str:
    """A few words that may be shown."""
    value = found.get(name)
    return value if isinstance(value, str) and value == shown(value) else _broken(name)


def digest(found: Fields, name: str) -> str:
    """What a session is known by: hexadecimal digits."""
    return _digits(found, name, _DIGEST)


def token(found: Fields, name: str) -> str:
    """What the owner of a lease knows it by: 32 hexadecimal digits."""
    return _digits(found, name, _TOKEN)


def mark(found: Fields, name: str) -> str:
    """What a credential is known by: 64 hexadecimal digits."""
    return _digits(found, name, _MARK)


def one_of(found: Fields, name: str, choices: tuple[str, ...]) -> str:
    """A word that is known."""
    value = found.get(name)
    return value if isinstance(value, str) and value in choices else _broken(name)


def sealed(found: Fields, name: str) -> bytes:
    """Bytes in base64."""
    value = found.get(name)
    try:
        data = b64decode(value, validate=True) if isinstance(value, str) else _broken(name)
    except ValueError:
        _broken(name)
    return data if in_base64(data) == value else _broken(name)


def in_base64(data: bytes) -> str:
    """Bytes as they are written."""
    return b64encode(data).decode()


def shown(value: str) -> str:
    """A text that a terminal may be given, cut."""
    return "".join(each if each.isprintable() else "?" for each in value[:MAX_TEXT_CHARACTERS])


def _digits(found: Fields, name: str, expected: re.Pattern[str]) -> str:
    value = found.get(name)
    return value if isinstance(value, str) and expected.fullmatch(value) else _broken(name)


def _broken(name: str) -> NoReturn:
    raise BrokenError(f"{name} is not what it has to be")


def _refused(_name: str) -> object:
    raise BrokenError("a number that JSON does not have")


def _once(pairs: list[tuple[str, object]]) -> Fields:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _broken("a field that stands twice")
