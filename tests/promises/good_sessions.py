"""Promise 4: what happens to a cached session on a bad day is what the contract says; and no loop locks an account.

Each case is tried with each verb on a vCenter, a home and a pair of cached sessions of its own. Run by hand one case:
`python -m promises.good_sessions "status 502"`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from promises import govc_on_bad_days, refused_logins
from promises.bad_day import Case, Outcome, Verb, outcome
from promises.bad_days import CASES
from promises.crowd import SINGLE_FILE
from promises.rows import Progress, Row, Size
from support.program import program

SHORT_STRIDE = 11
"""The short run takes every so many-th pair of case and verb, so that all verbs have their turn; `test_bad_days` takes each."""


def rows(size: Size, progress: Progress) -> Iterator[Row]:
    """The rows of this promise; a step is a verb on a bad day, or a refused login."""
    for what, cases in CASES.items():
        yield _row(what, cases, size, progress)
    yield refused_logins.row(size, progress)


def _row(what: str, cases: Sequence[Case], size: Size, progress: Progress) -> Row:
    counted, wrong = Counter[str](), []
    for case, verb, expected, run in _tries(cases, size):
        found = _try(case, verb, run)
        if found != expected:
            wrong.append(f"{case.name} / {verb.name} / {' '.join(run or ['in this process'])}: {found}, not {expected}")
        counted["dropped" if expected.dropped else "kept"] += 1
        progress(1)
    assert not wrong, "\n".join(wrong)
    return Row(
        f"{what}: {', '.join(case.name for case in cases)}; each with get (verify=auto, always; SOAP, REST, both; with and"
        " without a password), reauth, store, erase",
        f"{counted.total()} cases: kept {counted['kept']}, dropped {counted['dropped']}, wrong {len(wrong)}",
        govc_on_bad_days.compared(cases, progress) if size is Size.LONG else "–",
    )


def _tries(cases: Sequence[Case], size: Size) -> Iterator[tuple[Case, Verb, Outcome, list[str] | None]]:
    """Every case with every verb: in this process, in the long run also the program and the single file in turn."""
    pairs = [(case, verb, expected) for case in cases for verb, expected in case.expected.items()]
    for case, verb, expected in pairs[::SHORT_STRIDE] if size is Size.SHORT else pairs:
        yield case, verb, expected, None
    if size is Size.LONG:
        assert SINGLE_FILE.exists(), f"{SINGLE_FILE} is missing; make it: python3 tests/run.py build"
        runs = [program(), [str(SINGLE_FILE)]]
        for number, (case, verb, expected) in enumerate(pair for pair in pairs if not pair[0].inside):
            yield case, verb, expected, runs[number % 2]


def _try(case: Case, verb: Verb, run: list[str] | None) -> Outcome | str:
    try:
        return outcome(case, verb, run)
    except AssertionError as error:
        return str(error)


def by_name() -> Mapping[str, Case]:
    """Every case by its name."""
    return {case.name: case for cases in CASES.values() for case in cases}


if __name__ == "__main__":
    for name in sys.argv[1:]:
        for verb, expected in by_name()[name].expected.items():
            sys.stdout.write(f"{verb.name}: {_try(by_name()[name], verb, None)}, expected {expected}\n")
