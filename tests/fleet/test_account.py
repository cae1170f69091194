"""The document of an account: one wrong password is tried once for a whole fleet, and the right one at once."""

from __future__ import annotations

import pytest

from fleet.made import NOW, token
from vsphere_session.back_off import MOST_MARKS
from vsphere_session.fleet import account as accounts
from vsphere_session.fleet.account import Account
from vsphere_session.fleet.document import BrokenError, NewerError
from vsphere_session.fleet.keys import Keys, new_key

WINDOW = 300.0
DAY = 86400.0


def marks(*names: str) -> list[str]:
    return [(token(name) * 2) for name in names]


def test_one_runner_tries_while_all_others_wait_and_then_the_next_may() -> None:
    found = accounts.take_turn(Account(), NOW, owner="runner-a", token=token("a"))
    assert found is not None
    account, turn = found
    assert accounts.turn_left(account, NOW) == 10
    assert accounts.take_turn(account, NOW + 9, owner="runner-b", token=token("b")) is None
    account = accounts.end_turn(account, turn)
    again = accounts.take_turn(account, NOW + 1, owner="runner-b", token=token("b"))
    assert again is not None
    assert again[1].fence > turn.fence
    assert accounts.end_turn(again[0], turn) == again[0], "another's turn stays"


def test_the_turn_of_one_who_died_runs_out() -> None:
    found = accounts.take_turn(Account(), NOW, owner="a", token=token("a"))
    assert found is not None
    assert accounts.take_turn(found[0], NOW + 10, owner="b", token=token("b")) is not None


def test_a_refused_password_is_not_tried_within_the_window_and_another_one_is() -> None:
    account = accounts.refuse(Account(), NOW, marks("wrong"), WINDOW)
    assert accounts.refused(account, NOW + 1, marks("wrong"), WINDOW) == (NOW + WINDOW, NOW)
    assert accounts.refused(account, NOW + WINDOW, marks("wrong"), WINDOW) is None
    assert accounts.refused(account, NOW + 1, marks("right"), WINDOW) is None
    assert accounts.refused(account, NOW + 1, marks("wrong"), 0.0) is None


def test_each_further_time_the_window_is_twice_as_long_up_to_an_hour_and_after_a_day_it_begins_anew() -> None:
    account, now, waits = Account(), NOW, []
    for _ in range(6):
        account = accounts.refuse(account, now, marks("wrong"), WINDOW)
        found = accounts.refused(account, now, marks("wrong"), WINDOW)
        assert found is not None
        waits.append(found[0] - now)
        now = found[0]
    assert waits == [300, 600, 1200, 2400, 3600, 3600]
    account = accounts.refuse(account, now + DAY, marks("wrong"), WINDOW)
    assert accounts.refused(account, now + DAY, marks("wrong"), WINDOW) == (now + DAY + WINDOW, now + DAY)


def test_an_accepted_password_and_one_that_is_stored_anew_may_be_tried_at_once() -> None:
    account = accounts.refuse(Account(), NOW, marks("one"), WINDOW)
    account = accounts.refuse(account, NOW, marks("two"), WINDOW)
    accepted = accounts.accept(account, marks("one"))
    assert accounts.refused(accepted, NOW, marks("one"), WINDOW) is None
    assert accounts.refused(accepted, NOW, marks("two"), WINDOW) is not None
    assert accounts.refused(accounts.forget(account), NOW, marks("two"), WINDOW) is None


def test_a_refusal_holds_while_the_key_is_rotated_and_counts_on() -> None:
    old, new = new_key("old"), new_key("new")
    before, during = Keys.of_text(f"{old}\n{new}"), Keys.of_text(f"{new}\n{old}")
    account = accounts.refuse(Account(), NOW, before.mark("vs:{x}", "secret"), WINDOW)
    assert accounts.refused(account, NOW, during.mark("vs:{x}", "secret"), WINDOW) == (NOW + WINDOW, NOW)
    account = accounts.refuse(account, NOW + WINDOW, during.mark("vs:{x}", "secret"), WINDOW)
    found = accounts.refused(account, NOW + WINDOW, Keys.of_text(new).mark("vs:{x}", "secret"), WINDOW)
    assert found == (NOW + 3 * WINDOW, NOW + WINDOW)


def test_marks_differ_by_place_and_key_and_secret() -> None:
    keys = Keys.of_text(f"{new_key('a')}\n{new_key('b')}")
    made = [*keys.mark("vs:{x}", "s"), *keys.mark("vs:{y}", "s"), *keys.mark("vs:{x}", "t\ud800")]
    assert len(set(made)) == len(made) == 6
    assert keys.mark("vs:{x}", "s") == made[:2]


def test_only_the_latest_marks_are_kept() -> None:
    account = Account()
    for number in range(MOST_MARKS + 1):
        account = accounts.refuse(account, NOW + number, marks(str(number)), WINDOW)
    assert len(account.marks) == MOST_MARKS
    assert accounts.refused(account, NOW + MOST_MARKS, marks("0"), WINDOW) is None


@pytest.mark.parametrize(("back", "holds"), [(0.5, True), (2.0, True), (2.5, False), (DAY, False)])
def test_a_clock_that_goes_back_a_step_frees_no_password_and_one_that_jumps_back_does(back: float, holds: bool) -> None:
    account = accounts.refuse(Account(), NOW, marks("wrong"), WINDOW)
    assert (accounts.refused(account, NOW - back, marks("wrong"), WINDOW) is not None) == holds


def test_what_is_written_is_read_as_the_same() -> None:
    assert accounts.read(b"") == Account()
    found = accounts.take_turn(accounts.refuse(Account(), NOW, marks("a"), WINDOW), NOW, owner="a", token=token("a"))
    assert found is not None
    assert accounts.read(accounts.written(found[0])) == found[0]


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"v":1}',
        b'{"v":1,"n":-1}',
        b'{"v":1,"n":0,"turn":{}}',
        b'{"v":1,"n":0,"turn":{"owner":"a","token":"' + b"a" * 32 + b'","fence":1,"until":1,"for":"login"}}',
        b'{"v":1,"n":0,"marks":[{"mark":"ab","at":1,"times":1}]}',
        b'{"v":1,"n":0,"marks":[' + b",".join(17 * [b"{}"]) + b"]}",
        b'{"v":1,"n":0,"marks":{"a":[1,1]}}',
    ],
)
def test_what_is_no_document_of_an_account_is_refused_as_a_whole(data: bytes) -> None:
    with pytest.raises(BrokenError):
        accounts.read(data)


def test_a_newer_one_is_left_alone() -> None:
    with pytest.raises(NewerError):
        accounts.read(b'{"v":2}')
