"""What is wrong with a text that cannot be used, in words: which character, where, and how it may have come there.

Only for messages: no part of the text is shown, which may be a secret.
"""

from __future__ import annotations

_NAMES = {
    "\0": "NUL",
    "\a": "BEL",
    "\b": "BS, a backspace",
    "\t": "TAB",
    "\n": "LF, a line feed",
    "\v": "VT",
    "\f": "FF",
    "\r": "CR, a carriage return",
    "\x1b": "ESC",
    "\x7f": "DEL",
    " ": "a space",
    "\xa0": "U+00A0, a space that does not break",
    "\u200b": "U+200B, a space of no width",
    "\ufeff": "U+FEFF, a byte-order mark",
}
_AT_THE_END = {
    "\r": "the lines of what it comes from end as on Windows (CR LF); save that with LF alone",
    "\n": "the newline of the file or command that it comes from was taken over; cut it off",
}
_QUOTES = "\"'`\u201c\u201d\u2018\u2019"
_QUOTED = (
    "begins and ends with a quote, which the tool that read it from a file has kept; write it there without quotes"
)


def flaw(text: str, *, spaces: bool = False) -> str:
    """What a name or URL cannot have, as the end of a sentence: `ends with CR, …: …`. Empty where nothing is found.

    Looks for control characters, what is no character, marks that cannot be seen at either end, quotes around the
    whole, and with `spaces` for any white space.
    """
    at = next((at for at, one in enumerate(text) if _is_odd(one, spaces=spaces)), -1)
    at = 0 if at < 0 and text[:1] == "\ufeff" else at
    if at < 0:
        return _QUOTED if is_quoted(text) else ""
    one = text[at]
    if one in _AT_THE_END and not text[at:].strip("\r\n"):
        return f"ends with {_named(one)}: {_AT_THE_END[one]}"
    if one in "\r\n":
        return f"has {_named(one)}, in it: it is more than one line; give one"
    if at == 0:
        return f"begins with {_named(one)}; remove it"
    if at == len(text) - 1:
        return f"ends with {_named(one)}; remove it"
    return f"has {_named(one)}, in it (character {at + 1}); remove it"


def is_quoted(text: str) -> bool:
    """Whether there are quotes around the whole."""
    return len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES


def is_clean(one: str) -> bool:
    """Whether a character can stand in one line of text: what `jsontext.clean` says of many."""
    return not (one < " " or "\x7f" <= one < "\xa0" or "\ud800" <= one < "\ue000")


def _is_odd(one: str, *, spaces: bool) -> bool:
    return not is_clean(one) or (spaces and (one.isspace() or not one.isprintable()))


def _named(one: str) -> str:
    code = ord(one)
    if 0xDC80 <= code <= 0xDCFF:
        return f"the byte 0x{code - 0xDC00:02X}, which is no UTF-8"
    if 0xD800 <= code <= 0xDFFF:
        return f"U+{code:04X}, half a character"
    name = _NAMES.get(one, f"U+{code:04X}")
    return (
        name
        if is_clean(one)
        else f"{name}, a control character"
        if "," not in name
        else f"{name} and control character"
    )
