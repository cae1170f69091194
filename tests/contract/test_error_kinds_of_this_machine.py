"""`busy`, `storage` and `internal`: what goes wrong on this machine."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from contract.processes import finished, running
from credential_protocol.messages import Answer, Failure
from simulated_vcenter import SimulatedVCenter, faults
from support import PASSWORD, USER, Helper, request
from vsphere_session import entry, service

WRONG = "wr0ng-Omega"

# ---- busy


def test_busy_is_8_and_names_the_process_that_holds_the_lock_for_longer_than_the_timeout(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    goes_on = threading.Event()
    held = vcenter.faults.add("=Login", faults.wait_for(goes_on), times=1)
    with running(helper, "get", request(vcenter, password=PASSWORD)) as holder:
        assert held.reached.wait(20)
        reply = helper.call("get", request(vcenter, password=PASSWORD), "--timeout", "0.3")
        assert (reply.kind, reply.status) == ("busy", 8)
        assert f"pid {holder.pid}" in reply.stderr
        goes_on.set()
        assert finished(holder).status == 0
    assert vcenter.login_attempts == 2  # one per kind, all of them the holder's


def test_busy_is_nobody_whose_session_is_good(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """The lock is for logins: while another process logs in anew, the cached session is handed out."""
    first = helper.ok("get", request(vcenter, password=PASSWORD))
    goes_on = threading.Event()
    held = vcenter.faults.add("=Login", faults.wait_for(goes_on), times=1)
    with running(helper, "get", request(vcenter, password=PASSWORD, reauth=True)) as holder:
        assert held.reached.wait(20)
        again = helper.ok("get", request(vcenter), "--timeout", "5")
        assert again["soap_session_id"] == first["soap_session_id"]
        goes_on.set()
        assert finished(holder).status == 0


# ---- storage


def test_storage_is_9_where_the_cache_directory_cannot_be_one(vcenter: SimulatedVCenter, helper: Helper) -> None:
    (helper.home / "file").write_text("")
    reply = helper.call("get", request(vcenter, password=PASSWORD), GOVMOMI_HOME=str(helper.home / "file"))
    assert (reply.kind, reply.status) == ("storage", 9)
    assert str(helper.home / "file") in reply.stderr
    assert vcenter.login_attempts == 0


@pytest.mark.parametrize("kind", ["directory", "symbolic link", "FIFO"])
def test_storage_is_also_a_cache_file_that_is_none(vcenter: SimulatedVCenter, helper: Helper, kind: str) -> None:
    path = Path(helper.ok("get", request(vcenter, password=PASSWORD))["soap_session_file"])
    moved = path.rename(path.parent / "moved")
    if kind == "directory":
        path.mkdir()
    elif kind == "symbolic link":
        path.symlink_to(moved)
    else:
        os.mkfifo(path)
    reply = helper.call("get", request(vcenter, password=PASSWORD))
    assert (reply.kind, reply.status) == ("storage", 9)
    assert kind in reply.stderr
    assert str(path) in reply.stderr


def test_storage_is_also_a_file_that_belongs_to_somebody_else(vcenter: SimulatedVCenter, helper: Helper) -> None:
    path = Path(helper.ok("get", request(vcenter, password=PASSWORD))["soap_session_file"])
    if os.geteuid() == 0:
        os.chown(path, 12345, -1)
    else:  # the nearest thing that does not take root: somebody else's file under our name
        path.unlink()
        path.symlink_to("/etc/passwd")
    assert helper.call("get", request(vcenter)).kind == "storage"


# ---- internal


def test_internal_is_70_and_one_line_that_says_how_to_report_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], home: Path
) -> None:
    status, out, err = _bug(monkeypatch, capfd, home, "--timeout=1")
    assert (status, out.count("\n"), err.count("\n")) == (70, 1, 1)
    assert out.startswith('{"error": "internal", "message": "')
    assert "report" in err
    assert WRONG not in out + err


def test_internal_shows_the_traceback_only_with_vv(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], home: Path
) -> None:
    assert "File" not in _bug(monkeypatch, capfd, home, "-v")[2]
    status, out, err = _bug(monkeypatch, capfd, home, "-vv")
    assert (status, out.count("\n")) == (70, 1)
    assert "File" in err
    assert WRONG not in out + err


def _bug(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], home: Path, option: str
) -> tuple[int, str, str]:
    """What the program does when something inside it goes wrong in a way that nobody thought of."""

    def broken(*_arguments: object) -> Answer:
        raise ZeroDivisionError(f"with the password {WRONG} in its text")

    monkeypatch.setitem(service.VERBS, "get", broken)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(entry, "_read_request", lambda _timeout: b'{"url": "vc", "username": "%s"}' % USER.encode())
    status = entry.run([option, "get"])
    said = capfd.readouterr()
    return status, said.out, said.err


def test_internal_is_what_an_unknown_kind_of_failure_ends_as() -> None:
    assert Failure("x", kind="no such kind").status == 70
