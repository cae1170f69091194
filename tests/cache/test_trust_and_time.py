"""How long a cached session is good, and when the server is asked: by a clock that the test sets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cache.bench import Bench
from simulated_vcenter import Clock, SimulatedVCenter
from support.program import USER, Helper
from vsphere_session import Policy, Session, SessionError

BOTH = pytest.mark.parametrize("kind", ["soap", "rest"])
MINUTE, HOUR = 60.0, 3600.0


START = 1_800_000_000.0


@pytest.fixture
def bench(home: Path, helper: Helper) -> Iterator[Bench]:
    """A bench whose clock moves by the test alone. At its end every session on the server is in a file."""
    with SimulatedVCenter(clock=Clock(START)) as vcenter:
        bench = Bench(vcenter, home)
        yield bench
        bench.close()
        assert bench.live <= helper.sessions_in_files


@pytest.fixture
def patient(home: Path) -> Iterator[Bench]:
    """The same, but its server forgets no session, however old or idle."""
    with SimulatedVCenter(idle_limit=1e9, age_limit=1e9, clock=Clock(START)) as vcenter:
        bench = Bench(vcenter, home)
        yield bench
        bench.close()


def asked(bench: Bench, session: Session, kind: str) -> int:
    """How many requests it takes to get the cached session; there has to be a good one."""
    before = len(bench.vcenter.requests)
    assert session.load(bench.client(kind))
    return len(bench.vcenter.requests) - before


def as_govc_leaves_it(bench: Bench, kind: str, *, age: float = 0.0) -> None:
    """Make a cached session one of which only the file is there, written so many seconds ago."""
    bench.session().login(bench.client(kind))
    bench.forget_records()
    written = bench.clock.now() - age
    os.utime(bench.file(kind), (written, written))


# ---- the trust window


@BOTH
def test_within_the_trust_window_a_session_is_handed_out_without_asking(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))
    bench.vcenter.clock.advance(59)
    with bench.vcenter.offline():
        assert asked(bench, bench.session(password=None), kind) == 0


@BOTH
def test_after_the_trust_window_the_server_is_asked_once_and_its_word_counts_as_long_again(
    bench: Bench, kind: str
) -> None:
    bench.session().login(bench.client(kind))
    bench.vcenter.clock.advance(61)
    assert asked(bench, bench.session(password=None), kind) == 1
    bench.vcenter.clock.advance(59)
    assert asked(bench, bench.session(password=None), kind) == 0
    bench.vcenter.clock.advance(2)
    assert asked(bench, bench.session(password=None), kind) == 1


@BOTH
@pytest.mark.parametrize(("window", "requests"), [(0, 1), (10, 1), (600, 0)])
def test_the_trust_window_can_be_set(bench: Bench, kind: str, window: float, requests: int) -> None:
    bench.session().login(bench.client(kind))
    bench.vcenter.clock.advance(10)
    assert asked(bench, bench.session(policy=Policy(trust_window=window)), kind) == requests


@BOTH
def test_verify_always_asks_each_time(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))
    session = bench.session(policy=Policy(verify="always"))
    assert [asked(bench, session, kind) for _ in range(3)] == [1, 1, 1]


@BOTH
def test_verify_never_does_not_ask_until_the_idle_limit(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))
    bench.vcenter.clock.advance(25 * MINUTE - 1)
    with bench.vcenter.offline():
        assert asked(bench, bench.session(policy=Policy(verify="never")), kind) == 0
    bench.vcenter.clock.advance(2)
    before = len(bench.vcenter.requests)
    late = bench.client(kind)
    assert not bench.session(policy=Policy(verify="never")).load(late)
    assert not late.valid()
    assert len(bench.vcenter.requests) == before


@BOTH
def test_verify_never_logs_in_anew_after_the_idle_limit_and_ends_the_old_session(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))
    bench.vcenter.clock.advance(26 * MINUTE)
    new = bench.client(kind)
    assert bench.session(policy=Policy(verify="never")).login(new)
    assert bench.live == {new.session_id}


def test_another_word_for_verify_is_refused() -> None:
    with pytest.raises(SessionError, match="verify is neither auto nor always nor never") as refused:
        Policy(verify="sometimes")
    assert refused.value.kind == "invalid-request"


# ---- sessions of govc, of which nothing is known


@BOTH
def test_a_session_of_govc_is_asked_about_first_and_then_trusted(bench: Bench, kind: str) -> None:
    as_govc_leaves_it(bench, kind)
    assert [asked(bench, bench.session(password=None), kind) for _ in range(3)] == [1, 0, 0]


@BOTH
def test_verify_never_takes_the_files_date_for_a_session_of_govc(bench: Bench, kind: str) -> None:
    as_govc_leaves_it(bench, kind, age=25 * MINUTE - 5)
    with bench.vcenter.offline():
        assert asked(bench, bench.session(policy=Policy(verify="never")), kind) == 0
    as_govc_leaves_it(bench, kind, age=25 * MINUTE + 5)
    assert not bench.session(policy=Policy(verify="never")).load(bench.client(kind))


@BOTH
def test_a_file_that_govc_writes_over_ours_is_not_trusted_by_our_record(bench: Bench, kind: str) -> None:
    """The record knows its session by a digest; another one in the same file is asked about."""
    bench.session().login(bench.client(kind))
    before = bench.file(kind).read_text()
    (ours,) = bench.live
    other = bench.vcenter.add_session(USER, "soap" if kind == "soap" else "rest")
    bench.file(kind).write_text(before.replace(ours, other))
    client = bench.client(kind)
    before_asking = len(bench.vcenter.requests)
    assert bench.session(password=None).load(client)
    assert len(bench.vcenter.requests) == before_asking + 1
    assert client.session_id == other
    bench.file(kind).write_text(before)
    bench.vcenter.end_all()


# ---- idle and old


@BOTH
def test_a_session_idle_for_longer_than_the_server_allows_is_replaced(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))
    bench.vcenter.clock.advance(31 * MINUTE)
    new = bench.client(kind)
    assert bench.session().login(new)
    assert bench.live == {new.session_id}


@BOTH
def test_asking_keeps_a_session_from_idling_out(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))
    for _ in range(5):
        bench.vcenter.clock.advance(29 * MINUTE)
        assert asked(bench, bench.session(password=None), kind) == 1


@BOTH
@pytest.mark.parametrize(("max_age", "step"), [(24 * HOUR, 20 * MINUTE), (HOUR, 59)])
def test_a_session_is_replaced_and_ended_at_the_largest_age_however_often_it_was_confirmed(
    patient: Bench, kind: str, max_age: float, step: float
) -> None:
    policy = Policy(max_age=max_age)
    patient.session().login(patient.client(kind))
    passed = 0.0
    while passed + step < max_age:
        patient.vcenter.clock.advance(step)
        passed += step
        assert not patient.session(policy=policy).login(patient.client(kind)), passed
    patient.vcenter.clock.advance(max_age - passed)
    assert not patient.session(policy=policy).load(patient.client(kind))
    new = patient.client(kind)
    assert patient.session(policy=policy).login(new)
    assert patient.live == {new.session_id}


@BOTH
@pytest.mark.parametrize("apart", [0, -10 * HOUR, 100 * HOUR], ids=["right", "slow", "fast"])
def test_the_age_of_a_session_of_govc_is_what_the_server_says_whatever_this_machines_clock(
    patient: Bench, kind: str, apart: float
) -> None:
    as_govc_leaves_it(patient, kind)
    patient.clock.apart = apart
    patient.vcenter.clock.advance(24 * HOUR - 5)
    assert patient.session(password=None).load(patient.client(kind))
    patient.forget_records()
    patient.vcenter.clock.advance(5)
    with pytest.raises(SessionError, match="largest age"):
        patient.session(password=None).login(patient.client(kind))


# ---- the clock of this machine


@BOTH
@pytest.mark.parametrize("back", [1, 59, HOUR, 1e9])
def test_a_clock_that_was_set_back_trusts_nothing_and_asks(bench: Bench, kind: str, back: float) -> None:
    bench.session().login(bench.client(kind))
    bench.clock.apart = -back
    assert asked(bench, bench.session(password=None), kind) == 1
    assert asked(bench, bench.session(password=None), kind) == 0, "from then on the new time counts"


@BOTH
def test_a_clock_that_was_set_forward_asks_and_goes_on(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))
    bench.clock.apart = 20 * HOUR
    assert asked(bench, bench.session(password=None), kind) == 1


# ---- until when a caller may go on


@BOTH
def test_expires_at_is_the_last_confirmation_and_the_idle_limit_never_past_the_largest_age(
    patient: Bench, kind: str
) -> None:
    policy = Policy(idle_limit=30 * MINUTE, max_age=HOUR)
    seen = []
    for minutes in (0, 20, 20, 19):
        patient.vcenter.clock.advance(minutes * MINUTE)
        client = patient.client(kind)
        patient.session(policy=policy).login(client)
        assert client.known is not None
        seen.append((policy.expires_at(client.known) - START) / MINUTE)
    assert seen == [30, 50, 60, 60]
