"""Who a session belongs to, in the server's words, and what becomes of those. On the fast path."""

from __future__ import annotations


class Identity:
    """What the server says of a session.

    username  whose it is
    age       seconds since the login; None if it does not say
    key       its name in the server's own list, which opens nothing; empty for REST, which has none
    """

    __slots__ = ("age", "key", "username")

    def __init__(self, username: str, age: float | None, key: str = "") -> None:
        self.username = username
        self.age = age
        self.key = key


def cleaned(text: str) -> str:
    """A server's text as it may be written anywhere: one line of visible characters.

    A control character, a mark that turns text around, half of a surrogate pair: each becomes a space, as in
    errors, also at the end: a name does not turn into another one's.
    """
    text = text.strip()
    return text if text.isprintable() else "".join(c if _is_harmless(c) else " " for c in text)


def _is_harmless(c: str) -> bool:
    return c.isprintable() or (c >= "\xa0" and c.isspace() and c not in "\u2028\u2029")  # other alphabets' spaces
