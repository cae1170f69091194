"""The same question again within a conversation: the same answer, as long as nothing that it came from has changed.

Within the trust window a cached session is handed out unasked, so the answer depends on the question and on files alone;
`remembered` says the same of calls.
"""

from __future__ import annotations

from vsphere_session.storage.reading import look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from credential_protocol.messages import Answer, Request
    from vsphere_session.clock import Clock
    from vsphere_session.storage.reading import Identity

    Question = tuple[str, tuple[tuple[str, str], ...]]
    Kept = tuple[Answer, float, float, list[tuple[str, Identity]]]

MOST = 1024
"""Answers that are kept; each takes some kilobytes."""
_LONG = 4096
"""Bytes of a line that is compared as it stands, before it is read."""


class Repeated:
    """The answers of one conversation that may be given again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answers: dict[Question, Kept] = {}
        self._lines: dict[bytes, tuple[bytes, Kept]] = {}

    def line(self, asked: bytes) -> bytes | None:
        """What was written when this very line was asked before; None where that has to be found out."""
        written, kept = self._lines.get(asked, (None, None))
        return written if kept is not None and self._holds(kept) else None

    def answer(self, request: Request) -> Answer | None:
        """The answer that the same question had before; None where it has to be found out (again)."""
        kept = self._answers.get(_question(request)) if request.verb == "get" else None
        return kept[0] if kept is not None and self._holds(kept) else None

    def keep(
        self, request: Request, answer: Answer, holds: tuple[float, float], seen: list[tuple[str, Identity]]
    ) -> None:
        """Note an answer that holds from and until these Unix seconds, and what it was read from, if that can be said."""
        if seen:
            if len(self._answers) >= MOST:
                self._answers.clear()
            self._answers[_question(request)] = answer, *holds, seen

    def keep_line(self, asked: bytes, request: Request, written: bytes) -> None:
        """Note what was written for a line whose answer is kept."""
        kept = self._answers.get(_question(request)) if request.verb == "get" and len(asked) <= _LONG else None
        if kept is not None:
            if len(self._lines) >= MOST:
                self._lines.clear()
            self._lines[asked] = written, kept

    def _holds(self, kept: Kept) -> bool:
        _, since, until, seen = kept
        return since <= self._clock.now() < until and all(look(path) == found for path, found in seen)


def _question(request: Request) -> Question:
    return request.target, tuple(request.attributes.items())
