"""What a killed call has left: the next call finds its way, ends the session that nobody knows, and clears up.

`python3 tests/run.py promises 2` kills the program before each of its system calls; these are the cases that it found.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hostile.inside import Inside
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER
from vsphere_session.cache.clients import RestClient, SoapClient
from vsphere_session.cache.repository import Repository
from vsphere_session.secrets.file_store import FileStore


class Killed(BaseException):
    """Stands for SIGKILL: nothing that the program does afterwards reaches a file or the server."""


@pytest.fixture
def inside(vcenter: SimulatedVCenter, home: Path) -> Inside:
    inside = Inside(home, vcenter)
    inside.secret_store = "file"
    return inside


def killed_in(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str, call: Callable[[], object], *, before: bool
) -> None:
    """Let `call` end before or after that method, with no way to clear up: files and sessions stay as they are then."""
    real = getattr(owner, name)

    def dying(*arguments: Any, **named: Any) -> None:
        if not before:
            real(*arguments, **named)
        patch.setattr(os, "unlink", _nothing)
        patch.setattr(SoapClient, "log_out", _nothing)
        patch.setattr(RestClient, "log_out", _nothing)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, dying)
        with pytest.raises(Killed):
            call()


def _nothing(*_arguments: object) -> None:
    return None


def hidden(home: Path) -> list[Path]:
    return [path for path in home.rglob(".*") if path.is_file()]


@pytest.mark.parametrize("kind", ["soap", "rest"])
def test_a_session_whose_login_was_killed_before_it_was_in_its_file_is_ended_by_the_next_login(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    killed_in(monkeypatch, Repository, "write", lambda: inside.get(api=kind), before=True)
    (orphan,) = inside.vcenter.sessions
    (aside,) = hidden(inside.home)
    assert aside.stat().st_mode & 0o777 == 0o600
    assert inside.get(api=kind)["source"] == "login"
    assert orphan.id not in {session.id for session in inside.vcenter.sessions}
    assert inside.vcenter.session_count == 1
    assert not hidden(inside.home)


def test_a_session_that_was_replaced_is_not_lost_when_the_call_is_killed_before_ending_it(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside.get(api="soap")
    killed_in(monkeypatch, Repository, "write", lambda: inside.get(api="soap", reauth=True), before=False)
    assert inside.vcenter.session_count == 2
    inside.get(api="soap", reauth=True)
    assert inside.vcenter.session_count == 1
    assert not hidden(inside.home)


def test_a_session_that_was_set_aside_and_is_in_its_file_all_the_same_lives_on(inside: Inside) -> None:
    file = Path(inside.get(api="soap")["soap_session_file"])
    (session,) = inside.vcenter.sessions
    copy = file.with_name(f".{file.name}.1.00000000.session")
    copy.write_bytes(file.read_bytes())
    copy.chmod(0o600)
    assert inside.get(api="both")["soap_session_id"] == session.id
    inside.ask("erase", api="rest")
    inside.vcenter.faults.clear()
    inside.get(api="soap", reauth=True)
    assert not hidden(inside.home)
    assert inside.vcenter.session_count == 1


@pytest.mark.parametrize("content", [b"", b'{"SoapClient":{"coo'], ids=["empty", "half"])
def test_half_a_file_beside_a_session_is_removed_and_harms_nobody(inside: Inside, content: bytes) -> None:
    file = Path(inside.get(api="soap")["soap_session_file"])
    half = file.with_name(f".{file.name}.1.00000000.session")
    half.write_bytes(content)
    inside.get(api="soap", reauth=True)
    assert not hidden(inside.home)


def test_erase_ends_what_a_killed_login_has_left_too(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    killed_in(monkeypatch, Repository, "write", lambda: inside.get(api="soap"), before=True)
    assert inside.vcenter.session_count == 1
    inside.ask("erase")
    assert inside.vcenter.session_count == 0
    assert not hidden(inside.home)


@pytest.mark.sessions_counted_by_hand
def test_erase_leaves_no_session_id_on_the_disk_though_the_server_cannot_be_reached(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_in(monkeypatch, Repository, "write", lambda: inside.get(api="soap"), before=True)
    with inside.vcenter.offline():
        inside.ask("erase")
    assert not hidden(inside.home)


@pytest.mark.parametrize("kind", ["soap", "rest"])
def test_a_session_whose_erase_was_killed_after_it_was_ended_is_never_handed_out(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Although the server confirmed it a moment before."""
    inside.get(api=kind)
    killed_in(monkeypatch, Repository, "remove", lambda: inside.ask("erase", api=kind), before=True)
    assert inside.vcenter.session_count == 0
    assert inside.get(api=kind)["source"] == "login"


def test_the_other_login_is_the_default_when_the_erase_of_the_default_one_was_killed_half_way(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside.ask("store", password=PASSWORD)
    inside.ask("store", username="other", password="other-password")
    erase = {"username": "other", "scope": "password"}
    killed_in(monkeypatch, FileStore, "delete", lambda: inside.ask("erase", **erase), before=False)
    assert inside.ask("get", username="", api="soap")["username"].lower().endswith("administrator")


def test_the_default_login_stays_when_the_store_of_another_was_killed_half_way(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside.ask("store", password=PASSWORD)
    other = {"username": "other", "password": "other-password"}
    killed_in(monkeypatch, FileStore, "set", lambda: inside.ask("store", **other), before=True)
    assert inside.ask("get", username="", api="soap")["username"].lower().endswith("administrator")
    inside.ask("erase", username=USER)


@pytest.mark.parametrize("verb", ["store", "erase"])
def test_passwords_that_a_killed_store_has_left_beside_its_file_go_with_the_next_store_or_erase(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", _nothing)
        patch.setattr(os, "replace", _killed)
        with pytest.raises(Killed):
            inside.ask("store", password="a-password-in-doubt")
    inside.ask("store", password="first")
    with monkeypatch.context() as patch:
        patch.setattr(FileStore, "_write", _half_written)
        with pytest.raises(Killed):
            inside.ask("store", password="a-password-in-doubt")
    assert hidden(inside.home)
    inside.ask(verb, **({"password": PASSWORD} if verb == "store" else {"scope": "password"}))
    assert not hidden(inside.home)


def _killed(*_arguments: object) -> None:
    raise Killed


def _half_written(store: FileStore, _secrets: object) -> None:
    path = Path(store._path)  # where a killed writer's file would be
    path.with_name(f".{path.name}.1.00000000.tmp").write_text("a-password-in-doubt")
    raise Killed
