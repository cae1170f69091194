"""What a call leaves behind beside its answer. On the fast path."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from vsphere_session.cache.clients import WireClient
    from vsphere_session.cache.session import Session

    Holds = tuple[Mapping[str, str], float, float]


class Outcome:
    """Sessions that are in no file, until their caller knows of them; and how long the answer holds.

    holds  the cache file of each session id that may be in the answer, and from and until when (Unix seconds) the same
           question has the same answer as long as no file changes; None where the server or a login decided it
    """

    def __init__(self, unbroken: Callable[[], AbstractContextManager[object]]) -> None:
        self._unbroken = unbroken
        self._owed: list[tuple[Session, WireClient]] = []
        self.holds: Holds | None = None

    def note(self, files: Mapping[str, str], since: float, until: float) -> None:
        """Note how long the answer holds."""
        self.holds = files, since, until

    def owe(self, session: Session, client: WireClient) -> None:
        """Note that a session will be in no file: `give_back` ends it, unless its caller is `told` of it before."""
        self._owed.append((session, client))

    def told(self) -> None:
        """The caller has its answer, and owns what is in no file."""
        self._owed.clear()

    def give_back(self) -> None:
        """End the sessions that are in no file and that no caller was told of."""
        while self._owed:
            session, client = self._owed[-1]
            with self._unbroken():  # or a second signal would keep it alive
                session.undo(client)
                self._owed.pop()
