"""Who writes to the engine without the key can cost a login, and no more: nobody is handed what is not the fleet's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fleet.sharing.runners import KEY, Runner, crowd, farm
from fleet.sharing.scripted import Store
from simulated_vcenter import Clock, SimulatedVCenter
from support.program import PASSWORD, USER
from vsphere_session.cache.clients import SoapClient
from vsphere_session.cache.record import Known
from vsphere_session.digest import session_digest
from vsphere_session.fleet.keys import new_key

Forge = Callable[[dict[str, Any]], None]


def forge(store: Store, change: Forge) -> None:
    """Write what somebody without the key makes of each document of sessions."""
    for name, (_, data) in list(store.documents.items()):
        document = json.loads(data)
        if "soap" in document:
            change(document)
            store.documents[name] = store.next_version(), json.dumps(document).encode()


def entries(document: dict[str, Any]) -> list[dict[str, Any]]:
    """What is handed out."""
    return [document["soap"], document["rest"]]


def swap(document: dict[str, Any]) -> None:
    """SOAP's session in REST's place, and the other way round."""
    soap, rest = entries(document)
    soap["sealed"], rest["sealed"] = rest["sealed"], soap["sealed"]


def flip(document: dict[str, Any]) -> None:
    """One character of what is sealed."""
    for entry in entries(document):
        text = entry["sealed"]
        entry["sealed"] = text[:60] + ("A" if text[60] != "A" else "B") + text[61:]


def older_fence(document: dict[str, Any]) -> None:
    """As if an earlier lease had made it."""
    for entry in entries(document):
        entry["fence"] -= 1


def other_digest(document: dict[str, Any]) -> None:
    """As if it were another session."""
    for entry in entries(document):
        entry["digest"] = "0" * 32


@pytest.mark.parametrize("change", [swap, flip, older_fence, other_digest])
def test_what_was_tampered_with_is_not_handed_out(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path, change: Forge
) -> None:
    """It costs a login."""
    first, second = farm(vcenter, tmp_path, 2, store)
    old = first.get()
    forge(store, change)
    new = second.get()
    assert set(new) != set(old)
    assert len(vcenter.logins) == 4
    store.advance(61)
    assert first.get() == new


def test_a_confirmation_that_is_to_come_is_not_believed(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """The server is asked, and a dead session is replaced."""

    def later(document: dict[str, Any]) -> None:
        for entry in entries(document):
            entry["confirmed"] += 1e9

    first, second = farm(vcenter, tmp_path, 2, store)
    old = first.get()
    vcenter.end_all()
    forge(store, later)
    assert set(second.get()).isdisjoint(old)


def test_a_lease_that_never_ends_is_not_believed(vcenter: SimulatedVCenter, store: Store, tmp_path: Path) -> None:
    """Nobody is held up for good."""

    def forever(document: dict[str, Any]) -> None:
        fence = document["n"]
        document["lease"] = {
            "owner": "x",
            "token": "f" * 32,
            "fence": fence,
            "until": store.clock.now() + 1e9,
            "for": "login",
        }

    first, second = farm(vcenter, tmp_path, 2, store)
    made = first.get()
    store.advance(61)
    forge(store, forever)
    assert second.get() == made


@pytest.mark.parametrize("data", [b"", b"{", b"null", b"\0" * 100, b"[" * 60_000, b"x" * 65_536, b'{"v": "1"}'])
def test_a_broken_document_is_replaced(vcenter: SimulatedVCenter, store: Store, tmp_path: Path, data: bytes) -> None:
    """By the session that is here, without a login."""
    first, second = farm(vcenter, tmp_path, 2, store)
    made = first.get()
    for name in list(store.documents):
        store.documents[name] = store.next_version(), data
    store.advance(61)
    assert first.get() == made
    assert second.get() == made
    assert len(vcenter.logins) == 2


def test_a_document_of_a_newer_version_is_left_alone(vcenter: SimulatedVCenter, store: Store, tmp_path: Path) -> None:
    """What is here serves if it lives; else the error says to update, and nobody logs in."""
    first, second = farm(vcenter, tmp_path, 2, store)
    made = first.get()
    for name, (_, data) in list(store.documents.items()):
        store.documents[name] = store.next_version(), json.dumps(json.loads(data) | {"v": 2}).encode()
    before = dict(store.documents)
    store.advance(61)
    assert first.get() == made
    (error,) = crowd([second])
    assert getattr(error, "kind", "") == "unsupported"
    assert "update" in str(error)
    assert store.documents == before
    assert len(vcenter.logins) == 2


def test_half_a_fleet_with_another_key_does_not_log_in_against_the_rest(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """It is told both names."""
    first, other = (
        Runner(vcenter, store, tmp_path / "a"),
        Runner(vcenter, store, tmp_path / "b", key=new_key("2026-12")),
    )
    first.get()
    (error,) = crowd([other])
    assert getattr(error, "kind", "") == "unsupported"
    assert "2026-12" in str(error)
    assert KEY.partition(":")[2] not in str(error)
    assert len(vcenter.logins) == 2


def test_a_key_is_changed_in_three_steps_without_a_login(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """Below the old one everywhere, above it everywhere, and the old one away after a day."""
    runners = farm(vcenter, tmp_path, 2, store)
    new = new_key("2026-12")
    made = runners[0].get()
    for key in (f"{KEY}\n{new}", f"{new}\n{KEY}"):
        for runner in runners:
            runner.key = key
            store.advance(61)
            assert runner.get() == made
    for _ in range(13):
        store.advance(3600)
        made = runners[0].get()
    runners[1].key = new
    store.advance(61)
    assert runners[1].get() == made
    assert len(vcenter.logins) == 4, "the second two since they were twelve hours old"


def test_a_document_of_another_namespace_opens_for_nobody(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """Also under the same key: a namespace is a group that trusts each other."""
    first, second = farm(vcenter, tmp_path, 2, store)
    old = first.get()
    second.namespace = "vs:other"
    for name, value in list(store.documents.items()):
        store.documents[name.replace("vs:ci", "vs:other")] = value
    assert set(second.get()).isdisjoint(old)


class Forger(Runner):
    """A runner with the key, which calls another user's session the one of ours."""

    def plant(self, user: str, password: str) -> str:
        """Put it where ours belongs; its id."""
        made: list[str] = []

        def own(client: SoapClient) -> None:
            client.log_in(user, password)
            made.append(client.session_id)

        session = self.session()
        client = SoapClient()
        session.connect(client)
        with client:
            own(client)
        client.known = Known(
            session_digest(client.session_id),
            username="VSPHERE.LOCAL\\robot",
            login=f"password:{USER}",
            login_at=self.clock.now(),
            confirmed_at=self.clock.now(),
        )
        with session._changes._pool(self.fleet) as pool:
            pool.changes.publish(client)
        return made[0]


@pytest.mark.sessions_counted_by_hand
@pytest.mark.parametrize("verify_pulled", [False, True])
def test_a_runner_with_the_key_can_plant_anothers_session_unless_it_is_verified(
    store: Store, clock: Clock, tmp_path: Path, verify_pulled: bool
) -> None:
    """`verify_pulled` asks the server whose it is before its first use on a machine; without it the namespace is the boundary."""
    users = {USER: PASSWORD, "robot@vsphere.local": "robot"}
    with SimulatedVCenter(users, clock=clock, idle_limit=1e9) as vcenter:
        planted = Forger(vcenter, store, tmp_path / "forger").plant("robot@vsphere.local", "robot")
        victim = Runner(vcenter, store, tmp_path / "victim")
        victim.verify_pulled = verify_pulled
        assert (victim.get("soap") == [planted]) is not verify_pulled
        assert vcenter.session_count == (2 if verify_pulled else 1), "the planted one is retired"


def test_verifying_costs_one_question_for_each_runner_and_session(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """And no more once it is here."""
    first, second = farm(vcenter, tmp_path, 2, store)
    second.verify_pulled = True
    made = first.get("soap")
    asked = len(vcenter.requests)
    assert second.get("soap") == made
    assert len(vcenter.requests) == asked + 1
    store.advance(61)
    first.get("soap")
    asked = len(vcenter.requests)
    assert second.get("soap") == made
    assert len(vcenter.requests) == asked
