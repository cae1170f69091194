"""A fleet on every kind of server, and with what else a session can be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from fleet.sharing.runners import Runner, crowd, farm
from fleet.sharing.scripted import Store
from simulated_vcenter import Clock, SimulatedVCenter
from support.program import PASSWORD, USER
from vsphere_session.cache.clients import RestClient, SoapClient
from vsphere_session.cache.session import Session
from vsphere_session.errors import UnsupportedError, UntrustedError
from vsphere_session.storage.files import files_beside


def test_where_one_id_serves_both_kinds_there_is_one_login(store: Store, clock: Clock, tmp_path: Path) -> None:
    """And one session, until it is replaced; its end is that of both."""
    with SimulatedVCenter(clock=clock, unified=True, idle_limit=1e9) as vcenter:
        runners = farm(vcenter, tmp_path, 10, store)
        answers = crowd(runners)
        assert len({each for answer in answers for each in answer}) == 1, answers  # type: ignore[attr-defined]
        assert len(vcenter.logins) == vcenter.session_count == 1
        assert runners[0].erase() == [True, True]
        assert vcenter.session_count == 0
        made = crowd(runners[:3])
        assert vcenter.session_count == 1, made


def get_as_the_verb_does(runner: Runner) -> list[str]:
    """SOAP, and REST where the server has it."""
    session = runner.session()
    session.begin()
    soap, rest = SoapClient(), RestClient()
    try:
        session.login(soap)
        if soap.serves_soap_only:
            return [soap.session_id]
        try:
            session.login(rest)
        except UnsupportedError:
            session.note_soap_only(soap)
            return [soap.session_id]
        return [soap.session_id, rest.session_id]
    finally:
        session.close()


def test_that_a_server_has_no_rest_is_found_out_once(store: Store, clock: Clock, tmp_path: Path) -> None:
    """An ESXi host is not asked by every runner."""
    with SimulatedVCenter(clock=clock, esxi=True, users={USER: PASSWORD}, idle_limit=1e9) as esxi:
        first, *others = farm(esxi, tmp_path, 5, store)
        made = get_as_the_verb_does(first)
        asked = len(esxi.requests)
        assert crowd(others, get_as_the_verb_does) == [made] * 4
        assert len(esxi.requests) == asked
        assert esxi.session_count == 1


def test_a_session_that_was_pinned_is_not_handed_to_insecure_alone(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """Nothing would tell whether that server is still the same: it is untrusted, as on one machine."""
    sure, unsure = farm(vcenter, tmp_path, 2, store)
    pinned = {"insecure": True, "thumbprint": vcenter.thumbprint, "ca_file": ""}
    made = sure.get("soap", **pinned)
    assert unsure.get("soap", **pinned) == made
    other = Runner(vcenter, store, tmp_path / "third")
    with pytest.raises(UntrustedError):
        other.get("soap", insecure=True, ca_file="")
    assert len(vcenter.logins) == 1


def test_users_and_endpoints_have_places_of_their_own(store: Store, clock: Clock, tmp_path: Path) -> None:
    """What one user has is handed to no other."""
    users = {USER: PASSWORD, "robot@vsphere.local": "robot"}
    with SimulatedVCenter(users, clock=clock, idle_limit=1e9) as vcenter:
        runner = Runner(vcenter, store, tmp_path / "a")
        first = runner.get("soap")
        other = Session(
            f"https://robot@vsphere.local@{vcenter.authority}/sdk",
            ca_file=str(vcenter.ca_file),
            password=lambda: "robot",
            environ={"HOME": str(runner.home)},
            clock=runner.clock,
            fleet=runner.fleet,
        )
        client = SoapClient()
        other.login(client)
        assert client.session_id not in first
        assert len(store.documents) >= 2


def test_a_session_of_another_method_is_handed_to_who_logs_in_by_it(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """A caller's own way to log in is one; who logs in by password does not get what it made, nor replaces it silently."""
    first, second = farm(vcenter, tmp_path, 2, store)

    def own(client: SoapClient) -> None:
        client.log_in(USER, PASSWORD)

    made = first.get("soap", login_soap=own, login_as="robot")
    assert second.get("soap", login_soap=own, login_as="robot") == made
    assert len(vcenter.logins) == 1


def test_a_killed_call_has_left_the_fleets_session_and_no_login_ends_it(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """The file beside the cache file is the fleet's session: killed between the commit and the file."""
    first, second = farm(vcenter, tmp_path, 2, store)
    made = first.get("soap")
    (file,) = (first.home / ".govmomi" / "sessions").iterdir()
    left = file.with_name(f".{file.name}.left.session")
    file.rename(left)
    assert files_beside(str(file), ".session") == [str(left)], "as a killed call leaves it"
    first.get("soap", reauth=True)
    assert {session.id for session in vcenter.sessions} > set(made)
    assert second.get("soap") != made


class Memory(KeyringBackend):
    """A keyring for as long as a test."""

    priority = 1

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        """As a keyring does."""
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """As a keyring does."""
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """As a keyring does."""
        del self.kept[service, username]


@pytest.fixture
def keyring_here() -> Iterator[None]:
    """The platform's keyring is one of the test's own."""
    before = keyring.get_keyring()
    keyring.set_keyring(Memory())
    yield
    keyring.set_keyring(before)


@pytest.mark.usefixtures("keyring_here")
def test_an_encrypted_cache_shares_like_any_other(vcenter: SimulatedVCenter, store: Store, tmp_path: Path) -> None:
    """What is on the disk is the machine's own business."""
    sealed, clear = farm(vcenter, tmp_path, 2, store)
    made = clear.get("soap")
    assert sealed.get("soap", encrypted=True) == made
    assert not (sealed.home / ".govmomi").exists()


@pytest.mark.usefixtures("keyring_here")
def test_the_fleets_session_that_was_kept_in_clear_is_not_ended_for_the_encrypted_one(
    vcenter: SimulatedVCenter, store: Store, tmp_path: Path
) -> None:
    """On one machine the next login ends it; here others use it."""
    first, second = farm(vcenter, tmp_path, 2, store)
    old = first.get("soap", encrypted=True)
    new = second.get("soap", reauth=True)
    assert first.get("soap") == new, "in clear"
    assert first.get("soap", encrypted=True) == old
    newest = first.get("soap", encrypted=True, reauth=True)
    assert {session.id for session in vcenter.sessions} == {*old, *new, *newest}


def test_a_session_that_a_program_discards_is_nobodys(vcenter: SimulatedVCenter, store: Store, tmp_path: Path) -> None:
    """It ends for all."""
    first, second = farm(vcenter, tmp_path, 2, store)
    (made,) = first.get("soap")
    session, client = first.session(), SoapClient()
    session.login(client)
    session.discard(client)
    assert vcenter.session_count == 0
    assert second.get("soap") != [made]
