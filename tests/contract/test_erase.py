"""`erase`, sentence by sentence."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from contract.desk import Desk, SharedClock
from contract.processes import snapshot
from simulated_vcenter import SimulatedVCenter, faults
from support.program import PASSWORD, USER, Helper, request

SOMEBODY = "somebody@vsphere.local"


def nameless(vcenter: SimulatedVCenter, **fields: object) -> dict[str, object]:
    return {"url": vcenter.authority, "ca_file": vcenter.ca_file, **fields}


# ---- it ends the session on the server, then removes the file


def test_erase_ends_the_session_on_the_server_and_then_removes_the_file(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    path = Path(helper.ok("get", request(vcenter, password=PASSWORD, api="soap"))["soap_session_file"])
    was_there = []
    vcenter.faults.add("Logout", faults.after(lambda: was_there.append((path.exists(), vcenter.session_count))))
    assert helper.ok("erase", request(vcenter, api="soap")) == {"erased": "soap"}
    assert was_there == [(True, 0)]
    assert not path.exists()


def test_erase_of_one_kind_leaves_the_other_alone(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    assert helper.ok("erase", request(vcenter, api="rest")) == {"erased": "rest"}
    assert [session.kind for session in vcenter.sessions] == ["soap"]


def test_erase_of_a_given_session_does_not_depend_on_the_configured_api(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    session_id = vcenter.add_session(USER, "rest")
    (helper.home / "config.toml").write_text('api = "soap"\n')
    fields = request(vcenter, rest_session_id=session_id)
    assert helper.ok("erase", fields, "--config", str(helper.home / "config.toml")) == {"erased": "rest"}
    assert vcenter.session_count == 0


# ---- it never logs in


def test_erase_never_logs_in_and_bothers_no_server_where_nothing_is_cached(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    assert helper.ok("erase", request(vcenter, password=PASSWORD)) == {"erased": ""}
    assert vcenter.requests == []


def test_erase_never_logs_in_where_the_session_has_ended(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    vcenter.end_all()
    attempts = vcenter.login_attempts
    assert helper.ok("erase", request(vcenter, password=PASSWORD))["erased"] == "soap,rest"
    assert vcenter.login_attempts == attempts
    assert helper.sessions_in_files == set()


def test_erase_of_nothing_succeeds_at_a_server_that_does_not_exist(helper: Helper) -> None:
    assert helper.ok("erase", {"url": "no-such-host.invalid", "username": "u"}) == {"erased": ""}


# ---- what does not keep the file


@pytest.mark.sessions_counted_by_hand
def test_a_server_that_cannot_be_reached_does_not_keep_the_file(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    with vcenter.offline():
        reply = helper.ok("erase", request(vcenter))
    assert reply["erased"] == "soap,rest"
    assert vcenter.authority in reply["warning"]
    assert snapshot(helper.home) == {}
    assert vcenter.session_count == 2, "nobody told the server"
    assert helper.ok("erase", request(vcenter)) == {"erased": ""}


@pytest.mark.sessions_counted_by_hand
@pytest.mark.parametrize("where", ["Logout", "DELETE"])
def test_a_server_that_does_not_end_the_session_does_not_keep_the_file(
    vcenter: SimulatedVCenter, helper: Helper, where: str
) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    vcenter.faults.add(where, faults.status(500))
    reply = helper.ok("erase", request(vcenter))
    assert reply["erased"] == "soap,rest"
    assert "500" in reply["warning"]
    assert snapshot(helper.home) == {}
    assert vcenter.session_count == 1


@pytest.mark.sessions_counted_by_hand
def test_a_server_that_never_answers_is_given_up_at_the_timeout(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    vcenter.faults.add("Logout", faults.stall())
    reply = helper.ok("erase", request(vcenter), "--timeout", "0.5")
    assert "warning" in reply
    assert snapshot(helper.home) == {}
    assert [session.kind for session in vcenter.sessions] == ["soap", "rest"], (
        "there was no time left for the other one"
    )


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b'{"SoapClient": 7}', b"\xff\xfe", b"a" * 2_000_000])
def test_a_file_in_which_there_is_no_session_is_removed_without_asking(
    vcenter: SimulatedVCenter, helper: Helper, content: bytes
) -> None:
    path = Path(helper.ok("get", request(vcenter, password=PASSWORD, api="soap"))["soap_session_file"])
    vcenter.end_all()
    path.write_bytes(content)
    seen = len(vcenter.requests)
    assert helper.ok("erase", request(vcenter, api="soap")) == {"erased": "soap"}
    assert not path.exists()
    assert len(vcenter.requests) == seen


# ---- whose session it is


def test_erase_without_a_user_name_touches_the_nameless_session_and_no_other(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    helper.ok("store", request(vcenter, password=PASSWORD), "--secret-store", "file")
    named = helper.ok("get", request(vcenter))
    assert helper.ok("erase", nameless(vcenter)) == {"erased": ""}
    helper.ok("store", nameless(vcenter, soap_session_id=vcenter.add_session(USER)))
    assert helper.ok("erase", nameless(vcenter)) == {"erased": "soap"}
    assert {session.id for session in vcenter.sessions} == {named["soap_session_id"], named["rest_session_id"]}
    assert helper.ok("get", request(vcenter, reauth=True))["source"] == "login", "the password is still there"


def test_erase_with_a_user_name_leaves_every_other_session_alone(vcenter: SimulatedVCenter, helper: Helper) -> None:
    vcenter.set_password(SOMEBODY, "other")
    helper.ok("get", request(vcenter, password=PASSWORD, api="soap"))
    kept = {
        helper.ok("get", request(vcenter, username=SOMEBODY, password="other", api="soap"))["soap_session_id"],
        helper.ok("get", request(vcenter, password=PASSWORD, insecure=True, api="soap"))["soap_session_id"],
        vcenter.add_session(USER),
    }
    helper.ok("store", nameless(vcenter, soap_session_id=(kept - helper.sessions_in_files).pop()))
    assert helper.ok("erase", request(vcenter)) == {"erased": "soap"}
    assert {session.id for session in vcenter.sessions} == kept
    assert helper.sessions_in_files == kept


def test_erase_forgets_the_password_of_the_user_named_and_of_no_other(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    vcenter.set_password(SOMEBODY, "other")
    for name, password in ((USER, PASSWORD), (SOMEBODY, "other")):
        helper.ok("store", request(vcenter, username=name, password=password), "--secret-store", "file")
    assert helper.ok("erase", request(vcenter, username=SOMEBODY)) == {"erased": "password"}
    assert helper.call("get", request(vcenter, username=SOMEBODY)).kind == "not-found"
    assert helper.ok("get", request(vcenter))["source"] == "login"


def test_erase_with_a_session_id_keeps_the_password(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """Whoever ends a session of his own with `erase` does not want the login forgotten."""
    helper.ok("store", request(vcenter, password=PASSWORD), "--secret-store", "file")
    own = helper.ok("get", request(vcenter, passthrough=True, api="soap"))
    assert helper.ok("erase", request(vcenter, soap_session_id=own["soap_session_id"])) == {"erased": "soap"}
    assert helper.ok("get", request(vcenter))["source"] == "login"


# ---- beside another process


def test_erase_that_waits_for_a_login_ends_the_session_which_that_has_made(desk: Desk) -> None:
    """Else the new session's file would be removed, and nobody would know the session any more."""
    desk.ask("get", password=PASSWORD, api="soap")
    login_goes_on, erase_waits = threading.Event(), threading.Event()
    held = desk.vcenter.faults.add("=Login", faults.wait_for(login_goes_on), times=1)

    class Waiting(SharedClock):
        def sleep(self, seconds: float) -> None:
            erase_waits.set()
            super().sleep(seconds)

    login = threading.Thread(target=lambda: desk.ask("get", password=PASSWORD, api="soap", reauth=True))
    login.start()
    assert held.reached.wait(20)
    desk.clock = Waiting(desk.vcenter)
    erase = threading.Thread(target=lambda: desk.ask("erase", api="soap"))
    erase.start()
    assert erase_waits.wait(20)
    login_goes_on.set()
    login.join(20)
    erase.join(20)
    assert desk.vcenter.session_count == 0
