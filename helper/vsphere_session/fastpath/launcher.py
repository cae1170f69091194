"""What the single file's launcher hands over (packaging/binary): what it has read of stdin, and where it looks for answers.

The launcher answers a call that has been answered before without starting Python; see `remembered`. A program that
was started in any other way has nothing here.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Handed:
    """What was handed over.

    stdin      the beginning of stdin, read already
    at_end     whether that is all of it
    answer     the file in which the launcher looks for the answer to this very call; empty where it does not look
    build      names the executable, in 64 bits
    checksum   of bytes, in 64 bits, as the launcher expects it
    began      when the program was started, in Unix seconds
    consulted  the files on which the answer depends so far, and those that are not there; None where nobody wants to know
    """

    stdin = b""
    at_end = False
    answer = ""
    build = 0
    checksum: Callable[[bytes], int]
    began = 0.0
    consulted: list[str] | None = None


HANDED = Handed()


def consult(path: str) -> None:
    """Note that the answer to this call depends on what is in a file, or on its absence."""
    if HANDED.consulted is not None:
        HANDED.consulted.append(path)
