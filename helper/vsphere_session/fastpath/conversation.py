"""The same question again within a conversation: the same answer, as long as nothing that it came from has changed.

Within the trust window a cached session is handed out unasked, so the answer depends on the question and on files alone;
`remembered` says the same of calls.
"""

from __future__ import annotations

from vsphere_session.fastpath.launcher import HANDED
from vsphere_session.storage.reading import consulted, look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from credential_protocol.messages import Answer, Request
    from vsphere_session.service.call import Host
    from vsphere_session.storage.reading import Seen

    Question = tuple[str, tuple[tuple[str, str], ...]]

MOST = 1024
"""Answers that are kept; each takes some kilobytes."""


class Repeated:
    """The answers of one conversation that may be given again."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._answers: dict[Question, tuple[Answer, float, float, list[tuple[str, Seen]]]] = {}

    def answer(self, request: Request) -> Answer | None:
        """The answer that the same question had before; None where it has to be found out (again)."""
        HANDED.consulted = []
        self._host.forget_what_holds()
        answer, since, until, seen = self._answers.get(_question(request), (None, 0.0, 0.0, []))
        if request.verb != "get" or not since <= self._host.clock.now() < until:
            return None
        return answer if all(look(path) == found for path, found in seen) else None

    def keep(self, request: Request, answer: Answer, began: float) -> None:
        """Note an answer, if nothing speaks against it; the request came at `began`, in Unix seconds."""
        holds = self._host.what_holds
        seen = consulted(began) if holds is not None else []
        if holds is not None and seen:
            if len(self._answers) >= MOST:
                self._answers.clear()
            self._answers[_question(request)] = answer, *holds, seen


def _question(request: Request) -> Question:
    return request.target, tuple(request.attributes.items())
