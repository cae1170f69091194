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

MOST = 1024
"""Answers that are kept; each takes some kilobytes."""


class Repeated:
    """The answers of one conversation that may be given again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answers: dict[Question, tuple[Answer, float, float, list[tuple[str, Identity]]]] = {}

    def answer(self, request: Request) -> Answer | None:
        """The answer that the same question had before; None where it has to be found out (again)."""
        answer, since, until, seen = self._answers.get(_question(request), (None, 0.0, 0.0, []))
        if request.verb != "get" or not since <= self._clock.now() < until:
            return None
        return answer if all(look(path) == found for path, found in seen) else None

    def keep(
        self, request: Request, answer: Answer, holds: tuple[float, float], seen: list[tuple[str, Identity]]
    ) -> None:
        """Note an answer that holds from and until these Unix seconds, and what it was read from, if that can be said."""
        if seen:
            if len(self._answers) >= MOST:
                self._answers.clear()
            self._answers[_question(request)] = answer, *holds, seen


def _question(request: Request) -> Question:
    return request.target, tuple(request.attributes.items())
