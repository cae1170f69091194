"""What every engine keeps: one document for a name, replaced only by who knows what is there."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from fleet.kinds import COUNTERS, COUNTS, CREATORS, KEEP, TIME, Kind, new_name
from vsphere_session.fleet.engine import MAX_DOCUMENT_BYTES, ConflictError, Engine, Seen, TooBigError


def test_where_nothing_is_there_is_the_engines_time_all_the_same(kind: Kind) -> None:
    with kind.engine() as engine:
        seen = engine.get(new_name())
        assert (seen.version, seen.data) == (b"", b"")
        assert seen.now > 1_700_000_000


def test_what_a_put_has_confirmed_everybody_gets(kind: Kind) -> None:
    """The same bytes, under the same version."""
    name = new_name()
    with kind.engine() as one, kind.engine() as other:
        put = one.put(name, b"", b"a document", KEEP)
        assert put.data == b"a document"
        assert replace(other.get(name), now=0) == replace(one.get(name), now=0) == replace(put, now=0)


def test_of_many_that_create_a_document_at_once_one_does(kind: Kind) -> None:
    """All others get what that one wrote, without asking again."""
    name = new_name()
    begin = Barrier(CREATORS, timeout=TIME)

    def create(number: int) -> Seen | None:
        with kind.engine() as engine:
            engine.get(name)
            begin.wait()
            try:
                return engine.put(name, b"", b"%d" % number, KEEP)
            except ConflictError as conflict:
                return conflict.seen

    with ThreadPoolExecutor(CREATORS) as pool:
        seen = list(pool.map(create, range(CREATORS)))
    assert len({(each.version, each.data) for each in seen if each}) == 1
    assert sum(each.data == b"%d" % number for number, each in enumerate(seen) if each) == 1


def test_no_increment_is_lost_of_many_that_count_at_once(kind: Kind) -> None:
    """Each tries again with what the conflict brought it."""
    name = new_name()

    def count(_number: int) -> None:
        with kind.engine() as engine:
            seen = engine.get(name)
            for _ in range(COUNTS):
                seen = _incremented(engine, name, seen)

    with ThreadPoolExecutor(COUNTERS) as pool:
        list(pool.map(count, range(COUNTERS)))
    with kind.engine() as engine:
        assert int(engine.get(name).data) == COUNTERS * COUNTS


def _incremented(engine: Engine, name: str, seen: Seen) -> Seen:
    while True:
        try:
            return engine.put(name, seen.version, b"%d" % (int(seen.data or b"0") + 1), KEEP)
        except ConflictError as conflict:
            seen = conflict.seen


def test_a_conflict_brings_what_is_there(kind: Kind) -> None:
    """Also nothing, where it is gone, and the time."""
    name = new_name()
    with kind.engine() as engine:
        first = engine.put(name, b"", b"1", KEEP)
        second = engine.put(name, first.version, b"2", KEEP)
        for version in (b"", first.version):
            with pytest.raises(ConflictError) as conflict:
                engine.put(name, version, b"3", KEEP)
            assert (conflict.value.seen.version, conflict.value.seen.data) == (second.version, b"2")
            assert conflict.value.seen.now >= second.now
        with pytest.raises(ConflictError) as conflict:
            engine.put(new_name(), second.version, b"3", KEEP)
        assert (conflict.value.seen.version, conflict.value.seen.data) == (b"", b"")
        assert conflict.value.seen.now >= second.now


def test_a_version_never_comes_twice_whatever_the_engine_forgets(kind: Kind) -> None:
    """So that who read the document of before cannot replace the one of now."""
    name = new_name()
    versions = []
    for _ in range(3):
        with kind.engine() as engine:
            seen = engine.put(name, b"", b"the same", KEEP)
            versions += [seen.version, engine.put(name, seen.version, b"the same", KEEP).version]
        kind.forget()
    with kind.engine() as engine:
        assert engine.get(name).version == b""
        versions.append(engine.put(name, b"", b"the same", KEEP).version)
        with pytest.raises(ConflictError):
            engine.put(name, versions[0], b"of before", KEEP)
    assert len(set(versions)) == len(versions)


def test_a_document_goes_when_nobody_has_put_it_for_as_long_as_it_is_kept(kind: Kind) -> None:
    """Each put begins that time anew."""
    name, kept = new_name(), new_name()
    with kind.engine() as engine:
        gone = engine.put(name, b"", b"x", 1.0)
        stays = engine.put(kept, engine.put(kept, b"", b"x", 1.0).version, b"y", KEEP)
        _until(lambda: engine.get(name).version == b"")
        assert engine.get(kept).version == stays.version
        with pytest.raises(ConflictError):
            engine.put(name, gone.version, b"y", KEEP)


def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        os.sched_yield()


@pytest.mark.parametrize("size", [0, 1, MAX_DOCUMENT_BYTES])
def test_a_document_is_bytes_up_to_its_size(kind: Kind, size: int) -> None:
    """Whatever they are."""
    data = (bytes(range(256)) * (MAX_DOCUMENT_BYTES // 256))[:size]
    name = new_name()
    with kind.engine() as engine:
        put = engine.put(name, b"", data, KEEP)
        assert engine.get(name).data == data
        with pytest.raises(ConflictError) as conflict:
            engine.put(name, b"", data, KEEP)
        assert (conflict.value.seen.version, conflict.value.seen.data) == (put.version, data)


def test_a_bigger_document_is_refused(kind: Kind) -> None:
    """And not written."""
    name = new_name()
    with kind.engine() as engine:
        with pytest.raises(TooBigError):
            engine.put(name, b"", b"x" * (MAX_DOCUMENT_BYTES + 1), KEEP)
        assert engine.get(name).version == b""


def test_the_time_is_the_engines_and_does_not_go_back(kind: Kind) -> None:
    """Whoever asks; it is as exact as the engine says."""
    name = new_name()
    with kind.engine() as one, kind.engine() as other:
        times = [one.get(name).now, other.get(name).now, one.put(name, b"", b"", KEEP).now, other.get(name).now]
        assert times == sorted(times)
        step = one.about().step
        assert all(abs(time / step - round(time / step)) < 1e-3 for time in times if step == 1)


def test_an_engine_that_was_closed_can_be_asked_again(kind: Kind) -> None:
    name = new_name()
    engine = kind.make()
    put = engine.put(name, b"", b"x", KEEP)
    engine.close()
    engine.close()
    assert engine.get(name).version == put.version
    engine.close()
