"""Time as a parameter: the system's clock, and the deadline of one call. On the fast path."""

from __future__ import annotations

import time

from vsphere_session.errors import UnreachableError

_LAST_SECOND = 253402300799.0  # 9999-12-31T23:59:59Z: RFC 3339 has four digits for a year
TIMEOUT = 30.0
"""How many seconds a call may take where nobody says otherwise."""


class Clock:
    """The system's clock. Tests hand in their own with the same three methods."""

    def now(self) -> float:
        """Seconds since the epoch; may jump."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds from some start; never jumps."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Deadline:
    """The moment until which a call may take; everything that waits asks it how long it still may.

    began   when the call did, by the clock that never jumps
    waited  seconds of it that went by in waiting for other processes
    """

    __slots__ = ("_clock", "_end", "began", "seconds", "waited")

    def __init__(self, seconds: float, clock: Clock, *, since: float | None = None) -> None:
        """`since` is the time of `clock.monotonic` at which it began, now if None."""
        self.seconds = seconds
        self._clock = clock
        self.began = clock.monotonic() if since is None else since
        self._end = self.began + seconds
        self.waited = 0.0

    def remaining(self) -> float:
        """Seconds left, 0 or less when the time is over."""
        return self._end - self._clock.monotonic()

    def within(self, seconds: float) -> Deadline:
        """An earlier one: so many seconds from now, and never later than this one."""
        return Deadline(max(0.0, min(seconds, self.remaining())), self._clock)

    def went_in_waiting(self) -> bool:
        """Whether it is over, and others have had most of the time."""
        return self.remaining() <= 0 and self.waited > self.seconds / 2

    def for_network(self, what: str) -> float:
        """Seconds left for `what`; raises UnreachableError when there are none."""
        left = self.remaining()
        if left <= 0:
            raise UnreachableError(
                f"{what} did not answer within {self.seconds:g} s; try again, or allow more with --timeout"
            )
        return left


def rfc3339(seconds: float) -> str:
    """Unix seconds as RFC 3339 in UTC, whole seconds, `Z`; what is before the year 1970 or after 9999 is their edge."""
    seconds = min(max(seconds, 0.0), _LAST_SECOND)
    year, month, day, hour, minute, second = time.gmtime(seconds)[:6]
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
