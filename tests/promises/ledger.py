"""Who answers for which session: a file, a caller that was given it, or a reason why it is lost. Nobody else may."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from simulated_vcenter import SimulatedVCenter
from support.cache_files import ids_in_file

SHOWN_STEPS = 25
SET_ASIDE = "set aside: "

KILLED = "SIGKILL"
KILLED_OUTSIDE = "SIGKILL with passthrough"
UNANSWERED = "the answer to a login was lost on its way"
REFUSED_LOGOUT = "the server did not carry out a logout"


@dataclass
class Ledger:
    """The books of one run, balanced after each step.

    `owned` are sessions in the hands of callers (passthrough, or made elsewhere), with their user and kind; `aside` those
    that the next login will end; `lost` those that nobody knows. `counts` has how many were lost for which reason, how many
    were set aside instead (SET_ASIDE before the reason), and what else a step counts.
    """

    vcenter: SimulatedVCenter
    homes: list[Path]
    again: str
    owned: dict[str, tuple[str, str]] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    aside: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    _steps: deque[str] = field(default_factory=lambda: deque(maxlen=SHOWN_STEPS))
    _step: int = 0

    def begin(self, what: str) -> None:
        """A step begins; `what` says it so that a reader can do the same."""
        self._step += 1
        self._steps.append(f"{self._step}. {what}")

    def said(self, outcome: str) -> None:
        """What came of it."""
        self._steps[-1] += f" -> {outcome}"

    def own(self, ids: Mapping[str, str], user: str) -> None:
        """A caller has these sessions in its hands, by kind."""
        self.owned |= {session_id: (user, kind) for kind, session_id in ids.items()}

    def cached(self) -> set[str]:
        """The session ids in the cache files of all homes."""
        files = {path for home in self.homes for path in home.glob(".govmomi/*/*")}
        return _ids(files - self._beside())

    def balance(self, allowed: Mapping[str, int]) -> None:
        """Every session on the server is somebody's; of those that are not, at most so many for each reason.

        What was set aside beside the cache files, for the next login to end, has a reason, too, but is not lost.
        """
        alive = {session.id: session for session in self.vcenter.sessions}
        self.owned = {session_id: whose for session_id, whose in self.owned.items() if session_id in alive}
        self.lost &= alive.keys()
        self.aside &= alive.keys()
        unknown = [each for each in alive if each not in self.owned and each not in self.lost | self.aside]
        if unknown:
            cached = self.cached()
            unknown = [each for each in unknown if each not in cached]
        reasons = [reason for reason, count in allowed.items() for _ in range(count)]
        left = [alive[session_id] for session_id in unknown[len(reasons) :]]
        self.check(not left, f"in no file: {', '.join(f'the {each.kind} session of {each.user}' for each in left)}")
        beside = _ids(self._beside()) if unknown else set()
        for session_id, reason in zip(unknown, reasons, strict=False):
            (self.aside if session_id in beside else self.lost).add(session_id)
            self.counts[SET_ASIDE + reason if session_id in beside else reason] += 1

    def _beside(self) -> set[Path]:
        return {path for home in self.homes for path in home.glob(".govmomi/*/.*")}

    def belong(self, reply: Mapping[str, str], user: str) -> None:
        """What was handed out is this user's session, if it lives."""
        given = {reply.get(f"{kind}_session_id", "") for kind in ("soap", "rest")}
        others = [session.user for session in self.vcenter.sessions if session.id in given and session.user != user]
        self.check(not others, f"{user} was given a session of {others}")

    def check(self, holds: bool, what: str) -> None:
        """Fail, with the steps that led here and the command that goes there again."""
        assert holds, self.failure(what)

    def failure(self, what: str) -> str:
        """The text of a failure in this step."""
        steps = "\n  ".join(self._steps)
        return f"step {self._step}, {what}\nagain: {self.again}\nthe last steps:\n  {steps}"


def _ids(paths: Iterable[Path]) -> set[str]:
    return {session_id for path in paths if path.is_file() for session_id in ids_in_file(path)}
