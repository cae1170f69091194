"""`session_store = "encrypted"`: sessions in the helper's own directory, sealed by a key that is in the platform's keyring."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.processes import killed_in
from simulated_vcenter import SimulatedVCenter, faults
from support.encrypted_files import encrypt, key_text, sealed_file, sealed_files, sealed_ids, unsealed
from support.file_keyring import install, session_key, times_set
from support.program import PASSWORD, USER, Helper, request
from vsphere_session import Session, SoapClient, parse_endpoint

pytestmark = pytest.mark.sessions_counted_by_hand


@pytest.fixture
def keyring(vcenter: SimulatedVCenter, helper: Helper) -> Iterator[Path]:
    """A host with a keyring and encrypted sessions. At the end every session on the server is in a file."""
    path = install(helper)
    encrypt(helper.home)
    yield path
    known = sealed_ids(helper.home, session_key(path), vcenter) if sealed_files(helper.home) else set()
    assert {session.id for session in vcenter.sessions} <= known | helper.sessions_in_files


def holding(home: Path, *secrets: str) -> list[Path]:
    """The files below `home` that have one of these in clear."""
    files = [path for path in home.rglob("*") if path.is_file()]
    return [path for path in files if any(secret.encode() in path.read_bytes() for secret in secrets)]


def ids(fields: dict[str, str]) -> tuple[str, str]:
    return fields["soap_session_id"], fields["rest_session_id"]


# ---- get, store, erase


def test_get_answers_without_file_names_and_no_file_has_a_session_id_in_clear(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path
) -> None:
    """A field that does not apply is left out; the rest is as ever."""
    first = helper.ok("get", request(vcenter, password=PASSWORD))
    assert set(first) == {
        "url", "username", "soap_session_id", "rest_session_id", "source", "expires_at", "api_version",
    }  # fmt: skip
    again = helper.ok("get", request(vcenter))
    assert again == first | {"source": "cache"}
    asked = helper.ok("get", request(vcenter, verify="always"))
    assert (ids(asked), asked["source"]) == (ids(first), "cache")
    assert holding(helper.home, *ids(first)) == []
    assert not (helper.home / ".govmomi").exists()
    assert times_set(keyring) == ["vsphere-session:session-key"]


def test_a_sealed_file_is_what_govmomi_would_have_under_aes_256_gcm_and_bound_to_its_key(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path
) -> None:
    """Mode 0600 in directories 0700; every time it is written the nonce is another one."""
    first = helper.ok("get", request(vcenter, password=PASSWORD))
    for kind in ("soap", "rest"):
        text = key_text(vcenter, kind)
        path = sealed_file(helper.home, text)
        content = json.loads(unsealed(path.read_bytes(), session_key(keyring), text))
        assert content["SoapClient"]["url"]["Host"] == vcenter.authority
        found = content["SessionID"] if kind == "rest" else content["SoapClient"]["cookies"][0]["Value"]
        assert found == first[f"{kind}_session_id"]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [stat.S_IMODE(parent.stat().st_mode) for parent in path.parents[:3]] == [0o700] * 3
    before = {path: path.read_bytes()[:28] for path in sealed_files(helper.home)}
    helper.ok("get", request(vcenter, password=PASSWORD, reauth=True))
    assert all(path.read_bytes()[:28] != head for path, head in before.items())


def test_reauth_ends_the_session_that_it_replaces_and_erase_ends_what_there_is(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path
) -> None:
    first = helper.ok("get", request(vcenter, password=PASSWORD))
    second = helper.ok("get", request(vcenter, password=PASSWORD, reauth=True))
    assert {session.id for session in vcenter.sessions} == set(ids(second))
    assert not set(ids(first)) & set(ids(second))
    assert helper.ok("erase", request(vcenter)) == {"erased": "soap,rest"}
    assert (vcenter.sessions, sealed_files(helper.home)) == ([], [])
    assert keyring.exists()


def test_store_seals_the_sessions_that_it_adopts(vcenter: SimulatedVCenter, helper: Helper, keyring: Path) -> None:
    made = {"soap_session_id": vcenter.add_session(USER), "rest_session_id": vcenter.add_session(USER, "rest")}
    assert helper.ok("store", request(vcenter, **made)) == {"stored": "soap,rest"}
    assert helper.ok("get", request(vcenter)).items() >= (made | {"source": "cache"}).items()
    assert holding(helper.home, *made.values()) == []
    assert times_set(keyring) == ["vsphere-session:session-key"]


def test_passthrough_needs_no_keyring(vcenter: SimulatedVCenter, helper: Helper) -> None:
    encrypt(helper.home)
    owned = helper.ok("get", request(vcenter, password=PASSWORD, passthrough=True))
    assert sealed_files(helper.home) == []
    for kind in ("soap", "rest"):
        helper.ok("erase", request(vcenter, passthrough=True, **{f"{kind}_session_id": owned[f"{kind}_session_id"]}))
    assert vcenter.sessions == []


def test_a_conversation_and_protocols_with_one_secret_use_it_like_any_other(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path
) -> None:
    encrypt(helper.home, f'[endpoint."{vcenter.authority}"]\nusername = "{USER}"\nca_file = "{vcenter.ca_file}"\n')
    get = json.dumps(request(vcenter, action="get", password=PASSWORD)).encode() + b"\n"
    first, second = map(json.loads, helper.run(stdin=2 * get).stdout.splitlines())
    assert (first["source"], second["source"], ids(second)) == ("login", "cache", ids(first))
    asked = f"protocol=https\nhost={vcenter.authority}\n\n".encode()
    assert (
        f"password={first['rest_session_id']}\n" in helper.run("--protocol", "git", "get", stdin=asked).stdout.decode()
    )
    assert times_set(keyring) == ["vsphere-session:session-key"]


def test_a_killed_calls_session_is_set_aside_sealed_and_ended_by_the_next_login(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path
) -> None:
    fault = vcenter.faults.add("GET /api/session", faults.stall(), times=1)
    killed_in(helper, fault, request(vcenter, password=PASSWORD, api="rest"))
    (left,) = vcenter.sessions
    assert sealed_ids(helper.home, session_key(keyring), vcenter) == {left.id}
    assert holding(helper.home, left.id) == []
    fresh = helper.ok("get", request(vcenter, password=PASSWORD, api="rest"))
    assert {session.id for session in vcenter.sessions} == {fresh["rest_session_id"]}


# ---- what it gives up


@pytest.mark.parametrize("configured", [True, False])
def test_output_files_is_an_invalid_request(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path, configured: bool
) -> None:
    encrypt(helper.home, 'output = "files"\n' if configured else "")
    fields = {} if configured else {"output": "files"}
    reply = helper.call("get", request(vcenter, password=PASSWORD, **fields))
    assert (reply.kind, reply.status) == ("invalid-request", 2)
    assert 'session_store = "files"' in reply.stderr
    assert (vcenter.logins, keyring.exists()) == ([], False)


@pytest.mark.parametrize("arguments", [("exec", "--", sys.executable, "-V"), ("export",)], ids=lambda a: a[0])
def test_exec_and_export_are_unsupported_and_log_nobody_in(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path, arguments: tuple[str, ...]
) -> None:
    """The programs that they serve look into govmomi's files."""
    encrypt(helper.home, f'ca_file = "{vcenter.ca_file}"\n')
    reply = helper.run(*arguments, GOVC_URL=vcenter.url, GOVC_USERNAME=USER, GOVC_PASSWORD=PASSWORD)
    assert reply.status == 10, reply
    assert 'session_store = "files"' in reply.stderr
    assert reply.stdout == b""
    assert (vcenter.logins, keyring.exists()) == ([], False)


def test_it_can_be_chosen_for_one_endpoint(vcenter: SimulatedVCenter, helper: Helper) -> None:
    install(helper)
    config = encrypt(helper.home)
    config.write_text(f'[endpoint."{vcenter.authority}"]\nsession_store = "encrypted"\n')
    assert "soap_session_file" not in helper.ok("get", request(vcenter, password=PASSWORD))
    assert helper.ok("erase", request(vcenter))["erased"] == "soap,rest"
    config.write_text(f'session_store = "encrypted"\n[endpoint."{vcenter.authority}"]\nsession_store = "files"\n')
    assert "soap_session_file" in helper.ok("get", request(vcenter, password=PASSWORD))


def test_another_value_is_an_invalid_request_that_names_both(helper: Helper) -> None:
    encrypt(helper.home).write_text('session_store = "sealed"\n')
    reply = helper.call("get", {"url": "vc"})
    assert reply.kind == "invalid-request"
    assert "session_store is neither files nor encrypted" in reply.stderr


# ---- what cannot be opened is no session


def damage(path: Path, how: str) -> None:
    """Change a sealed file."""
    data = bytearray(path.read_bytes())
    at = {"version": 15, "ciphertext": 40}.get(how)
    if at is not None:
        data[at] ^= 1
    path.write_bytes({"empty": b"", "cut": bytes(data[:20])}.get(how, bytes(data)))


@pytest.mark.parametrize("how", ["version", "ciphertext", "empty", "cut"])
def test_a_file_that_was_tampered_with_is_no_session_and_gets_replaced(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path, how: str
) -> None:
    """Its session cannot be ended, as nobody knows it; it idles out. `promises 8` tries every byte."""
    first = helper.ok("get", request(vcenter, password=PASSWORD, api="soap"))
    damage(sealed_file(helper.home, key_text(vcenter, "soap")), how)
    assert helper.call("get", request(vcenter, api="soap")).kind == "not-found"
    second = helper.ok("get", request(vcenter, password=PASSWORD, api="soap"))
    assert (second["source"], helper.ok("get", request(vcenter, api="soap"))["source"]) == ("login", "cache")
    vcenter.end(first["soap_session_id"])
    assert times_set(keyring) == ["vsphere-session:session-key"]


@pytest.mark.parametrize("lost", ["gone", "another", "garbage"])
def test_a_lost_key_costs_a_login_and_a_new_key_is_made(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path, lost: str
) -> None:
    first = helper.ok("get", request(vcenter, password=PASSWORD))
    other = {"gone": {}, "another": {"aes-256-gcm": "00" * 32}, "garbage": {"aes-256-gcm": "key"}}[lost]
    keyring.write_text(json.dumps({"vsphere-session:session-key": other}))
    second = helper.ok("get", request(vcenter, password=PASSWORD))
    assert second["source"] == "login"
    assert helper.ok("get", request(vcenter)) == second | {"source": "cache"}
    for each in ids(first):
        vcenter.end(each)


def test_what_cannot_be_opened_is_removed_by_erase(vcenter: SimulatedVCenter, helper: Helper, keyring: Path) -> None:
    first = helper.ok("get", request(vcenter, password=PASSWORD))
    keyring.unlink()
    assert helper.ok("erase", request(vcenter)) == {"erased": "soap,rest"}
    assert sealed_files(helper.home) == []
    for each in ids(first):
        vcenter.end(each)


def test_the_file_of_another_user_or_kind_in_its_place_is_no_session(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path
) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    mine = sealed_file(helper.home, key_text(vcenter, "soap"))
    kept = mine.read_bytes()
    others = sealed_file(helper.home, key_text(vcenter, "soap", "operator@vsphere.local"))
    others.write_bytes(kept)
    assert helper.call("get", request(vcenter, username="operator@vsphere.local")).kind == "not-found"
    mine.write_bytes(sealed_file(helper.home, key_text(vcenter, "rest")).read_bytes())
    assert helper.call("get", request(vcenter)).kind == "not-found"
    mine.write_bytes(kept)
    assert helper.ok("get", request(vcenter))["source"] == "cache"
    assert keyring.exists()


# ---- the Python API


def test_a_python_caller_can_have_it(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`Session(encrypted=True)` has the program's sessions, by whatever keyring its own process has."""
    first = helper.ok("get", request(vcenter, password=PASSWORD))
    monkeypatch.setattr("keyring.get_password", lambda *_asked: session_key(keyring).hex())
    url = parse_endpoint(vcenter.url).with_user(USER)
    environ = {"HOME": str(helper.home)}
    with SoapClient() as soap:
        assert not Session(url, ca_file=vcenter.ca_file, environ=environ).load(soap)
        assert Session(url, ca_file=vcenter.ca_file, environ=environ, encrypted=True).load(soap)
        assert soap.session_id == first["soap_session_id"]
