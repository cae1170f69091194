"""Many runners at the same time, what each is answered, and when."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from fleet.at_scale.runner import ScaledRunner, turn

Call = Callable[[ScaledRunner], tuple[str, ...]]
STACK_BYTES = 256 * 1024


@dataclass(frozen=True)
class Answer:
    """What one call came to: the ids, or the error's kind with its text; times are of the clock that never jumps."""

    ids: tuple[str, ...]
    kind: str
    text: str
    began: float
    ended: float


@dataclass
class Crowd:
    """The calls of one moment."""

    answers: list[Answer] = field(default_factory=list)

    def __add__(self, other: Crowd) -> Crowd:
        return Crowd(self.answers + other.answers)

    def since(self, moment: float) -> Crowd:
        """The same, where all were held up until that moment: what came before does not count."""
        return Crowd([replace(answer, began=max(answer.began, moment)) for answer in self.answers])

    @property
    def good(self) -> list[Answer]:
        """Those with sessions, or who wanted none."""
        return [answer for answer in self.answers if not answer.kind]

    @property
    def ids(self) -> set[tuple[str, ...]]:
        """What was handed out."""
        return {answer.ids for answer in self.good}

    @property
    def errors(self) -> Counter[str]:
        """How many calls ended with each kind of error."""
        return Counter(answer.kind for answer in self.answers if answer.kind)

    @property
    def seconds(self) -> list[float]:
        """How long each good one took, in order; each bad one where none is good."""
        return sorted(answer.ended - answer.began for answer in self.good or self.answers)

    def part(self, share: float) -> float:
        """So many seconds this share of them took at most: 0.5 for the median, 1 for the slowest."""
        seconds = self.seconds
        return seconds[max(0, math.ceil(share * len(seconds)) - 1)] if seconds else 0.0

    def all_shared(self) -> None:
        """Each has the same session of each kind. Raises AssertionError."""
        self.all_good()
        assert len(self.ids) == 1, f"{len(self.ids)} different answers"

    def all_good(self) -> None:
        """None ended with an error. Raises AssertionError."""
        assert not self.errors, f"{dict(self.errors)}, such as: {next(each.text for each in self.answers if each.kind)}"


class Going:
    """Calls that are under way, each in a thread of its own."""

    def __init__(self, runners: Iterable[ScaledRunner], call: Call) -> None:
        self.crowd = Crowd()
        self._call = call
        before = threading.stack_size(STACK_BYTES)
        try:
            self._threads = [threading.Thread(target=self._run, args=(runner,), daemon=True) for runner in runners]
            for thread in self._threads:
                thread.start()
        finally:
            threading.stack_size(before)

    def join(self) -> Crowd:
        """All their answers."""
        for thread in self._threads:
            thread.join()
        return self.crowd

    def _run(self, runner: ScaledRunner) -> None:
        with turn():
            began = time.monotonic()
            try:
                ids, kind, text = self._call(runner), "", ""
            except Exception as error:  # noqa: BLE001  # judged by the scene
                ids, kind, text = (), str(getattr(error, "kind", type(error).__name__)), str(error)
            self.crowd.answers.append(Answer(ids, kind, text, began, time.monotonic()))


def together(runners: Sequence[ScaledRunner], call: Call = ScaledRunner.get) -> Crowd:
    """All of them at once."""
    return Going(runners, call).join()
