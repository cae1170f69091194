"""Whose turn it is to try a credential: an account is locked by failed logins, and they count however many come at once.

A credential of which nobody knows whether it is good goes alone, and whoever has it keeps the turn until the server has
answered. Who waited for the very same one, and saw it accepted, knows that it is good: those go beside each other. So a
crowd with the right password waits for one login and not for each other's.

A try that the server left without an answer may count all the same. Whoever was there already while it was under way does
not try anything after it: a crowd whose first one runs out of time would be as many failed logins. Who comes later may.

What is tried is in the lock's file for as long as it is tried, as a digest under a random number; of what was accepted
only that number stays.
"""

from __future__ import annotations

import os

from vsphere_session.digest import sha256_hex
from vsphere_session.errors import BusyError, StorageError
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
        self._clock = clock
        self._number = ""
        """Of the try that goes alone; empty for one that goes beside others."""

    def take(self, credential: str, began: float, deadline: Deadline, check: Callable[[], None]) -> bool:
        """Wait for the turn to try `credential`, for a call that began then; say whether that took any waiting.

        `check` is called while it waits and once it has the turn, and raises what makes the try needless. Raises BusyError
        with the holder's pid when the deadline is over, and where a try was left without an answer meanwhile. A directory without locks forbids no login: whoever has nothing
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
            self._check_unanswered(began)
        except BaseException:
            self.release()
            raise
        return waited

    def end(self, *, accepted: bool, unanswered: bool = False) -> None:
        """The server has answered, or will not: let the others go on."""
        if self._number and self._lock.held:
            note = _parse(self._lock.note())
            note.mark = _OVER
            if accepted:
                note.accepted.append(self._number)
            if unanswered:
                note.unanswered_at = self._clock.monotonic()
            self._lock.leave(note.text())
        self._number = ""
        self._lock.release()

    def release(self) -> None:
        """Give the turn back, whatever came of it; harmless when it is not held."""
        self.end(accepted=False)

    def _try(self, credential: str, mine: set[str]) -> bool:
        """Take the turn if that can be; `mine` collects the numbers of others' tries of this very credential."""
        note = _parse(self._lock.note())
        if note.mark == _mark(note.number, credential):
            mine.add(note.number)
        if not mine.isdisjoint(note.accepted):
            return self._lock.try_share()
        if not self._lock.try_acquire():
            return False
        note = _parse(self._lock.note())
        if not mine.isdisjoint(note.accepted):
            return self._lock.share()
        self._number = note.number = os.urandom(8).hex()
        note.mark = _mark(note.number, credential)
        self._lock.leave(note.text())
        return True

    def _check_unanswered(self, began: float) -> None:
        """One from before the machine was started, or by another clock, seems to come and says nothing."""
        if self._number and began <= _parse(self._lock.note()).unanswered_at <= self._clock.monotonic():
            raise BusyError(
                "a login as the same user was under way when this call began, and the server left it without an answer; it may count "
                "as a failed one, so no other was tried: try again, or allow more with --timeout"
            )


class _Note:
    """What the lock's file says.

    number, mark   of the try under way, which is over where the mark is `-`
    accepted       the numbers of those that went well
    unanswered_at  when the last one was given up without an answer, by the clock that never jumps
    """

    def __init__(self, number: str, mark: str, accepted: list[str], unanswered_at: float) -> None:
        self.number = number
        self.mark = mark
        self.accepted = accepted
        self.unanswered_at = unanswered_at

    def text(self) -> str:
        """As `_parse` reads it."""
        accepted = ",".join(self.accepted[-_MOST_ACCEPTED:])
        return f"{self.number} {self.mark} {accepted} {self.unanswered_at!r}\n"


def _mark(number: str, credential: str) -> str:
    return sha256_hex(f"{number}\0{credential}".encode("utf-8", "surrogatepass"))


def _parse(note: str) -> _Note:
    """A note that makes no sense says nothing."""
    parts = note.partition("\n")[0].split(" ")
    try:
        number, mark, accepted, unanswered = parts
        return _Note(number, mark, [each for each in accepted.split(",") if each], float(unanswered))
    except ValueError:
        return _Note("", _OVER, [], -1.0)
