"""What the single file's launcher hands over (packaging/binary): what it has found and done before Python was there.

The launcher answers a call that has been answered before without starting Python; see `remembered`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final


class Handed:
    """What was handed over to this call.

    stdin       the beginning of stdin, read already
    at_end      whether that is all of it
    state       the directory in which the launcher looks for answers; empty where it does not look
    question    names the call but for its stdin: the SHA-256 of all that an answer can depend on
    build       names the executable, in 64 bits
    checksum    of bytes, in 64 bits, as the launcher expects it
    began       when the program was started, in Unix seconds
    started     the same by the clock that never jumps; None where nobody noted it
    core_filter, core_limit  what had been in force before core files were forbidden; empty where that was not done
    ignored     the numbers of the signals that the caller ignores
    """

    __slots__ = (
        "at_end",
        "began",
        "build",
        "checksum",
        "core_filter",
        "core_limit",
        "ignored",
        "question",
        "started",
        "state",
        "stdin",
    )

    def __init__(
        self,
        *,
        stdin: bytes = b"",
        at_end: bool = False,
        state: str = "",
        question: bytes = b"",
        build: int = 0,
        checksum: Callable[[bytes], int] = len,
        began: float = 0.0,
        started: float | None = None,
        core_filter: bytes = b"",
        core_limit: tuple[int, ...] = (),
        ignored: frozenset[int] = frozenset(),
    ) -> None:
        self.stdin: Final = stdin
        self.at_end: Final = at_end
        self.state: Final = state
        self.question: Final = question
        self.build: Final = build
        self.checksum: Final = checksum
        self.began: Final = began
        self.started: Final = started
        self.core_filter: Final = core_filter
        self.core_limit: Final = core_limit
        self.ignored: Final = ignored
