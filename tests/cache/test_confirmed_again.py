"""That the server has confirmed a session again is noted beside the record, unsynced: it may be lost, and never be wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cache.bench import Bench
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, Helper, request


@pytest.fixture
def old(vcenter: SimulatedVCenter, helper: Helper) -> Helper:
    """Both sessions are cached, and their record says that the server confirmed them two minutes ago."""
    helper.ok("get", request(vcenter, password=PASSWORD))
    age(record(helper))
    return helper


def record(helper: Helper) -> Path:
    (path,) = (helper.home / ".local/state/vsphere-session/records").iterdir()
    return path


def confirmed(helper: Helper) -> Path:
    return helper.home / ".local/state/vsphere-session/confirmed" / record(helper).name


def age(path: Path, **changes: object) -> None:
    """Two minutes are gone since the confirmation."""
    value = json.loads(path.read_text())
    for kind in ("soap", "rest"):
        value[kind] |= {"confirmed_at": value[kind]["confirmed_at"] - 120} | changes
    path.write_text(json.dumps(value))


def asked(vcenter: SimulatedVCenter, helper: Helper) -> int:
    """How many questions a `get` has asked."""
    before = len(vcenter.requests)
    assert helper.ok("get", request(vcenter), "--no-remember")["source"] == "cache"
    return len(vcenter.requests) - before


def test_the_second_call_asks_no_more_and_the_record_is_left_alone(vcenter: SimulatedVCenter, old: Helper) -> None:
    before = record(old).read_bytes()
    assert [asked(vcenter, old) for _ in range(2)] == [2, 0]
    assert record(old).read_bytes() == before
    assert confirmed(old).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("data", [b"", b"{", b"\0" * 512, b"null", b'{"version":1,"soap":{}}', None])
def test_where_it_is_lost_or_cut_short_the_server_is_asked_again(
    vcenter: SimulatedVCenter, old: Helper, data: bytes | None
) -> None:
    asked(vcenter, old)
    whole = confirmed(old).read_bytes()
    if data is None:
        confirmed(old).unlink()
    else:
        confirmed(old).write_bytes(data or whole[: len(whole) // 2])
    assert [asked(vcenter, old) for _ in range(2)] == [2, 0]


def test_it_says_nothing_of_another_session(vcenter: SimulatedVCenter, old: Helper) -> None:
    asked(vcenter, old)
    kept = confirmed(old).read_bytes()
    old.ok("get", request(vcenter, password=PASSWORD, reauth=True))
    age(record(old))
    confirmed(old).write_bytes(kept)
    assert asked(vcenter, old) == 2


def test_it_does_not_bring_back_a_session_that_is_known_to_be_dead(vcenter: SimulatedVCenter, old: Helper) -> None:
    asked(vcenter, old)
    age(record(old), confirmed_at=0)
    assert asked(vcenter, old) == 2


def test_a_dead_session_is_found_dead_by_whoever_comes_later(vcenter: SimulatedVCenter, old: Helper) -> None:
    asked(vcenter, old)
    vcenter.end_all()
    age(confirmed(old))
    assert [old.call("get", request(vcenter)).kind for _ in range(2)] == ["not-found", "not-found"]


def test_a_time_to_come_is_not_believed_for_ever(vcenter: SimulatedVCenter, old: Helper) -> None:
    """The clock was wrong when it was written."""
    asked(vcenter, old)
    age(confirmed(old), confirmed_at=4e9)
    assert [asked(vcenter, old) for _ in range(2)] == [2, 0]
    assert not confirmed(old).exists()


def test_erase_leaves_none(vcenter: SimulatedVCenter, old: Helper) -> None:
    asked(vcenter, old)
    old.ok("erase", request(vcenter))
    assert not confirmed(old).exists()


def test_where_it_cannot_be_written_the_answer_is_given_all_the_same(vcenter: SimulatedVCenter, old: Helper) -> None:
    confirmed(old).parent.write_text("in the way")
    assert [asked(vcenter, old) for _ in range(2)] == [2, 2]


def test_half_of_it_is_enough_for_that_half(vcenter: SimulatedVCenter, old: Helper) -> None:
    """A call that asks for one kind confirms that one, and does not forget the other."""
    old.ok("get", request(vcenter, api="soap"))
    old.ok("get", request(vcenter, api="rest"))
    assert asked(vcenter, old) == 0


def test_nothing_of_it_waits_for_the_disk(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.soap(bench.session())
    bench.vcenter.clock.advance(120)
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    bench.soap(bench.session())
    assert synced == []
