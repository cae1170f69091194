"""One input, one block of inputs, all inputs on all cores; what comes out depends on the seed alone."""

from __future__ import annotations

import multiprocessing
import random
import signal
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter

from credential_protocol import KINDS, Failure
from fuzzing.mutation import make
from fuzzing.targets import TARGETS, Target

BLOCK = 500
SLOW = 0.1
"""Seconds that a parser may take for one input."""
_ENDLESS = 5.0
_SHOWN = 200


class EndlessError(BaseException):
    """A parser does not come to an end; not an Exception, so that no parser takes it for its own."""


@dataclass(frozen=True)
class Finding:
    """An input that a parser did not treat as promised; `what` is the same for all inputs with the same cause."""

    target: str
    what: str
    data: bytes

    def __str__(self) -> str:
        length = f" … {len(self.data)} bytes" if len(self.data) > _SHOWN else ""
        return f"{self.target}: {self.what}\n  input: {self.data[:_SHOWN]!r}{length}"


def run(
    inputs: int, seed: int, *, processes: int | None = None, progress: Callable[[int], None] = lambda _: None
) -> tuple[int, list[Finding]]:
    """At least `inputs` inputs, shared out evenly among the targets: how many it were, and the findings in their order.

    Of several with the same cause the first one is kept. `progress` is told the number of inputs so far.
    """
    each = -(-inputs // len(TARGETS))
    blocks = [(name, seed, start, min(BLOCK, each - start)) for start in range(0, each, BLOCK) for name in TARGETS]
    found: dict[tuple[str, str], Finding] = {}
    done = 0
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for (_, _, _, count), findings in zip(blocks, pool.imap(_block, blocks, chunksize=4), strict=True):
            done += count
            progress(done)
            for finding in findings:
                found.setdefault((finding.target, finding.what), finding)
    return done, list(found.values())


def _block(block: tuple[str, int, int, int]) -> list[Finding]:
    name, seed, start, count = block
    return list(findings(TARGETS[name], seed, start, count))


def findings(target: Target, seed: int, start: int, count: int) -> Iterator[Finding]:
    """What `count` inputs to one target bring to light; `seed` and `start` say which."""
    dice = random.Random(f"{seed} {target.name} {start}")
    for _ in range(count):
        data = make(dice, target.grammar)[: target.longest]
        what = examine(target, data)
        if what:
            yield Finding(target.name, what, data)


def examine(target: Target, data: bytes) -> str:
    """What is wrong with how the parser treats `data`; empty if nothing is. Slow is what is slow three times."""
    what, took = _treat(target, data)
    if not what and took > SLOW and all(_treat(target, data)[1] > SLOW for _ in range(2)):
        return f"takes longer than {SLOW * 1000:g} ms"
    return what


def _treat(target: Target, data: bytes) -> tuple[str, float]:
    """What is wrong, and the seconds that parsing took."""
    started = perf_counter()
    try:
        with_alarm(_ENDLESS)
        value = target.parse(data)
        took = perf_counter() - started
    except target.refusals as refusal:
        return _wrong_refusal(refusal), perf_counter() - started
    except (Exception, EndlessError) as error:  # noqa: BLE001  # whatever it is, it is a finding
        return _cause(error), 0.0
    finally:
        with_alarm(0)
    try:
        target.check(data, value)
    except Exception as error:  # noqa: BLE001
        return f"a value that is not as promised: {_cause(error)}", 0.0
    return "", took


def _wrong_refusal(refusal: Exception) -> str:
    """A Failure is of the contract's kinds, and one line."""
    if isinstance(refusal, Failure) and not (refusal.kind in KINDS and refusal.message.isprintable()):
        return f"a refusal outside the contract: {_cause(refusal)}"
    return ""


def _cause(error: BaseException) -> str:
    place = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.name != _interrupt.__name__][-1]
    return f"{type(error).__name__} in {place.name} ({place.line})"


def with_alarm(seconds: float) -> None:
    """Interrupt this thread after so much time of its own, where the platform can; 0 means no more. pytest has the other clock."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGVTALRM, _interrupt)
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)


def _interrupt(_number: int, _frame: object) -> None:
    raise EndlessError
