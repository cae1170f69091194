"""How long a credential is not tried again that a server has refused: twice as long each further time, up to an hour.

A refusal is when it was, in Unix seconds, and how often in a row; many are kept by marks, which say nothing of a credential.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Marks = dict[str, tuple[float, int]]

MOST_MARKS = 16
_LONGEST_WINDOW = 3600.0
"""Seconds up to which the window of a credential doubles that is refused again and again."""
_REPEATED_WITHIN = 86400.0
"""Seconds within which a refusal makes the next one of the same credential a repeated one."""


def wait(window: float, times: int) -> float:
    """Seconds for which it is not tried."""
    doubled = window * float(2 ** min(times - 1, 30))
    return min(doubled, max(window, _LONGEST_WINDOW))


def counts(window: float, refused_at: float, times: int, now: float) -> bool:
    """Whether it has to do with now. A mark from the future, by a clock that was set back since, says nothing."""
    return 0 <= now - refused_at < max(wait(window, times), _REPEATED_WITHIN)


def kept(marks: Mapping[str, tuple[float, int]], window: float, now: float) -> Marks:
    """Those that still count, and of these the latest."""
    counting = {mark: each for mark, each in marks.items() if counts(window, *each, now)}
    return dict(sorted(counting.items(), key=lambda item: item[1])[-MOST_MARKS:])
