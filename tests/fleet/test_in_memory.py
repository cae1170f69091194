"""The engine in memory has the faults that a test switches, and lies about none."""

from __future__ import annotations

import pytest

from fleet.in_memory import Fault, Memory
from vsphere_session.clock import Clock
from vsphere_session.fleet.engine import ConflictError, DeniedError, DownError, TooBigError, UnknownError


class Still(Clock):
    """Goes on only where somebody sleeps."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.7

    def now(self) -> float:
        """Its time."""
        return self.time

    def monotonic(self) -> float:
        """The same."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Go on."""
        self.time += seconds


def test_a_put_that_is_lost_on_its_way_is_not_written() -> None:
    memory = Memory()
    engine = memory.engine()
    memory.faults = [Fault.UNKNOWN_BEFORE]
    with pytest.raises(UnknownError):
        engine.put("a", b"", b"1", 60)
    assert engine.get("a").version == b""


def test_a_put_whose_answer_is_lost_is_written() -> None:
    """Also where that answer would have been a conflict: nobody knows."""
    memory = Memory()
    engine = memory.engine()
    memory.faults = [Fault.UNKNOWN_AFTER, Fault.UNKNOWN_AFTER]
    with pytest.raises(UnknownError):
        engine.put("a", b"", b"1", 60)
    with pytest.raises(UnknownError):
        engine.put("a", b"", b"2", 60)
    assert engine.get("a").data == b"1"


def test_an_engine_that_is_down_writes_nothing_and_wakes_those_who_wait() -> None:
    memory = Memory(Still())
    engine = memory.engine()
    version = engine.put("a", b"", b"1", 60).version
    memory.fault = Fault.DOWN
    for ask in (
        lambda: engine.get("a"),
        lambda: engine.put("a", version, b"2", 60),
        lambda: engine.wait("a", version, 1),
    ):
        with pytest.raises(DownError):
            ask()
    memory.fault = None
    assert engine.get("a").data == b"1"


def test_faults_come_in_turn_and_then_the_lasting_one() -> None:
    memory = Memory()
    engine = memory.engine()
    memory.faults = [None, Fault.DOWN]
    engine.get("a")
    with pytest.raises(DownError):
        engine.get("a")
    engine.get("a")


def test_with_a_clock_of_its_own_nobody_waits_in_earnest() -> None:
    """Time goes on by what is slept, and a document goes by it."""
    clock = Still()
    engine = Memory(clock).engine()
    version = engine.put("a", b"", b"1", 60).version
    assert not engine.wait("a", version, 30)
    assert clock.time == pytest.approx(1_800_000_030.7)
    assert engine.wait("a", version, 60)
    assert engine.get("a").version == b""


def test_the_engines_time_has_steps_and_may_jump() -> None:
    """How long a document is kept goes by another clock."""
    memory = Memory(Still(), step=1.0)
    engine = memory.engine()
    assert engine.put("a", b"", b"1", 60).now == 1_800_000_000
    memory.offset = -3600
    assert engine.get("a").now == 1_799_996_400
    memory.offset = 3600
    assert engine.get("a").data == b"1"
    assert engine.about().step == 1


def test_a_test_may_do_something_before_a_call_of_another() -> None:
    """As a runner does that is faster."""
    memory = Memory()
    slow, fast = memory.engine(), memory.engine()
    version = slow.put("a", b"", b"1", 60).version

    def overtake(verb: str, name: str) -> None:
        memory.before = lambda _verb, _name: None
        assert (verb, name) == ("put", "a")
        fast.put("a", version, b"2", 60)

    memory.before = overtake
    with pytest.raises(ConflictError) as conflict:
        slow.put("a", version, b"3", 60)
    assert conflict.value.seen.data == b"2"


def test_accounts_and_sizes_are_as_elsewhere() -> None:
    memory = Memory()
    with pytest.raises(DeniedError):
        memory.engine(namespace="vs:ci:").get("a")
    with pytest.raises(DeniedError):
        memory.engine(may_write=False).put("a", b"", b"", 60)
    with pytest.raises(TooBigError):
        memory.engine().put("a", b"", b"x" * 70_000, 60)
