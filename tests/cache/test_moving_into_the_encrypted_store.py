"""Once sessions are to be encrypted, nothing that the helper had in clear for the same endpoint and user stays in clear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.processes import killed_in
from peers import Govc
from simulated_vcenter import SimulatedVCenter, faults
from support.encrypted_files import encrypt, sealed_files, sealed_ids
from support.file_keyring import install, session_key
from support.program import PASSWORD, USER, Helper, request
from vsphere_session.clock import Clock
from vsphere_session.storage.lock import Lock

pytestmark = pytest.mark.sessions_counted_by_hand


@pytest.fixture
def keyring(vcenter: SimulatedVCenter, helper: Helper) -> Iterator[Path]:
    """A host with a keyring. At the end the sessions on the server are those in the files, sealed or not."""
    path = install(helper)
    yield path
    sealed = sealed_ids(helper.home, session_key(path), vcenter) if sealed_files(helper.home) else set()
    assert {session.id for session in vcenter.sessions} == sealed | helper.sessions_in_files


def ids(fields: dict[str, str]) -> tuple[str, str]:
    return fields["soap_session_id"], fields["rest_session_id"]


def clear_files(helper: Helper) -> list[Path]:
    """Files in govmomi's directories."""
    return [path for path in (helper.home / ".govmomi").rglob("*") if path.is_file()]


def test_the_next_get_moves_both_sessions_and_needs_no_login(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path
) -> None:
    """Whichever kind is asked for: the other one must not stay in clear, either."""
    first = helper.ok("get", request(vcenter, password=PASSWORD))
    assert len(clear_files(helper)) == 2
    encrypt(helper.home)
    moved = helper.ok("get", request(vcenter, api="rest"))
    assert (moved["source"], moved["rest_session_id"]) == ("cache", first["rest_session_id"])
    assert clear_files(helper) == []
    again = helper.ok("get", request(vcenter))
    assert (again["source"], ids(again), again["expires_at"]) == ("cache", ids(first), first["expires_at"])
    assert len(vcenter.logins) == 2
    assert keyring.exists()


@pytest.mark.parametrize("verb", ["get", "erase", "store"])
def test_reauth_erase_and_store_end_what_was_in_clear(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path, verb: str
) -> None:
    first = helper.ok("get", request(vcenter, password=PASSWORD))
    encrypt(helper.home)
    made = {"soap_session_id": vcenter.add_session(USER), "rest_session_id": vcenter.add_session(USER, "rest")}
    for each in made.values() if verb != "store" else ():
        vcenter.end(each)
    given: dict[str, dict[str, object]] = {"get": {"password": PASSWORD, "reauth": True}, "store": dict(made)}
    more = given.get(verb, {})
    helper.ok(verb, request(vcenter, **more))
    assert clear_files(helper) == []
    assert not {session.id for session in vcenter.sessions} & set(ids(first))
    assert keyring.exists()


def test_a_second_session_in_clear_leaves_it_at_once_and_is_ended_by_the_next_login(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path
) -> None:
    """As when somebody switches to files and back, or has two configurations."""
    config = encrypt(helper.home)
    sealed = helper.ok("get", request(vcenter, password=PASSWORD))
    config.write_text("")
    clear = helper.ok("get", request(vcenter, password=PASSWORD))
    assert set(ids(clear)).isdisjoint(ids(sealed))
    encrypt(helper.home)
    assert ids(helper.ok("get", request(vcenter))) == ids(sealed)
    assert clear_files(helper) == []
    assert sealed_ids(helper.home, session_key(keyring), vcenter) == {*ids(sealed), *ids(clear)}
    fresh = helper.ok("get", request(vcenter, password=PASSWORD, reauth=True))
    assert {session.id for session in vcenter.sessions} == set(ids(fresh))


def test_a_session_that_govc_has_cached_for_itself_stays_govcs(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path
) -> None:
    """Also where the helper has used it while it kept sessions in govmomi's files."""
    govc = Govc(helper.home / ".govmomi", vcenter.url, USER, PASSWORD, ca_file=Path(vcenter.ca_file))
    govc.ok("session.login")
    theirs = helper.ok("get", request(vcenter, api="soap", verify="always"))
    before = {path: path.read_bytes() for path in clear_files(helper)}
    encrypt(helper.home)
    ours = helper.ok("get", request(vcenter, api="soap", password=PASSWORD))
    assert ours["soap_session_id"] != theirs["soap_session_id"]
    assert {path: path.read_bytes() for path in clear_files(helper)} == before
    assert keyring.exists()


def test_what_a_killed_call_set_aside_in_clear_leaves_it_and_is_ended_by_the_next_login(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path
) -> None:
    fault = vcenter.faults.add("GET /api/session", faults.stall(), times=1)
    killed_in(helper, fault, request(vcenter, password=PASSWORD, api="rest"))
    assert len(clear_files(helper)) == 1, "nothing was set aside"
    half = helper.home / ".govmomi" / "rest_sessions" / f"{clear_files(helper)[0].name.removesuffix('.session')}.tmp"
    half.write_bytes(b'{"SoapClient"')
    encrypt(helper.home)
    fresh = helper.ok("get", request(vcenter, password=PASSWORD, api="rest"))
    assert clear_files(helper) == []
    assert {session.id for session in vcenter.sessions} == {fresh["rest_session_id"]}
    assert keyring.exists()


def test_while_somebody_is_at_work_there_it_waits_for_the_next_call(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path
) -> None:
    first = helper.ok("get", request(vcenter, password=PASSWORD, api="soap"))
    (path,) = (helper.home / ".local/state/vsphere-session/locks").iterdir()
    encrypt(helper.home)
    with Lock(str(path), Clock()) as lock:
        assert lock.try_acquire()
        assert helper.call("get", request(vcenter, api="soap")).kind == "not-found"
        assert len(clear_files(helper)) == 1
    assert helper.ok("get", request(vcenter, api="soap"))["soap_session_id"] == first["soap_session_id"]
    assert clear_files(helper) == []
    assert keyring.exists()


def test_without_a_keyring_what_is_in_clear_stays_where_it_is_and_is_not_used(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path
) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    before = {path: path.read_bytes() for path in clear_files(helper)}
    encrypt(helper.home)
    assert helper.call("get", request(vcenter, password=PASSWORD), KEYRING_DOES="unusable").kind == "unsupported"
    assert {path: path.read_bytes() for path in clear_files(helper)} == before
    assert len(vcenter.logins) == 2
    assert not keyring.exists()
