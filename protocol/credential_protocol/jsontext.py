"""Strict JSON for small messages, without the import cost of the `json` package. On the fast path.

`json` imports `re` and its decoder, which takes longer than all else a warm answer does. `_json` is the C code below it,
and this is the only file that imports it; where an interpreter lacks it, or a name of it, `json` itself is used.
"""

from __future__ import annotations

from credential_protocol.messages import InvalidRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Hook = Callable[[list[tuple[str, object]]], dict[str, object]]
    Scanner = Callable[[str, int], tuple[object, int]]

MAX_BYTES = 1024 * 1024
_WHITESPACE = " \t\r\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MARKS_OF_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class DuplicateKeyError(ValueError):
    """One object has the same key twice."""


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise DuplicateKeyError(key)
        found[key] = value
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


class _Settings:
    """What the C scanner reads from its context."""

    strict = True
    object_hook = None
    array_hook = None
    parse_float = staticmethod(str)
    parse_int = staticmethod(str)
    parse_constant = staticmethod(_no_constant)

    def __init__(self, object_pairs_hook: Hook | None) -> None:
        self.object_pairs_hook = object_pairs_hook
        self.memo: dict[str, str] = {}


def _scanner_of_json(object_pairs_hook: Hook | None) -> Scanner:
    """The same made of `json`, whose Python code takes more for a digit and quotes a bad character in its message."""
    from json import JSONDecodeError, JSONDecoder  # noqa: PLC0415  # see the module's docstring

    def number(text: str) -> str:
        if not text.isascii():
            raise ValueError("a digit that JSON does not have")
        return text

    decoder = JSONDecoder(
        object_pairs_hook=object_pairs_hook, parse_constant=_no_constant, parse_float=number, parse_int=number
    )

    def scan(text: str, start: int) -> tuple[object, int]:
        try:
            return decoder.scan_once(text, start)  # type: ignore[attr-defined, no-any-return]  # typeshed leaves it out
        except JSONDecodeError as error:
            message = next((known for known in _QUOTING if error.msg.startswith(known)), error.msg)
            raise JSONDecodeError(message, text, error.pos) from None

    return scan


_QUOTING = ("Invalid \\escape", "Invalid control character")

try:
    from _json import encode_basestring as _quote_unicode
    from _json import encode_basestring_ascii as _quote
    from _json import make_scanner

    _scan_strict: Scanner = make_scanner(_Settings(_pairs))  # type: ignore[arg-type]  # the stub wants a JSONDecoder
    _scan_lenient: Scanner = make_scanner(_Settings(None))  # type: ignore[arg-type]  # the same
except (ImportError, AttributeError, TypeError):  # there is none, or one that reads more of its context
    from json.encoder import encode_basestring as _quote_unicode
    from json.encoder import encode_basestring_ascii as _quote

    _scan_strict, _scan_lenient = _scanner_of_json(_pairs), _scanner_of_json(None)


def quote(text: str) -> str:
    """`text` as a JSON string, in ASCII, with its quotes."""
    return _quote(text)


def encode(value: object, *, in_ascii: bool = True) -> str:
    """`value` as JSON without spaces: strings, numbers, booleans and None, in lists and in dicts by names."""
    if isinstance(value, str):
        return _quote(value) if in_ascii else _quote_unicode(value)
    if isinstance(value, dict):
        members = (f"{encode(key, in_ascii=in_ascii)}:{encode(item, in_ascii=in_ascii)}" for key, item in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(encode(item, in_ascii=in_ascii) for item in value) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return repr(value)
    raise TypeError(f"{type(value).__name__} is nothing that JSON has")


def in_utf8(data: bytes) -> bytes:
    """The text of a file that somebody else wrote, as UTF-8 without a byte-order mark.

    Text in UTF-16 or UTF-32 that says so by its mark, as PowerShell 5 writes it for `>`, is recoded: bytes that begin so
    are no UTF-8. Raises UnicodeDecodeError where they are not what their mark says.
    """
    if data[:3] == _BYTE_ORDER_MARK:
        return data[3:]
    if data[:2] not in _MARKS_OF_UTF_16:
        return data
    return str(data, "utf-32" if data[2:4] == b"\0\0" else "utf-16").encode()


def request_in_utf8(data: bytes) -> bytes:
    """A caller's bytes without a byte-order mark. Raises InvalidRequest where that says UTF-16, which no protocol here is."""
    if data[:2] in _MARKS_OF_UTF_16:
        raise InvalidRequest(
            "the request is not UTF-8: it begins with the mark of UTF-16; send UTF-8 (in PowerShell: $OutputEncoding = "
            "[Text.UTF8Encoding]::new())"
        )
    return data.removeprefix(_BYTE_ORDER_MARK)


def decode(data: bytes, *, tail: bool = False) -> object:
    """The one JSON value in UTF-8 `data`; numbers come back as their own text.

    With `tail` a file is read as Go's decoder reads it: what follows the first value is ignored, broken UTF-8 becomes
    U+FFFD, and of two equal keys the last one counts. Raises ValueError with the position and never with the content.
    """
    return _decode(data.removeprefix(_BYTE_ORDER_MARK), tail=tail)


def _decode(data: bytes, *, tail: bool = False) -> object:
    text = str(data, "utf-8", "replace" if tail else "strict")
    start = 0
    while start < len(text) and text[start] in _WHITESPACE:
        start += 1
    scan = _scan_lenient if tail else _scan_strict
    try:
        try:
            value, end = scan(text, start)
        except SystemError:
            # CPython's scanner takes its exception from json.decoder and fails so where nobody has imported that
            import json.decoder  # noqa: F401, PLC0415

            value, end = scan(text, start)
    except StopIteration as stop:
        raise ValueError(f"no JSON value at character {stop.value}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not tail and text[end:].strip(_WHITESPACE):
        raise ValueError(f"more text after the JSON value, at character {end}")
    return value


def read_flat_object(data: bytes) -> dict[str, str | bool | None]:
    """The request in `data`: one flat JSON object. No bytes at all and `null` are the empty object.

    Raises InvalidRequest for all else, and for a value with a control character or half a surrogate pair.
    """
    value = read_object(data)
    for key, item in value.items():
        _check(key, item)
    return value  # type: ignore[return-value]  # that is what has just been checked


def read_object(data: bytes) -> dict[str, object]:
    """The JSON object in `data`, with values of any kind, for protocols that may grow. Raises InvalidRequest."""
    if len(data) > MAX_BYTES:
        raise InvalidRequest(f"the request is longer than {MAX_BYTES} bytes; send one small JSON object")
    data = request_in_utf8(data)
    if not data.strip(b" \t\r\n"):
        return {}
    try:
        value = _decode(data)
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"the request is not UTF-8 (byte {error.start}); send UTF-8 JSON") from None
    except DuplicateKeyError as error:
        raise InvalidRequest(
            f"the field {printable(error.args[0])} stands in the request twice; give it once"
        ) from None
    except ValueError as error:
        raise InvalidRequest(f"the request is not JSON ({error}); send one JSON object") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRequest(f'the request is {_name(value)}, not a JSON object; send {{"url": …}}')
    return value


def _check(key: str, item: object) -> None:
    if not clean(key):
        raise InvalidRequest("a field's name has a control character or a broken character in it; remove it")
    if isinstance(item, str):
        if not clean(item):
            raise InvalidRequest(f"the value of {printable(key)} {described(item)}")
    elif item is not None and not isinstance(item, bool):
        raise InvalidRequest(f"the value of {printable(key)} is {_name(item)}; give a string, a number, true or false")


def clean(text: str) -> bool:
    """Whether `text` can be sent on as one line: no control characters, no half of a surrogate pair."""
    return text.isprintable() or not any(c < " " or "\x7f" <= c < "\xa0" or "\ud800" <= c < "\ue000" for c in set(text))


def described(text: str) -> str:
    """What makes `text` not clean, as the end of a sentence, and how it may have come there."""
    from credential_protocol.characters import flaw  # noqa: PLC0415  # only a mistake pays for it

    return flaw(text)


def printable(key: object) -> str:
    """A caller's word in quotes, short enough for a message and on one line."""
    text = str(key)
    text = text if len(text) <= 40 else text[:40] + "…"
    return '"' + "".join(c if c.isprintable() else "?" for c in text) + '"'


def _name(value: object) -> str:
    return {list: "a list", dict: "an object", str: "a string or a number", bool: "a boolean"}.get(
        type(value), "something else"
    )


def write_flat_object(fields: Iterable[tuple[str, str]]) -> bytes:
    """One line of JSON with its LF; every value is a string, all of it is ASCII."""
    return ("{" + ", ".join(f"{quote(key)}: {quote(value)}" for key, value in fields) + "}\n").encode("ascii")
