"""A refused credential is remembered, so that a loop of callers cannot lock the account; another is tried at once."""

from __future__ import annotations

import json
import re
import shutil
import stat
from pathlib import Path

import pytest

from contract.desk import Desk
from credential_protocol.messages import Failure
from simulated_vcenter import SimulatedVCenter, faults
from support.program import PASSWORD, USER
from vsphere_session import parse_endpoint
from vsphere_session.clock import Clock, Deadline
from vsphere_session.errors import LoginRefusedError
from vsphere_session.login.refusals import Refusals
from vsphere_session.storage.shared_lock import SharedLock

WRONG = "wr0ng-Omega"
REFUSALS = ".local/state/vsphere-session/refusals"


def refused(desk: Desk, **fields: object) -> str:
    """The message of a `get` that is refused."""
    with pytest.raises(Failure) as caught:
        desk.ask("get", **{"password": WRONG, **fields})
    assert caught.value.kind == "login-refused"
    return caught.value.message


def marks(home: Path) -> list[Path]:
    """The files with refusals in them."""
    return [path for path in (home / REFUSALS).glob("*") if not path.suffix and path.name != "key"]


# ---- what is not sent again


def test_who_gets_the_lock_just_after_it_was_refused_to_another_does_not_try_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of callers at once: this one looked before the other had its answer, and came to the free lock after that."""
    clock = Clock()
    url = parse_endpoint(f"https://{USER.partition('@')[0]}@vc.example.com/sdk")
    first, second = (Refusals(str(home), url, window=300, clock=clock) for _ in range(2))
    taken = SharedLock.try_acquire

    def late(lock: SharedLock) -> bool:
        monkeypatch.setattr(SharedLock, "try_acquire", taken)
        with first:
            first.take_turn("soap", WRONG, Deadline(1, clock))
            first.remember("soap", WRONG)
        return taken(lock)

    monkeypatch.setattr(SharedLock, "try_acquire", late)
    with pytest.raises(LoginRefusedError), second:
        second.take_turn("soap", WRONG, Deadline(1, clock))


@pytest.mark.parametrize("api", ["soap", "rest", "both"])
@pytest.mark.parametrize("fields", [{}, {"reauth": True}, {"passthrough": True}, {"verify": "always"}], ids=str)
def test_a_loop_with_one_refused_password_is_one_attempt(desk: Desk, api: str, fields: dict[str, object]) -> None:
    for _ in range(10):
        refused(desk, api=api, **fields)
    assert desk.vcenter.login_attempts == 1


# ---- what is tried at once


def test_another_password_is_tried_at_once_and_a_success_is_a_success(desk: Desk) -> None:
    refused(desk)
    refused(desk, password=WRONG + "2")
    assert desk.vcenter.login_attempts == 2
    assert desk.ask("get", password=PASSWORD)["source"] == "login"
    refused(desk, reauth=True)
    assert desk.vcenter.login_attempts == 4, "the good one over SOAP and REST; the refused one is refused still"


def test_another_user_and_another_server_are_tried_at_once(desk: Desk) -> None:
    refused(desk)
    refused(desk, username="somebody@vsphere.local")
    assert desk.vcenter.login_attempts == 2
    with SimulatedVCenter({USER: WRONG}) as other:
        assert desk.ask("get", url=other.authority, ca_file=other.ca_file, password=WRONG)["source"] == "login"


def test_a_password_that_was_refused_and_is_right_now_is_tried_after_the_window(desk: Desk) -> None:
    refused(desk)
    desk.vcenter.set_password(USER, WRONG)
    desk.vcenter.clock.advance(299)
    refused(desk)
    assert desk.vcenter.login_attempts == 1
    desk.vcenter.clock.advance(1)
    assert desk.ask("get", password=WRONG)["source"] == "login"


@pytest.mark.parametrize(("window", "attempts"), [("0s", 3), ("10s", 1), ("24h", 1)])
def test_the_window_can_be_set(home: Path, desk: Desk, window: str, attempts: int) -> None:
    """In the configuration, also for one endpoint."""
    own = Desk(home, desk.vcenter, refusal_window=window)
    for _ in range(3):
        refused(own)
    assert desk.vcenter.login_attempts == attempts


@pytest.mark.parametrize("scope", ["all", "password"])
def test_erase_with_scope_password_lets_the_same_one_be_tried(desk: Desk, scope: str) -> None:
    refused(desk)
    assert desk.ask("erase", scope=scope) == {"erased": ""}
    refused(desk)
    assert desk.vcenter.login_attempts == 2


def test_erase_of_a_session_does_not(desk: Desk) -> None:
    refused(desk)
    desk.ask("erase", scope="session")
    refused(desk)
    assert desk.vcenter.login_attempts == 1


def test_store_lets_the_same_one_be_tried(home: Path, desk: Desk) -> None:
    own = Desk(home, desk.vcenter, secret_store="file")
    refused(own)
    own.ask("store", password=WRONG)
    for _ in range(3):
        with pytest.raises(Failure, match="refused"):
            own.ask("get")
    assert desk.vcenter.login_attempts == 2, "once as given, once as stored"


# ---- what is no refusal of a credential


@pytest.mark.parametrize(
    "fault",
    [faults.status(403), faults.status(500), faults.status(503), faults.reset(), faults.not_authenticated()],
    ids=["403", "500", "503", "reset", "NotAuthenticated"],
)
def test_what_says_nothing_of_the_credential_is_not_remembered(desk: Desk, fault: faults.Fault) -> None:
    """Servers answer NotAuthenticated and 403 to right passwords, too (vsphere-csi-driver#3864)."""
    desk.vcenter.faults.add("=Login", fault, times=1)
    with pytest.raises(Failure):
        desk.ask("get", password=PASSWORD)
    assert desk.ask("get", password=PASSWORD)["source"] == "login"


def test_a_refusal_by_rest_alone_leaves_soap_as_it_is(desk: Desk) -> None:
    desk.vcenter.faults.add("POST /api/session", faults.invalid_login())
    for _ in range(3):
        refused(desk, password=PASSWORD, api="rest")
    assert desk.vcenter.login_attempts == 1
    assert desk.ask("get", password=PASSWORD, api="soap")["source"] == "login"


def test_a_cached_session_is_handed_out_whatever_password_was_refused(desk: Desk) -> None:
    desk.ask("get", password=PASSWORD)
    refused(desk, reauth=True)
    assert desk.ask("get", password=WRONG)["source"] == "cache"


# ---- clocks


@pytest.mark.parametrize("jump", [-1, -3600, -1e8, 3600, 1e8])
def test_a_clock_that_jumps_does_not_lock_anybody_out(desk: Desk, jump: float) -> None:
    """A mark from the future says nothing; one from long ago has lost its force."""
    refused(desk)
    desk.vcenter.set_password(USER, WRONG)
    desk.vcenter.clock.advance(jump)
    assert desk.ask("get", password=WRONG)["source"] == "login"


# ---- what is written


def test_the_message_says_when_and_how_it_will_be_tried_again_and_shows_no_password(desk: Desk) -> None:
    refused(desk)
    desk.vcenter.clock.advance(7)
    message = refused(desk)
    assert re.search(r"refused this very login of \S+ 7 s ago .* from 2027-01-15T08:05:00Z on", message)
    assert "store" in message
    assert '"scope": "password"' in message
    assert WRONG not in message


def test_the_memory_is_private_and_has_neither_password_nor_digest_of_it_without_the_machines_secret(
    desk: Desk, home: Path, tmp_path: Path
) -> None:
    refused(desk)
    files = [path for path in (home / REFUSALS).iterdir() if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((home / REFUSALS).stat().st_mode) == 0o700
    assert not any(WRONG.encode() in path.read_bytes() for path in files)
    (mine,) = marks(home)
    other = Desk(tmp_path / "other", desk.vcenter)
    refused(other)
    (theirs,) = marks(tmp_path / "other")
    assert set(json.loads(mine.read_bytes())["refused_at"]).isdisjoint(json.loads(theirs.read_bytes())["refused_at"])


def test_what_is_remembered_has_a_limit_and_old_refusals_go(desk: Desk, home: Path) -> None:
    for number in range(40):
        refused(desk, password=f"{WRONG}{number}")
    (file,) = marks(home)
    assert len(json.loads(file.read_bytes())["refused_at"]) == 16
    desk.vcenter.clock.advance(86_400)
    refused(desk)
    assert len(json.loads(file.read_bytes())["refused_at"]) == 1


def test_a_success_leaves_nothing_of_the_credential_behind(desk: Desk, home: Path) -> None:
    refused(desk)
    desk.vcenter.set_password(USER, WRONG)
    desk.vcenter.clock.advance(300)
    desk.ask("get", password=WRONG)
    assert marks(home) == []


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"refused_at": 3}', b'{"refused_at": {"a": "b"}}', b"\xff" * 99]
)
@pytest.mark.parametrize("damaged", ["marks", "key"])
def test_a_damaged_memory_is_no_memory_and_is_replaced(desk: Desk, home: Path, damaged: str, content: bytes) -> None:
    refused(desk)
    path = marks(home)[0] if damaged == "marks" else home / REFUSALS / "key"
    path.write_bytes(content)
    for _ in range(3):
        refused(desk)
    assert desk.vcenter.login_attempts == 2


def test_where_nothing_can_be_remembered_a_refusal_is_still_an_answer(desk: Desk, home: Path) -> None:
    refused(desk, passthrough=True)
    shutil.rmtree(home / REFUSALS)
    (home / REFUSALS).write_text("in the way")
    for _ in range(2):
        refused(desk, passthrough=True)
    assert desk.vcenter.login_attempts == 3
