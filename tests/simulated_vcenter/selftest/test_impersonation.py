"""Being somebody else, and the tickets that make a session out of another."""

from __future__ import annotations

from pathlib import Path

import pytest

from peers import Govc
from simulated_vcenter import SimulatedVCenter
from simulated_vcenter.selftest.raw import Answer, Raw

ADMIN, ALICE = "administrator@vsphere.local", "alice@vsphere.local"
USERS = {ADMIN: "VMware1!", ALICE: "Secret1!"}


def impersonate(raw: Raw, session: str, name: str, locale: str = "") -> Answer:
    given = f"<userName>{name}</userName>" + (f"<locale>{locale}</locale>" if locale else "")
    return raw.call("ImpersonateUser", "SessionManager", given, session)


@pytest.mark.parametrize("name", [ALICE, "VSPHERE.LOCAL\\alice"])
def test_the_answer_is_a_session_of_the_target_and_ones_own_lives_on(name: str) -> None:
    with SimulatedVCenter(USERS) as vc:
        vc.add_session(ALICE)
        raw = Raw(vc.url, vc.ca_file)
        own = raw.login(ADMIN, USERS[ADMIN]).session_id
        answer = impersonate(raw, own, name, "de")
        assert (answer.element("userName"), answer.element("locale")) == ("VSPHERE.LOCAL\\alice", "de")
        assert raw.whoami(answer.session_id) == "VSPHERE.LOCAL\\alice"
        assert raw.whoami(own) == "VSPHERE.LOCAL\\administrator"
        assert vc.session_count == 3


def test_nobody_can_be_somebody_without_a_session(tmp_path: Path) -> None:
    with SimulatedVCenter(USERS) as vc:
        raw = Raw(vc.url, vc.ca_file)
        own = raw.login(ADMIN, USERS[ADMIN]).session_id
        assert "InvalidLoginFault" in impersonate(raw, own, ALICE).text
        vc.add_session(ALICE, "rest")
        assert "InvalidLoginFault" in impersonate(raw, own, ALICE).text
        assert vc.refusals == [f"{ALICE} has no session"] * 2
        assert Govc(tmp_path, vc.url, ADMIN, USERS[ADMIN], insecure=True).run("session.login", "-as", ALICE).returncode


def test_it_takes_a_privilege_and_a_session() -> None:
    with SimulatedVCenter(USERS, impersonators=[ADMIN]) as vc:
        vc.add_session(ADMIN)
        raw = Raw(vc.url, vc.ca_file)
        own = raw.login(ALICE, USERS[ALICE]).session_id
        answer = impersonate(raw, own, ADMIN)
        assert "NoPermissionFault" in answer.text
        assert answer.element("privilegeId") == "Sessions.ImpersonateUser"
        assert "NotAuthenticatedFault" in impersonate(raw, "", ADMIN).text
        assert vc.session_count == 2


def test_govc_becomes_somebody_else(tmp_path: Path) -> None:
    with SimulatedVCenter(USERS) as vc:
        vc.add_session(ALICE)
        client = Govc(tmp_path, vc.url, ADMIN, USERS[ADMIN], ca_file=Path(vc.ca_file))
        client.ok("session.login", "-as", ALICE)
        assert [session.user for session in vc.sessions] == [ALICE, ADMIN, ALICE]
        assert client.json("session.ls")["currentSession"]["userName"] == "VSPHERE.LOCAL\\alice"


def test_a_ticket_is_good_once_and_while_its_issuer_lives() -> None:
    with SimulatedVCenter() as vc:
        raw = Raw(vc.url, vc.ca_file)
        own = raw.login(ADMIN, "VMware1!").session_id
        first, second = (
            raw.call("AcquireCloneTicket", "SessionManager", session=own).element("returnval") for _ in range(2)
        )

        def clone(ticket: str) -> int:
            return raw.call("CloneSession", "SessionManager", f"<cloneTicket>{ticket}</cloneTicket>").status

        assert [clone(first), clone(first)] == [200, 500]
        raw.logout(own)
        assert clone(second) == 500
        assert vc.refusals == ["unknown or used clone ticket", "the session that issued the clone ticket is over"]
        assert vc.session_count == 1
