"""Whose turn it is to try a credential: an account is locked by failed logins, and they count however many come at once.

A credential of which nobody knows whether it is good goes alone, and whoever has it keeps the turn until the server has
answered. Who waited for the very same one, and saw it accepted, knows that it is good: those go beside each other. So a
crowd with the right password waits for one login and not for each other's.

What is tried is in the lock's file for as long as it is tried, as a digest under a random number; of what was accepted
only that number stays.
"""

from __future__ import annotations

import os

from vsphere_session.digest import sha256_hex
from vsphere_session.errors import StorageError
from vsphere_session.storage.lock import FIRST_WAIT
from vsphere_session.storage.shared_lock import SharedLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.clock import Clock, Deadline

_MOST_ACCEPTED = 8
"""Tries that went well and are still named, for those who waited for them."""
_OVER = "-"


class Turn:
    """The turn of one account, whose lock is the file `path`."""

    def __init__(self, path: str, clock: Clock) -> None:
        self._lock = SharedLock(path, clock)
        self._number = ""
        """Of the try that goes alone; empty for one that goes beside others."""

    def take(self, credential: str, deadline: Deadline, check: Callable[[], None]) -> bool:
        """Wait for the turn to try `credential`, and say whether that took any waiting.

        `check` is called while it waits and once it has the turn, and raises what makes the try needless. Raises BusyError
        with the holder's pid when the deadline is over. A directory without locks forbids no login: whoever has nothing
        else to write there (`passthrough` in a read-only home) could not log in at all.
        """
        waited, wait = False, FIRST_WAIT
        mine: set[str] = set()
        check()
        try:
            while not self._try(credential, mine):
                check()
                waited, wait = True, self._lock.wait(wait, deadline)
        except StorageError:
            return waited
        try:
            check()  # the one who had it may have found out since
        except BaseException:
            self.release()
            raise
        return waited

    def end(self, *, accepted: bool) -> None:
        """The server has answered, or will not: let the others go on."""
        if self._number and self._lock.held:
            _, _, before = _parse(self._lock.note())
            self._leave(_OVER, [*before, self._number] if accepted else before)
        self._number = ""
        self._lock.release()

    def release(self) -> None:
        """Give the turn back, whatever came of it; harmless when it is not held."""
        self.end(accepted=False)

    def _try(self, credential: str, mine: set[str]) -> bool:
        """Take the turn if that can be; `mine` collects the numbers of others' tries of this very credential."""
        number, mark, accepted = _parse(self._lock.note())
        if mark == _mark(number, credential):
            mine.add(number)
        if not mine.isdisjoint(accepted):
            return self._lock.try_share()
        if not self._lock.try_acquire():
            return False
        _, _, accepted = _parse(self._lock.note())
        if not mine.isdisjoint(accepted):
            return self._lock.share()
        self._number = os.urandom(8).hex()
        self._leave(_mark(self._number, credential), accepted)
        return True

    def _leave(self, mark: str, accepted: list[str]) -> None:
        self._lock.leave(f"{self._number} {mark} {','.join(accepted[-_MOST_ACCEPTED:])}\n")


def _mark(number: str, credential: str) -> str:
    return sha256_hex(f"{number}\0{credential}".encode("utf-8", "surrogatepass"))


def _parse(note: str) -> tuple[str, str, list[str]]:
    """Number and mark of the try under way, and the numbers of those that went well; a note that makes no sense says nothing."""
    number, _, rest = note.partition("\n")[0].partition(" ")
    mark, _, accepted = rest.partition(" ")
    return number, mark, [each for each in accepted.split(",") if each]
