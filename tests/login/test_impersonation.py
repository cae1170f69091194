"""Logging in as somebody else, by an administrator's password: the session is the other's, in every respect."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hostile.inside import Inside
from login.three_lines import configure, got, hidden, refused
from peers import VcSim
from simulated_vcenter import SimulatedVCenter, faults
from simulated_vcenter.selftest.raw import Raw
from support.counting import vcsim_ids
from support.program import PASSWORD, USER, Helper, request
from vsphere_session.cache.clients import SoapClient
from vsphere_session.errors import LoginRefusedError
from vsphere_session.vsphere.soap import SoapWire

ALICE = "alice@vsphere.local"
USERS = {USER: PASSWORD, ALICE: "Secret1!"}
LINES = f'impersonate = "{ALICE}"\nusername = "{USER}"'


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    """A vCenter on which alice has a session of her own, which outlives what a test does."""
    with SimulatedVCenter(USERS, impersonators=[USER]) as server:
        own = server.add_session(ALICE)
        yield server
        assert own in {session.id for session in server.sessions}
        server.end(own)


def ours(vc: SimulatedVCenter) -> list[str]:
    """Whose sessions there are, but for alice's own."""
    return [session.user for session in vc.sessions[1:]]


def test_three_lines_make_a_session_of_the_other_and_leave_none_of_the_administrators(
    helper: Helper, vc: SimulatedVCenter
) -> None:
    configure(helper, vc, LINES, {"GOVC_PASSWORD": PASSWORD})
    first, again = got(helper), got(helper)
    assert (first["source"], again["source"]) == ("login", "cache")
    assert first["username"] == "VSPHERE.LOCAL\\alice"
    assert "alice" in first["url"]
    assert Raw(vc.url, vc.ca_file).whoami(first["soap_session_id"]) == "VSPHERE.LOCAL\\alice"
    assert ours(vc) == [ALICE]
    assert not hidden(helper.home)


def test_the_session_is_in_the_others_file_and_never_in_the_administrators(
    helper: Helper, vc: SimulatedVCenter
) -> None:
    as_alice = helper.ok("get", request(vc, impersonate=ALICE, password=PASSWORD, api="soap"))
    by_name = helper.ok("get", request(vc, password=PASSWORD, api="soap"))
    assert by_name["username"] == "VSPHERE.LOCAL\\administrator"
    assert by_name["soap_session_file"] != as_alice["soap_session_file"]
    assert sorted(ours(vc)) == [USER, ALICE]
    again = helper.ok("get", request(vc, impersonate=ALICE, password=PASSWORD, api="soap"))
    assert (again["source"], again["soap_session_id"]) == ("cache", as_alice["soap_session_id"])


def test_alice_herself_does_not_get_what_an_administrator_has_made(helper: Helper, vc: SimulatedVCenter) -> None:
    made = helper.ok("get", request(vc, impersonate=ALICE, password=PASSWORD, api="soap"))
    hers = helper.ok("get", {**request(vc, password=USERS[ALICE], api="soap"), "username": ALICE})
    assert (hers["source"], hers["soap_session_id"] != made["soap_session_id"]) == ("login", True)
    assert ours(vc) == [ALICE]


def test_the_stored_login_of_the_administrator_will_do(helper: Helper, vc: SimulatedVCenter) -> None:
    helper.ok("store", request(vc, password=PASSWORD), "--secret-store", "file")
    configure(helper, vc, f'impersonate = "{ALICE}"\nsecret_store = "file"')
    assert got(helper)["username"] == "VSPHERE.LOCAL\\alice"
    assert ours(vc) == [ALICE]


def test_without_a_login_of_an_administrator_it_says_so(helper: Helper, vc: SimulatedVCenter) -> None:
    configure(helper, vc, f'impersonate = "{ALICE}"\nsecret_store = "file"')
    text = refused(helper, "invalid-request")
    assert (
        text == f"to act as {ALICE} takes the login of an administrator; give its username, and store the password once"
    )
    configure(helper, vc, f'{LINES}\nsecret_store = "file"')
    text = refused(helper, "not-found")
    assert text.startswith(f"there is no password of {USER}, who is to act as {ALICE}; give one, or store it once")
    assert vc.login_attempts == 0


def test_a_privilege_is_missing(helper: Helper, vc: SimulatedVCenter) -> None:
    vc.add_session(USER)
    asked = {**request(vc, impersonate=USER, password=USERS[ALICE], api="soap"), "username": ALICE}
    reply = helper.call("get", asked)
    assert reply.kind == "login-refused"
    assert reply.fields["message"] == (
        f"{vc.authority} does not let {ALICE} act as {USER}: that takes the privilege Sessions.ImpersonateUser at the root of the "
        "inventory; add a role that has it"
    )
    assert ours(vc) == [USER]
    vc.end(vc.sessions[1].id)


@pytest.mark.parametrize("target", ["bob@vsphere.local", "nobody@vsphere.local"])
def test_the_other_has_no_session_or_is_unknown(helper: Helper, vc: SimulatedVCenter, target: str) -> None:
    vc.set_password("bob@vsphere.local", "x")
    asked = request(vc, impersonate=target, password=PASSWORD, api="soap")
    replies = [helper.call("get", asked) for _ in range(2)]
    assert [reply.kind for reply in replies] == ["login-refused"] * 2
    assert replies[1].fields["message"] == (
        f"{vc.authority} does not let {USER} act as {target}: {target} is not known there, or has no session; spell the name as the "
        f"server does, and let {target} log in first"
    )
    assert ours(vc) == []
    assert not hidden(helper.home)


def test_what_was_refused_as_the_other_is_no_refusal_of_the_password(helper: Helper, vc: SimulatedVCenter) -> None:
    helper.call("get", request(vc, impersonate="nobody", password=PASSWORD, api="soap"))
    assert helper.ok("get", request(vc, password=PASSWORD, api="soap"))["source"] == "login"


def test_a_wrong_password_is_tried_once_however_it_is_to_be_used(helper: Helper, vc: SimulatedVCenter) -> None:
    for fields in ({"impersonate": ALICE}, {"impersonate": ALICE}, {}):
        assert helper.call("get", request(vc, password="wrong", api="soap", **fields)).kind == "login-refused"
    assert vc.login_attempts == 1


def test_both_is_soap_alone_and_rest_is_unsupported_before_8_0_3(helper: Helper, vc: SimulatedVCenter) -> None:
    both = helper.ok("get", request(vc, impersonate=ALICE, password=PASSWORD))
    assert "soap_session_id" in both
    assert "rest_session_id" not in both
    reply = helper.call("get", request(vc, impersonate=ALICE, password=PASSWORD, api="rest"))
    assert reply.kind == "unsupported"
    assert "gives no REST session to who logs in by impersonate" in reply.fields["message"]
    assert ours(vc) == [ALICE]


def test_from_8_0_3_on_one_id_is_both(helper: Helper) -> None:
    with SimulatedVCenter(USERS, unified=True) as vc:
        own = vc.add_session(ALICE)
        both = helper.ok("get", request(vc, impersonate=ALICE, password=PASSWORD))
        assert both["soap_session_id"] == both["rest_session_id"]
        assert ours(vc) == [ALICE]
        vc.end(own)


def test_passthrough_leaves_the_others_session_to_its_caller_and_no_other(helper: Helper, vc: SimulatedVCenter) -> None:
    given = helper.ok("get", request(vc, impersonate=ALICE, password=PASSWORD, api="soap", passthrough=True))
    assert [session.id for session in vc.sessions[1:]] == [given["soap_session_id"]]
    vc.end(given["soap_session_id"])


# ---- nothing is left


@pytest.mark.parametrize("operation", ["Login", "ImpersonateUser", "Logout"])
@pytest.mark.parametrize(
    "fault",
    [faults.close_mid_answer, faults.html, faults.reset, lambda: faults.status(503)],
    ids=["half", "html", "reset", "503"],
)
def test_a_login_that_goes_wrong_at_any_step_leaves_no_session_in_the_end(
    helper: Helper, vc: SimulatedVCenter, operation: str, fault: Any
) -> None:
    vc.faults.add(operation, fault(), times=1)
    asked = request(vc, impersonate=ALICE, password=PASSWORD, api="soap")
    helper.call("get", asked)
    helper.ok("get", {**asked, "reauth": True})
    assert ours(vc) == [ALICE]
    assert not hidden(helper.home)


class KilledError(BaseException):
    """Stands for SIGKILL: nothing that the program does afterwards reaches a file or the server."""


@pytest.mark.parametrize(
    "step", ["the administrator's login", "the impersonation", "before the end of the administrator's session"]
)
def test_what_a_killed_call_has_left_is_ended_by_the_next(
    home: Path, vc: SimulatedVCenter, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    inside = Inside(home, vc)
    real_begin, begun = SoapWire.begin, [0]

    def begin(self: SoapWire, envelope: bytes, made: Any) -> Any:
        found = real_begin(self, envelope, made)
        begun[0] += 1
        if begun[0] == ("the administrator's login", "the impersonation").index(step) + 1:
            die()
        return found

    def die(*_: object, **__: object) -> None:
        patch.setattr(SoapWire, "logout", lambda *_: None)
        patch.setattr(SoapClient, "log_out", lambda *_: None)
        patch.setattr("os.unlink", lambda *_, **__: None)
        raise KilledError

    with monkeypatch.context() as patch:
        if step.startswith("before"):
            patch.setattr(SoapWire, "logout", die)
        else:
            patch.setattr(SoapWire, "begin", begin)
        with pytest.raises(KilledError):
            inside.get(impersonate=ALICE, api="soap")
    assert ours(vc)
    assert inside.get(impersonate=ALICE, api="soap")["source"] == "login"
    assert ours(vc) == [ALICE]
    assert not hidden(home)


def test_a_session_that_was_ended_by_somebody_is_made_again(home: Path, vc: SimulatedVCenter) -> None:
    inside = Inside(home, vc)
    first = inside.get(impersonate=ALICE, api="soap")
    vc.end(first["soap_session_id"])
    again = inside.get(impersonate=ALICE, api="soap", verify="always")
    assert (again["source"], ours(vc)) == ("login", [ALICE])


def test_no_password_is_in_any_text(home: Path, vc: SimulatedVCenter) -> None:
    failure = Inside(home, vc).failure("get", impersonate="nobody", api="soap")
    assert isinstance(failure, LoginRefusedError)


# ---- with others


def test_govc_and_this_program_are_the_same_somebody_at_the_real_simulator(helper: Helper, tmp_path: Path) -> None:
    with VcSim(user="", password="") as vcsim:  # which lets everybody in
        vcsim.user, vcsim.password = USER, PASSWORD
        alice = Raw(vcsim.url, str(vcsim.ca_file)).login(ALICE, "x").session_id
        mine = helper.ok("get", request(vcsim, impersonate=ALICE, password=PASSWORD, api="soap"))
        assert mine["username"] == ALICE
        (tmp_path / "govc").mkdir()
        theirs = vcsim.govc(tmp_path / "govc")
        theirs.ok("session.login", "-as", ALICE)
        assert theirs.json("session.ls")["currentSession"]["userName"] == ALICE
        nobody = helper.call("get", request(vcsim, impersonate="nobody", password=PASSWORD, api="soap"))
        assert nobody.kind == "login-refused"
        Raw(vcsim.url, str(vcsim.ca_file)).logout(alice)
        theirs.ok("session.logout")
        helper.ok("erase", request(vcsim, impersonate=ALICE))
        (left,) = vcsim_ids(vcsim)  # govc ends the session that it has become, and not the one that it came with
        assert Raw(vcsim.url, str(vcsim.ca_file)).whoami(left) == USER
        Raw(vcsim.url, str(vcsim.ca_file)).logout(left)
