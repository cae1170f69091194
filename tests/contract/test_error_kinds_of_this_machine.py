"""`busy` and `storage`: what goes wrong on this machine."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from contract.processes import finished, running
from simulated_vcenter import SimulatedVCenter, faults
from support.program import PASSWORD, Helper, request

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
