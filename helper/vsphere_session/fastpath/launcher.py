"""What the single file's launcher hands over (packaging/binary): what it has read of stdin, and where it looks for answers.

The launcher answers a call that has been answered before without starting Python; see `remembered`. On the fast path:
what it imports is listed.

On the fast path.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final


class Handed:
    """What was handed over to this call.

    stdin      the beginning of stdin, read already
    at_end     whether that is all of it
    answer     the file in which the launcher looks for the answer to this very call; empty where it does not look
    build      names the executable, in 64 bits
    checksum   of bytes, in 64 bits, as the launcher expects it
    began      when the program was started, in Unix seconds
    """

    __slots__ = ("answer", "at_end", "began", "build", "checksum", "stdin")

    def __init__(
        self,
        *,
        stdin: bytes = b"",
        at_end: bool = False,
        answer: str = "",
        build: int = 0,
        checksum: Callable[[bytes], int] = len,
        began: float = 0.0,
    ) -> None:
        self.stdin: Final = stdin
        self.at_end: Final = at_end
        self.answer: Final = answer
        self.build: Final = build
        self.checksum: Final = checksum
        self.began: Final = began


NOTHING = Handed()
"""What a program has that was started in any other way."""
