"""Which way to log in is configured, and for whom: all that a cached session has to be compared with. On no fast path.

The method itself is made, and its module imported, when a login is due.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.login.ground import Ground
    from vsphere_session.login.method import LoginMethod


class Choice:
    """One way to log in.

    name     of the method
    record   what the record says of a session that was made so, equal if and only if it is made in the same way for the
             same principal; no secret
    make     makes the method on the ground that a login stands on
    account  whose password is tried, where that is not the user whose session it will be
    """

    __slots__ = ("account", "make", "name", "record")

    def __init__(self, name: str, record: str, make: Callable[[Ground], LoginMethod], *, account: str = "") -> None:
        self.name = name
        self.record = record
        self.make = make
        self.account = account

    def __repr__(self) -> str:
        return f"Choice({self.name!r})"
