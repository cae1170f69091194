"""A stale password in a loop: it is tried after 5 minutes, then 10, 20, 40, and every hour."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from contract.desk import START, Desk
from credential_protocol.messages import Failure
from simulated_vcenter import faults
from support.program import PASSWORD, USER

WRONG = "wr0ng-Omega"
MINUTE = 60.0


def loop(desk: Desk, minutes: float, **fields: object) -> list[float]:
    """Ask every minute, with a wrong password; after how many minutes the server was asked."""
    attempts = []
    for _ in range(int(minutes)):
        before = desk.vcenter.login_attempts
        with pytest.raises(Failure) as caught:
            desk.ask("get", **{"password": WRONG, **fields})
        assert caught.value.kind == "login-refused"
        if desk.vcenter.login_attempts > before:
            attempts.append((desk.vcenter.clock.now() - START) / MINUTE)
        desk.vcenter.clock.advance(MINUTE)
    return attempts


def gaps(attempts: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(attempts)]


@pytest.mark.parametrize("api", ["soap", "rest", "both"])
@pytest.mark.parametrize("fields", [{}, {"passthrough": True}, {"reauth": True}], ids=str)
def test_a_loop_backs_off_to_an_hour(desk: Desk, api: str, fields: dict[str, object]) -> None:
    assert gaps(loop(desk, 300, api=api, **fields)) == [5, 10, 20, 40, 60, 60, 60]


def test_it_backs_off_whoever_asks_and_however(desk: Desk) -> None:
    users = [USER, "VSPHERE.LOCAL\\administrator", "ADMINISTRATOR"]
    attempts = []
    for number in range(80):
        attempts += loop(desk, 1, username=users[number % 3], passthrough=number % 2 == 0)
    assert gaps(attempts) == [5, 10, 20, 40]


def test_the_message_says_when_it_will_be_tried_again(desk: Desk) -> None:
    for wait in (5, 10, 20, 40, 60, 60):
        desk_time = desk.vcenter.clock.now()
        with pytest.raises(Failure, match="refused the login"):
            desk.ask("get", password=WRONG)
        with pytest.raises(Failure) as caught:
            desk.ask("get", password=WRONG)
        hours, minutes = divmod(int(desk_time - START) // 60 + wait, 60)
        assert re.search(f"from 2027-01-15T{8 + hours:02}:{minutes:02}:00Z on", caught.value.message)
        desk.vcenter.clock.advance(wait * MINUTE)


def test_each_credential_doubles_for_itself(desk: Desk) -> None:
    """Another one is tried at once, and begins at five minutes."""
    assert gaps(loop(desk, 40)) == [5, 10, 20]
    assert gaps(loop(desk, 20, password=WRONG + "2")) == [5, 10]
    assert desk.ask("get", password=PASSWORD)["source"] == "login"


@pytest.mark.parametrize("how", ["success", "store", "erase"])
def test_it_begins_anew(home: Path, desk: Desk, how: str) -> None:
    own = Desk(home, desk.vcenter, secret_store="file")
    loop(own, 17)
    if how == "success":
        own.vcenter.set_password(USER, WRONG)
        own.vcenter.clock.advance(20 * MINUTE)
        assert own.ask("get", password=WRONG, reauth=True)["source"] == "login"
        own.vcenter.set_password(USER, PASSWORD)
    else:
        own.ask(how, **({"password": WRONG} if how == "store" else {"scope": "password"}))
    assert gaps(loop(own, 17, reauth=True)) == [5, 10]


def test_a_refusal_a_day_later_is_no_repeated_one(desk: Desk) -> None:
    loop(desk, 17)
    desk.vcenter.clock.advance(86_400)
    assert gaps(loop(desk, 17)) == [5, 10]


@pytest.mark.parametrize(
    ("window", "expected"),
    [("1m", [1, 2, 4, 8, 16, 32, 60, 60]), ("2h", [120]), ("0s", [1] * 199)],
    ids=["1m", "2h", "0"],
)
def test_the_window_is_where_it_begins(home: Path, desk: Desk, window: str, expected: list[float]) -> None:
    """One that is longer than an hour stays as it is; 0 switches it off."""
    own = Desk(home, desk.vcenter, refusal_window=window)
    assert gaps(loop(own, 200)) == expected


def test_what_rest_alone_refuses_backs_off_for_rest_alone(desk: Desk) -> None:
    desk.vcenter.faults.add("POST /api/session", faults.invalid_login())
    assert gaps(loop(desk, 40, api="rest", password=PASSWORD)) == [5, 10, 20]
    assert desk.ask("get", password=PASSWORD, api="soap")["source"] == "login"
    assert loop(desk, 80, api="rest", password=PASSWORD) == [75]


def test_a_file_of_an_older_release_counts_as_one_refusal_each(desk: Desk, home: Path) -> None:
    """It has no counts."""
    loop(desk, 1)
    directory = home / ".local/state/vsphere-session/refusals"
    (path,) = (each for each in directory.iterdir() if not each.suffix and each.name != "key")
    path.write_bytes(re.sub(rb',"times":\{[^}]*\}', b"", path.read_bytes()))
    assert gaps(loop(desk, 20)) == [10]
