"""`get` with `passthrough` and `reauth`, and `store`, sentence by sentence."""

from __future__ import annotations

import pytest

from contract.processes import snapshot
from simulated_vcenter import SimulatedVCenter, faults
from support.program import PASSWORD, USER, Helper, request

SOMEBODY = "somebody@vsphere.local"


# ---- get


def test_get_hands_out_the_cached_session_if_it_is_good(vcenter: SimulatedVCenter, helper: Helper) -> None:
    first = helper.ok("get", request(vcenter, password=PASSWORD))
    assert helper.ok("get", request(vcenter, password=PASSWORD)) == first | {"source": "cache"}
    assert vcenter.login_attempts == 2


def test_get_logs_in_caches_and_hands_that_out_else(vcenter: SimulatedVCenter, helper: Helper) -> None:
    first = helper.ok("get", request(vcenter, password=PASSWORD))
    vcenter.end_all()
    second = helper.ok("get", request(vcenter, password=PASSWORD, verify="always"))
    assert second["soap_session_id"] != first["soap_session_id"]
    assert helper.sessions_in_files == {second["soap_session_id"], second["rest_session_id"]}


def test_get_logs_in_again_for_the_half_that_has_ended_only(vcenter: SimulatedVCenter, helper: Helper) -> None:
    first = helper.ok("get", request(vcenter, password=PASSWORD))
    helper.ok("erase", request(vcenter, api="rest"))
    second = helper.ok("get", request(vcenter, password=PASSWORD))
    assert second["soap_session_id"] == first["soap_session_id"]
    assert second["rest_session_id"] != first["rest_session_id"]
    assert vcenter.login_attempts == 3


def test_get_for_one_user_never_hands_out_the_session_of_another(vcenter: SimulatedVCenter, helper: Helper) -> None:
    vcenter.set_password(SOMEBODY, "other")
    mine = helper.ok("get", request(vcenter, password=PASSWORD))
    others = helper.ok("get", request(vcenter, username=SOMEBODY, password="other"))
    assert others["source"] == "login"
    assert mine["soap_session_id"] != others["soap_session_id"]
    assert helper.call("get", {"url": vcenter.authority, "ca_file": vcenter.ca_file}).kind == "not-found"


# ---- passthrough


def test_passthrough_does_not_write_the_cache_nor_anything_else(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """But for the lock by which callers with one credential let one of them find out whether it is good."""
    reply = helper.ok("get", request(vcenter, password=PASSWORD, passthrough=True))
    files = [path for path in helper.home.rglob("*") if not path.is_dir()]
    assert [(path.parent.name, path.suffix) for path in files] == [("refusals", ".lock")]
    ids = {name: reply[name] for name in ("soap_session_id", "rest_session_id")}
    assert helper.ok("erase", request(vcenter, passthrough=True, **ids)) == {"erased": "soap,rest"}
    assert vcenter.session_count == 0, "the caller owns it, and ends it with erase"


def test_passthrough_does_not_read_the_cache(vcenter: SimulatedVCenter, helper: Helper) -> None:
    cached = helper.ok("get", request(vcenter, password=PASSWORD))
    before = snapshot(helper.home)
    own = helper.ok("get", request(vcenter, password=PASSWORD, passthrough=True))
    assert own["source"] == "login"
    assert own["soap_session_id"] != cached["soap_session_id"]
    assert helper.call("get", request(vcenter, passthrough=True)).kind == "not-found"
    ids = {name: own[name] for name in ("soap_session_id", "rest_session_id")}
    helper.ok("erase", request(vcenter, passthrough=True, **ids))
    assert snapshot(helper.home) == before


def test_passthrough_erase_without_a_session_id_leaves_the_cache_alone(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    before = snapshot(helper.home)
    assert helper.ok("erase", request(vcenter, passthrough=True)) == {"erased": ""}
    assert snapshot(helper.home) == before
    assert vcenter.session_count == 2


def test_passthrough_whose_second_login_fails_ends_the_first(vcenter: SimulatedVCenter, helper: Helper) -> None:
    vcenter.faults.add("POST /api/session", faults.status(500))
    assert helper.call("get", request(vcenter, password=PASSWORD, passthrough=True)).kind == "unreachable"
    assert vcenter.session_count == 0


# ---- reauth


@pytest.mark.parametrize(
    ("password", "kind"), [("wrong", "login-refused"), (None, "not-found")], ids=["refused", "no password"]
)
def test_reauth_that_fails_keeps_the_cached_session(
    vcenter: SimulatedVCenter, helper: Helper, password: str | None, kind: str
) -> None:
    first = helper.ok("get", request(vcenter, password=PASSWORD))
    before = snapshot(helper.home)
    assert helper.call("get", request(vcenter, password=password, reauth=True)).kind == kind
    assert snapshot(helper.home) == before
    assert helper.ok("get", request(vcenter, verify="always"))["soap_session_id"] == first["soap_session_id"]


def test_reauth_of_one_kind_leaves_the_other_alone(vcenter: SimulatedVCenter, helper: Helper) -> None:
    first = helper.ok("get", request(vcenter, password=PASSWORD))
    helper.ok("get", request(vcenter, password=PASSWORD, reauth=True, api="rest"))
    after = helper.ok("get", request(vcenter, verify="always"))
    assert after["soap_session_id"] == first["soap_session_id"]
    assert after["rest_session_id"] != first["rest_session_id"]


@pytest.mark.sessions_counted_by_hand
def test_reauth_succeeds_although_the_old_session_cannot_be_ended(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    vcenter.faults.add("Logout", faults.status(500))
    assert helper.ok("get", request(vcenter, password=PASSWORD, reauth=True))["source"] == "login"
    assert [session.kind for session in vcenter.sessions] == ["soap", "soap", "rest"]


# ---- store


def test_store_with_a_password_puts_the_login_into_the_secret_store_and_asks_no_server(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    fields = request(vcenter, password=PASSWORD)
    assert helper.ok("store", fields, "--secret-store", "file") == {"stored": "password"}
    assert vcenter.requests == []
    assert helper.ok("get", request(vcenter))["source"] == "login"


def test_store_replaces_the_password_that_was_stored_before(vcenter: SimulatedVCenter, helper: Helper) -> None:
    for password in ("old", PASSWORD):
        helper.ok("store", request(vcenter, password=password), "--secret-store", "file")
    assert helper.ok("get", request(vcenter))["source"] == "login"


def test_store_with_a_session_id_asks_whose_it_is_and_caches_it(vcenter: SimulatedVCenter, helper: Helper) -> None:
    session_id = vcenter.add_session(USER)
    helper.ok("store", request(vcenter, soap_session_id=session_id))
    assert vcenter.requests != []
    seen = len(vcenter.requests)
    reply = helper.ok("get", request(vcenter, api="soap"))
    assert (reply["soap_session_id"], reply["username"]) == (session_id, r"VSPHERE.LOCAL\administrator")
    assert len(vcenter.requests) == seen, "the server has just confirmed it"


@pytest.mark.parametrize("kind", ["soap", "rest"])
def test_store_refuses_a_session_that_the_server_does_not_know_and_writes_nothing(
    vcenter: SimulatedVCenter, helper: Helper, kind: str
) -> None:
    fields = request(vcenter, password=PASSWORD) | {f"{kind}_session_id": "0123456789abcdef"}
    reply = helper.call("store", fields, "--secret-store", "file")
    assert (reply.kind, reply.status) == ("login-refused", 4)
    assert snapshot(helper.home) == {}
    assert helper.call("get", request(vcenter)).kind == "not-found", "the password was not stored either"


@pytest.mark.sessions_counted_by_hand
@pytest.mark.parametrize("kind", ["soap", "rest"])
def test_store_refuses_a_session_of_another_user_than_the_one_named_and_writes_nothing(
    vcenter: SimulatedVCenter, helper: Helper, kind: str
) -> None:
    vcenter.set_password(SOMEBODY, "other")
    mine = helper.ok("get", request(vcenter, password=PASSWORD))
    before = snapshot(helper.home)
    foreign = vcenter.add_session(SOMEBODY, "soap" if kind == "soap" else "rest")
    reply = helper.call("store", request(vcenter) | {f"{kind}_session_id": foreign})
    assert reply.kind == "login-refused"
    assert "somebody" in reply.stderr.lower()
    assert snapshot(helper.home) == before
    alive = {session.id for session in vcenter.sessions}
    assert alive == {foreign, mine["soap_session_id"], mine["rest_session_id"]}, "nobody's session was ended"


@pytest.mark.sessions_counted_by_hand
def test_store_with_one_good_and_one_unknown_session_writes_neither(vcenter: SimulatedVCenter, helper: Helper) -> None:
    good = vcenter.add_session(USER)
    fields = request(vcenter, soap_session_id=good, rest_session_id="0123456789abcdef")
    assert helper.call("store", fields).kind == "login-refused"
    assert snapshot(helper.home) == {}
    assert vcenter.session_count == 1


def test_store_of_another_session_ends_the_one_that_it_replaces(vcenter: SimulatedVCenter, helper: Helper) -> None:
    old = helper.ok("get", request(vcenter, password=PASSWORD))
    adopted = vcenter.add_session(USER)
    helper.ok("store", request(vcenter, soap_session_id=adopted))
    assert {session.id for session in vcenter.sessions} == {adopted, old["rest_session_id"]}


def test_store_of_the_session_that_is_cached_already_changes_nothing(vcenter: SimulatedVCenter, helper: Helper) -> None:
    first = helper.ok("get", request(vcenter, password=PASSWORD))
    ids = {name: first[name] for name in ("soap_session_id", "rest_session_id")}
    helper.ok("store", request(vcenter, **ids))
    assert helper.ok("get", request(vcenter, verify="always"))["soap_session_id"] == first["soap_session_id"]
    assert vcenter.session_count == 2


def test_store_of_a_session_without_a_user_name_is_found_without_one(vcenter: SimulatedVCenter, helper: Helper) -> None:
    nameless = {"url": vcenter.authority, "ca_file": vcenter.ca_file, "api": "soap"}
    session_id = vcenter.add_session(USER)
    helper.ok("store", nameless | {"soap_session_id": session_id})
    assert helper.ok("get", nameless)["soap_session_id"] == session_id
    assert helper.call("get", nameless | {"username": USER}).kind == "not-found"


@pytest.mark.sessions_counted_by_hand
@pytest.mark.parametrize("field", ["soap_session_id", "rest_session_id"])
def test_store_at_a_server_that_cannot_be_reached_writes_nothing(
    vcenter: SimulatedVCenter, helper: Helper, field: str
) -> None:
    session_id = vcenter.add_session(USER)
    with vcenter.offline():
        assert helper.call("store", request(vcenter) | {field: session_id}).kind == "unreachable"
    assert snapshot(helper.home) == {}
    assert [session.id for session in vcenter.sessions] == [session_id], "it is its maker's, still"


@pytest.mark.parametrize(
    "extra", [{}, {"password": None}, {"soap_session_id": ""}, {"password": "x", "username": None}], ids=repr
)
def test_store_with_nothing_to_store_is_refused(
    vcenter: SimulatedVCenter, helper: Helper, extra: dict[str, object]
) -> None:
    reply = helper.call("store", request(vcenter) | extra, "--secret-store", "file")
    assert reply.kind == "invalid-request"
