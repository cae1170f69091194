"""The secret store: a file of mode 0600 by choice, the platform's keyring by default, and hosts without one."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from simulated_vcenter import SimulatedVCenter
from support.file_keyring import install
from support.program import PASSWORD, USER, Helper, request
from vsphere_session.clock import Clock
from vsphere_session.storage.lock import Lock


@pytest.fixture
def keyring(helper: Helper) -> Path:
    """A host with a keyring; the file is what is in it."""
    return install(helper)


def secrets_file(helper: Helper) -> Path:
    return helper.home / ".local" / "state" / "vsphere-session" / "secrets.json"


def holds(helper: Helper, secret: str) -> set[Path]:
    """Every file below the home directory that has `secret` in it."""
    return {path for path in helper.home.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()}


# ---- the keyring


def test_a_login_is_kept_in_the_platforms_keyring_by_default(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path
) -> None:
    assert helper.ok("store", request(vcenter, password=PASSWORD)) == {"stored": "password"}
    assert json.loads(keyring.read_text()) == {f"vsphere-session:{vcenter.authority}": {USER: PASSWORD}}
    assert holds(helper, PASSWORD) == {keyring}
    assert helper.ok("get", request(vcenter))["source"] == "login"
    assert holds(helper, PASSWORD) == {keyring}


def test_a_back_end_of_the_keyring_may_be_in_an_archive(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path
) -> None:
    """As Python itself allows it where the keyring's configuration names a directory."""
    directory = helper.home / "backend"
    archive = Path(shutil.make_archive(str(helper.home / "archived"), "zip", directory))
    shutil.rmtree(directory)
    archive.rename(directory)
    helper.ok("store", request(vcenter, password=PASSWORD))
    assert PASSWORD in keyring.read_text()
    assert helper.ok("get", request(vcenter))["source"] == "login"


def test_a_login_in_the_keyring_is_forgotten_by_erase(vcenter: SimulatedVCenter, helper: Helper, keyring: Path) -> None:
    helper.ok("store", request(vcenter, password=PASSWORD))
    assert helper.ok("erase", request(vcenter)) == {"erased": "password"}
    assert PASSWORD not in keyring.read_text()
    assert helper.call("get", request(vcenter)).kind == "not-found"


@pytest.mark.usefixtures("keyring")
def test_a_keyring_whose_back_end_is_not_installed_is_a_storage_error_at_once(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    """And not a traceback, and then silence until the deadline."""
    config = helper.home / ".config" / "python_keyring" / "keyringrc.cfg"
    config.write_text("[backend]\ndefault-keyring=not_installed.Keyring\n")
    reply = helper.call("store", request(vcenter, password=PASSWORD))
    assert reply.kind == "storage"
    assert "ModuleNotFoundError" in reply.stderr
    assert holds(helper, PASSWORD) == set()


def test_a_login_that_somebody_removed_from_the_keyring_is_not_found(
    vcenter: SimulatedVCenter, helper: Helper, keyring: Path
) -> None:
    helper.ok("store", request(vcenter, password=PASSWORD))
    keyring.unlink()
    assert helper.call("get", request(vcenter)).kind == "not-found"
    assert helper.ok("erase", request(vcenter))["erased"] in {"", "password"}
    assert helper.ok("erase", request(vcenter)) == {"erased": ""}


@pytest.mark.usefixtures("keyring")
def test_the_keyring_is_not_asked_where_no_login_was_stored_or_none_is_needed(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    """It may prompt, and may take seconds: only for a login that is known to be there, and needed."""
    helper.environment["KEYRING_DOES"] = "block"
    assert helper.call("get", request(vcenter)).kind == "not-found"
    assert helper.ok("get", request(vcenter, password=PASSWORD))["source"] == "login"
    assert helper.ok("get", request(vcenter))["source"] == "cache"
    assert helper.ok("erase", request(vcenter))["erased"] == "soap,rest"


@pytest.mark.parametrize("verb", ["store", "get", "erase"])
@pytest.mark.usefixtures("keyring")
def test_a_keyring_that_never_answers_ends_at_the_timeout(vcenter: SimulatedVCenter, helper: Helper, verb: str) -> None:
    if verb != "store":
        helper.ok("store", request(vcenter, password=PASSWORD))
    fields = request(vcenter, password=PASSWORD) if verb == "store" else request(vcenter)
    reply = helper.call(verb, fields, "--timeout", "1", KEYRING_DOES="block")
    assert reply.kind == "busy"
    assert "keyring" in reply.stderr
    assert vcenter.login_attempts == 0


@pytest.mark.parametrize(("does", "kind"), [("unusable", "unsupported"), ("locked", "storage"), ("fail", "storage")])
@pytest.mark.usefixtures("keyring")
def test_a_keyring_that_fails_says_so_without_the_secret(
    vcenter: SimulatedVCenter, helper: Helper, does: str, kind: str
) -> None:
    reply = helper.call("store", request(vcenter, password=PASSWORD), KEYRING_DOES=does)
    assert reply.kind == kind
    assert "--secret-store file" in reply.stderr
    assert PASSWORD not in reply.stderr


def test_keyring_backends_named_in_the_environment_are_used(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """PYTHON_KEYRING_BACKEND is keyring's own; its `fail` back-end is a host without a keyring."""
    chosen = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    assert helper.call("store", request(vcenter, password=PASSWORD), **chosen).kind == "unsupported"


# ---- no keyring


def test_a_host_without_a_keyring_is_unsupported_and_the_choice_is_named(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    """A headless host: nothing is stored anywhere else behind the user's back."""
    reply = helper.call("store", request(vcenter, password=PASSWORD))
    assert (reply.kind, reply.status) == ("unsupported", 10)
    assert "--secret-store file" in reply.stderr
    assert "secret_store" in reply.stderr
    assert holds(helper, PASSWORD) == set()


# ---- the file


def test_the_file_store_is_a_file_of_mode_0600_in_a_directory_of_0700(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    helper.ok("store", request(vcenter, password=PASSWORD), "--secret-store", "file")
    path = secrets_file(helper)
    assert holds(helper, PASSWORD) == {path}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_file_store_is_found_again_without_being_named(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.ok("store", request(vcenter, password=PASSWORD), "--secret-store", "file")
    assert helper.ok("get", request(vcenter))["source"] == "login"
    assert helper.ok("erase", request(vcenter))["erased"] == "password,soap,rest"
    assert holds(helper, PASSWORD) == set()


def test_the_file_store_repairs_a_looser_mode(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.ok("store", request(vcenter, password=PASSWORD), "--secret-store", "file")
    secrets_file(helper).chmod(0o644)
    helper.ok("get", request(vcenter))
    assert stat.S_IMODE(secrets_file(helper).stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"vc": 1}', b'{"vc": {"u": 1}}', b"\xff"])
def test_the_file_store_that_is_damaged_is_a_storage_error_and_stays_as_it_is(
    vcenter: SimulatedVCenter, helper: Helper, content: bytes
) -> None:
    helper.ok("store", request(vcenter, password=PASSWORD), "--secret-store", "file")
    secrets_file(helper).write_bytes(content)
    for verb, fields in (("get", {}), ("store", {"password": "new"})):
        reply = helper.call(verb, request(vcenter, **fields), "--secret-store", "file")
        assert reply.kind == "storage"
        assert str(secrets_file(helper)) in reply.stderr
    assert secrets_file(helper).read_bytes() == content


def test_the_file_store_of_somebody_else_is_refused(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.ok("store", request(vcenter, password=PASSWORD), "--secret-store", "file")
    path = secrets_file(helper)
    if os.geteuid() == 0:
        os.chown(path, 12345, -1)
    else:  # what can be had without being root: a link to somewhere else
        path.rename(path.parent / "moved")
        path.symlink_to(path.parent / "moved")
    assert helper.call("get", request(vcenter)).kind == "storage"


def test_a_login_is_for_its_place_whatever_the_spelling(vcenter: SimulatedVCenter, helper: Helper) -> None:
    fields = request(vcenter, password=PASSWORD, url=f"HTTPS://{vcenter.authority}/sdk/")
    helper.ok("store", fields, "--secret-store", "file")
    assert helper.ok("get", request(vcenter))["source"] == "login"


def test_a_login_stored_for_https_is_not_sent_in_clear(helper: Helper) -> None:
    with SimulatedVCenter(tls=False) as plain:
        fields = request_for(f"https://{plain.authority}", password=PASSWORD)
        helper.ok("store", fields, "--secret-store", "file")
        assert helper.call("get", request_for(f"http://{plain.authority}")).kind == "not-found"
        assert plain.requests == []


def request_for(url: str, **fields: object) -> dict[str, object]:
    return {"url": url, "username": USER, **fields}


@pytest.mark.usefixtures("keyring")
def test_moving_a_login_from_one_store_to_the_other_leaves_nothing_behind(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    helper.ok("store", request(vcenter, password="old"), "--secret-store", "file")
    helper.ok("store", request(vcenter, password=PASSWORD), "--secret-store", "keyring")
    assert not secrets_file(helper).exists() or "old" not in secrets_file(helper).read_text()
    assert helper.ok("get", request(vcenter))["source"] == "login"


def test_one_caller_at_a_time_changes_the_stored_logins(helper: Helper) -> None:
    """So that two stores at once cannot lose one another's login; who waits too long is told who holds the lock."""
    login = {"url": "vc.example.com", "username": USER, "password": PASSWORD}
    with Lock(str(helper.home / ".local/state/vsphere-session/locks/logins"), Clock()) as lock:
        assert lock.try_acquire()
        reply = helper.call("store", login, "--secret-store", "file", "--timeout", "0.3")
        assert reply.kind == "busy"
        assert f"(pid {os.getpid()})" in reply.stderr
    assert helper.ok("store", login, "--secret-store", "file") == {"stored": "password"}
