"""The simulated vCenter's clock, so that a session can expire without anyone waiting."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime


class Clock:
    """Unix time in seconds, as the simulated vCenter sees it.

    Without a start it runs along with the machine's clock, which `advance` and `set` shift.
    With a start it stands still at that second and moves only by `advance` and `set`.
    Safe to use from several threads.
    """

    def __init__(self, start: float | None = None) -> None:
        self._lock = threading.Lock()
        self._stands_still = start is not None
        self._value = start or 0.0  # the time itself if it stands still, else the shift

    def now(self) -> float:
        """Return the time in Unix seconds."""
        with self._lock:
            return self._value if self._stands_still else time.time() + self._value

    def advance(self, seconds: float) -> None:
        """Let so many seconds go by (a negative number turns the clock back)."""
        with self._lock:
            self._value += seconds

    def set(self, seconds: float) -> None:
        """Make it this Unix second."""
        with self._lock:
            self._value = seconds if self._stands_still else seconds - time.time()


def iso_time(seconds: float) -> str:
    """Unix seconds as both APIs print a time: UTC, RFC 3339, microseconds, `Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
