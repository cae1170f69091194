"""The document of a place: who may log in, which session is handed out, which are ended, whatever a clock does."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from fleet.made import NOW, aside, committed, digest, entry, taken, token
from vsphere_session.fleet import document as documents
from vsphere_session.fleet.document import MAX_ASIDE, MAX_LEASE_SECONDS, MAX_LOG, MAX_RETIRED, Document, Lease


def whats(document: Document) -> list[str]:
    return [line.what for line in document.log]


# ---- the lease


def test_while_one_runner_logs_in_no_other_one_may() -> None:
    document, lease = taken(Document())
    assert documents.lease_left(document, NOW) == documents.LEASE_SECONDS
    assert documents.take(document, NOW + 9.9, owner="b", token=token("b"), purpose="login") is None
    assert documents.is_held(document, lease)


def test_the_lease_of_one_who_died_is_taken_over_and_the_log_says_whose_it_was() -> None:
    document, first = taken(Document())
    document, second = taken(document, NOW + 10, "b")
    assert second.fence > first.fence
    assert not documents.is_held(document, first)
    assert whats(document) == ["takeover: the lease of runner-a ran out"]


def test_a_released_lease_is_free_at_once_and_a_second_release_takes_nobodys() -> None:
    document, first = taken(Document())
    document = documents.release(document, first)
    document, second = taken(document, NOW, "b")
    assert documents.release(document, first) == document
    assert documents.is_held(document, second)


def test_fences_rise_though_the_engine_forgot_everything_and_though_its_clock_went_back() -> None:
    document, first = taken(Document())
    _, after_forgetting = taken(Document(), NOW + 1)
    assert after_forgetting.fence > first.fence
    _, set_back = taken(documents.release(document, first), NOW - 86400)
    assert set_back.fence == first.fence + 1


def test_a_lease_that_ends_too_late_is_not_believed_since_the_clock_was_set_back() -> None:
    document, _ = taken(Document())
    assert documents.lease_left(document, NOW - MAX_LEASE_SECONDS) == 0
    assert documents.lease_left(document, NOW - MAX_LEASE_SECONDS + documents.LEASE_SECONDS) == MAX_LEASE_SECONDS


def test_nobody_can_have_a_longer_lease() -> None:
    found = documents.take(Document(), NOW, owner="a", token=token("a"), purpose="login", seconds=3600)
    assert found is not None
    assert documents.lease_left(found[0], NOW) == MAX_LEASE_SECONDS
    renewed = documents.renew(*found[:1], NOW + 30, found[1], 3600)
    assert renewed is not None
    assert renewed[1].until == NOW + 30 + MAX_LEASE_SECONDS


def test_a_lease_is_renewed_until_somebody_else_has_one() -> None:
    document, lease = taken(Document())
    late = documents.renew(document, NOW + 500, lease)
    assert late is not None
    assert (late[1].fence, late[1].until) == (lease.fence, NOW + 510)
    document, _ = taken(document, NOW + 500, "b")
    assert documents.renew(document, NOW + 501, lease) is None


# ---- sessions


def test_a_late_commit_is_taken_if_nobody_came_in_between() -> None:
    document, lease = taken(Document())
    found = documents.commit(document, NOW + 999, lease, "soap", entry("a", lease.fence), retire_until=0)
    assert found is not None
    assert found.entries["soap"].digest == digest("a")


def test_a_paused_holder_commits_nothing_when_another_one_has_the_next_fence() -> None:
    document, lease = taken(Document())
    document, _ = taken(document, NOW + 10, "b")
    assert documents.commit(document, NOW + 11, lease, "soap", entry("a"), retire_until=0) is None
    assert documents.drop(document, NOW + 11, lease, "soap") is None


def test_a_replaced_session_is_retired_and_ended_when_its_time_has_come() -> None:
    document = committed(committed(Document(), "one"), "two", NOW + 5, retire_until=NOW + 3600)
    (old,) = document.aside
    assert (old.digest, old.why, old.since, old.until) == (digest("one"), "retired", NOW + 5, NOW + 3600)
    assert documents.due(document, NOW + 3599) == ()
    assert documents.due(document, NOW + 3600) == (old,)
    assert documents.settle(document, old.digest).aside == ()


def test_the_same_session_committed_again_retires_nothing() -> None:
    assert committed(committed(Document(), "one"), "one", NOW + 5).aside == ()


def test_what_was_set_aside_by_its_maker_is_handed_out_by_the_commit_alone() -> None:
    document, lease = taken(Document())
    document = documents.set_aside(document, NOW, aside("a", fence=lease.fence))
    assert documents.due(document, NOW) == (), "who has the lease does not end what it is making"
    assert documents.knows(document, digest("a"))
    found = documents.commit(document, NOW, lease, "soap", entry("a", lease.fence), retire_until=0)
    assert found is not None
    assert (found.aside, documents.knows(found, digest("a"))) == ((), True)


def test_the_next_holder_ends_what_a_dead_one_had_made() -> None:
    document, lease = taken(Document())
    document = documents.set_aside(document, NOW, aside("a", fence=lease.fence))
    document, _ = taken(document, NOW + 10, "b")
    assert [each.digest for each in documents.due(document, NOW + 10)] == [digest("a")]


def test_one_that_is_handed_out_is_neither_set_aside_nor_ended() -> None:
    document = committed(Document(), "one")
    assert documents.set_aside(document, NOW, aside("one", "stale")) == document
    assert documents.due(replace(document, aside=(aside("one", "stale"),)), NOW) == ()


def test_of_five_retired_sessions_the_oldest_is_ended_at_once_for_each_kind_apart() -> None:
    document = Document()
    for number in range(MAX_RETIRED + 2):
        document = documents.set_aside(document, NOW, aside(f"soap {number}", "retired", since=NOW - number, until=inf))
    document = documents.set_aside(document, NOW, aside("rest", "retired", since=NOW - 99, until=inf, kind="rest"))
    assert {each.digest for each in documents.due(document, NOW)} == {digest("soap 5"), digest("soap 4")}


def test_where_there_is_no_room_a_retired_one_goes_first_and_the_log_says_so() -> None:
    document = documents.set_aside(Document(), NOW, aside("retired", "retired", since=NOW + 99, until=inf))
    for number in range(MAX_ASIDE):
        document = documents.set_aside(document, NOW, aside(str(number), since=NOW + number), "runner-a")
    assert {each.why for each in document.aside} == {"new"}
    assert "soap left to idle out (retired)" in whats(document)
    document = documents.set_aside(document, NOW, aside("late", "stale", since=NOW), "runner-a")
    assert (document.aside[0].digest, document.aside[-1].digest) == (digest("1"), digest("late"))
    assert whats(document)[-2:] == ["soap left to idle out (new)", "soap set aside (stale)"]
    assert len(document.aside) == MAX_ASIDE


def test_a_confirmation_never_goes_back_and_is_of_one_session_alone() -> None:
    document = committed(Document(), "one")
    assert documents.confirm(document, NOW + 9, "soap", digest("other")) == document
    later = documents.confirm(document, NOW + 9, "soap", digest("one"))
    assert later.entries["soap"].confirmed == NOW + 9
    assert documents.confirm(later, NOW + 8, "soap", digest("one")) == later


def test_a_clock_that_was_set_back_far_does_not_leave_a_session_unconfirmed_for_ever() -> None:
    document = documents.confirm(committed(Document(), "one"), NOW - 86400, "soap", digest("one"))
    assert documents.age(document.entries["soap"], NOW - 86400) == 0


def test_only_the_last_confirmation_of_a_session_is_in_the_log() -> None:
    document = committed(Document(), "one")
    for second in range(50):
        document = documents.confirm(document, NOW + second, "soap", digest("one"), f"runner-{second}")
    assert [(line.who, line.what) for line in document.log] == [
        ("runner-one", "soap committed (login)"),
        ("runner-49", "soap confirmed"),
    ]


def test_a_session_that_somebody_found_dead_is_trusted_by_nobody_until_it_is_confirmed() -> None:
    document = committed(Document(), "one")
    assert documents.distrust(document, "soap", digest("other")) == document
    document = documents.distrust(document, "soap", digest("one"))
    assert documents.age(document.entries["soap"], NOW) == inf
    assert documents.age(documents.confirm(document, NOW, "soap", digest("one")).entries["soap"], NOW) == 0


def test_ages_that_steps_of_the_clock_make_negative_are_none_and_longer_ones_are_not_believed() -> None:
    assert documents.age(entry("a"), NOW + 7) == 7
    assert documents.age(entry("a"), NOW - 2) == 0
    assert documents.age(entry("a"), NOW - 2.5) == inf
    assert documents.age(entry("a"), NOW - 4, step=2) == 0
    assert documents.age(entry("a"), NOW - 4.5, step=2) == inf


def test_erase_takes_the_entry_of_one_kind_away() -> None:
    document, lease = taken(committed(Document(), "one"), NOW, "b", "erase")
    found = documents.drop(document, NOW, lease, "soap")
    assert found is not None
    assert (found.entries, whats(found)[-1]) == ({}, "soap dropped")
    assert documents.drop(found, NOW, lease, "soap") == found


def test_the_log_keeps_the_latest_lines_and_shows_nothing_that_a_terminal_would_obey() -> None:
    document = Document()
    for number in range(30):
        document = committed(document, str(number), NOW + 20 * number)
    assert len(document.log) == MAX_LOG
    found = documents.take(document, NOW, owner="\x1b[2J" + "x" * 999, token=token("x"), purpose="a\nb")
    assert found is not None
    assert found[1].owner.startswith("?[2Jxxx")
    assert (len(found[1].owner), found[1].purpose) == (200, "a?b")


@pytest.mark.parametrize("other", [{"token": token("b")}, {"fence": 7}])
def test_a_lease_is_known_by_its_token_and_its_fence(other: dict[str, object]) -> None:
    document, lease = taken(Document())
    assert not documents.is_held(document, replace(lease, **other))  # type: ignore[arg-type]
    assert not documents.is_held(replace(document, fence=lease.fence + 1), lease)
    assert documents.is_held(document, Lease("x", lease.token, lease.fence, 0.0, "y"))
