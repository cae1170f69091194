"""Every case of promise 4 with every verb, one test each."""

from __future__ import annotations

import pytest

from promises.bad_day import ALL_VERBS, Case, outcome
from promises.bad_days import CASES

pytestmark = pytest.mark.sessions_counted_by_hand


@pytest.mark.parametrize("case", [case for cases in CASES.values() for case in cases], ids=lambda case: case.name)
def test_the_cached_session_is_kept_or_dropped_as_the_contract_says(case: Case) -> None:
    """Verbs in this process; what is told and what is in the files, and no session on the server that is in none."""
    found = {verb.name: outcome(case, verb) for verb in case.expected}
    assert found == {verb.name: expected for verb, expected in case.expected.items()}


def test_every_case_has_every_verb() -> None:
    """The table is whole, and its names are unique."""
    cases = [case for cases in CASES.values() for case in cases]
    assert len({case.name for case in cases}) == len(cases)
    assert all(set(case.expected) == set(ALL_VERBS) for case in cases)
