"""Who a session belongs to, in the server's words. On the fast path."""

from __future__ import annotations


class Identity:
    """What the server says of a session: `username`, and `age` in seconds since the login (None if it does not say)."""

    __slots__ = ("age", "username")

    def __init__(self, username: str, age: float | None) -> None:
        self.username = username
        self.age = age
