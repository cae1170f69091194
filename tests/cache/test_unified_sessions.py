"""From 8.0U3 on one session id is good for SOAP and REST: one login, one place taken, and one end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cache.bench import Bench
from peers import Govc
from simulated_vcenter import SimulatedVCenter, faults
from support.program import PASSWORD, USER, Helper, request
from vsphere_session import RestClient, Session, SoapClient

OTHER = "other@vsphere.local"


@pytest.fixture
def bench(helper: Helper, home: Path) -> Iterator[Bench]:
    """A vCenter 8.0U3. At the end every session on it is in a file: none is lost, none left over."""
    with SimulatedVCenter(unified=True) as vcenter:
        bench = Bench(vcenter, home)
        yield bench
        bench.close()
        vcenter.faults.clear()
        assert bench.live <= helper.sessions_in_files


def both(bench: Bench, session: Session) -> tuple[SoapClient, RestClient]:
    """Both clients, in the order in which they are made."""
    return bench.soap(session), bench.rest(session)


# ---- one login


def test_one_login_makes_the_session_for_both(bench: Bench) -> None:
    soap, rest = both(bench, bench.session())
    assert soap.session_id == rest.session_id
    assert len(bench.vcenter.logins) == bench.vcenter.login_attempts == bench.vcenter.session_count == 1
    assert json.loads(bench.file("rest").read_bytes())["SessionID"] == soap.session_id
    assert rest.username == "administrator@VSPHERE.LOCAL"


def test_both_are_found_in_the_cache_later_each_by_itself(bench: Bench) -> None:
    soap, _ = both(bench, bench.session())
    assert bench.rest(bench.session(password=None)).session_id == soap.session_id
    assert bench.rest(bench.asking()).session_id == soap.session_id
    assert bench.soap(bench.asking()).session_id == soap.session_id


def test_a_cached_soap_session_serves_rest_without_any_login(bench: Bench) -> None:
    bench.soap(bench.session())
    soap, rest = both(bench, bench.session(password=None))
    assert soap.session_id == rest.session_id
    assert bench.vcenter.login_attempts == 1


def test_get_shows_one_id_in_both_fields(bench: Bench, helper: Helper) -> None:
    reply = helper.ok("get", request(bench.vcenter, password=PASSWORD))
    assert reply["soap_session_id"] == reply["rest_session_id"]
    assert reply["source"] == "login"
    assert bench.vcenter.login_attempts == 1


def test_without_the_soap_session_rest_logs_in_for_itself(bench: Bench) -> None:
    assert bench.rest(bench.session()).session_id in bench.live
    assert bench.vcenter.session_count == 1


@pytest.mark.sessions_counted_by_hand
def test_passthrough_makes_one_session_for_both_and_logout_ends_it(bench: Bench) -> None:
    session = bench.session(passthrough=True)
    soap, rest = both(bench, session)
    assert bench.live == {soap.session_id} == {rest.session_id}
    session.logout(soap)
    session.logout(rest)
    assert bench.live == set()


def test_before_8_0_3_the_soap_session_is_not_tried_for_rest(home: Path) -> None:
    with SimulatedVCenter() as vcenter:
        bench = Bench(vcenter, home)
        soap, rest = both(bench, bench.session())
        assert soap.session_id != rest.session_id
        assert vcenter.session_count == 2
        assert not any(soap.session_id in request.headers.values() for request in vcenter.requests)
        bench.close()


# ---- a server that does not keep to it


def test_a_server_that_does_not_take_the_soap_session_for_rest_gets_a_login(bench: Bench) -> None:
    bench.vcenter.faults.add("GET /api/session", faults.status(401), times=1)
    soap, rest = both(bench, bench.session())
    assert bench.live == {soap.session_id, rest.session_id}
    assert len(bench.live) == 2


def test_a_soap_session_that_rest_takes_for_somebody_elses_is_not_shared(helper: Helper, home: Path) -> None:
    with SimulatedVCenter({USER: PASSWORD}, unified=True, reported_names={USER: "someone"}) as vcenter:
        bench = Bench(vcenter, home)
        bench.vcenter.faults.add("GET /api/session", faults.status(200, b'{"user": "other@VSPHERE.LOCAL"}'), times=1)
        soap, rest = both(bench, bench.session())
        assert soap.session_id != rest.session_id
        assert bench.live == helper.sessions_in_files
        bench.close()


def test_another_way_to_log_in_to_rest_is_not_replaced_by_the_soap_session(bench: Bench) -> None:
    bench.vcenter.set_password(OTHER, "x")
    token = bench.vcenter.add_session(OTHER, "rest")
    session = bench.session(login_rest=lambda client: client.adopt(token), login_as="token")
    soap, rest = both(bench, session)
    assert rest.session_id == token != soap.session_id


# ---- replaced and ended


def test_reauth_of_both_leaves_one_session_the_new_one(bench: Bench) -> None:
    old, _ = both(bench, bench.session())
    soap, rest = both(bench, bench.session(reauth=True))
    assert bench.live == {soap.session_id} == {rest.session_id}
    assert soap.session_id != old.session_id
    assert len(bench.vcenter.logins) == 2


@pytest.mark.parametrize("records", ["known", "lost"])
@pytest.mark.parametrize("kind", ["soap", "rest"])
def test_reauth_of_one_does_not_end_the_session_that_the_other_still_uses(
    bench: Bench, kind: str, records: str
) -> None:
    old, _ = both(bench, bench.session())
    if records == "lost":
        bench.forget_records()
    new, other = bench.client(kind), bench.client("rest" if kind == "soap" else "soap")
    bench.session(reauth=True).login(new)
    assert bench.live == {old.session_id, new.session_id}
    assert bench.asking().load(other)
    assert other.session_id == old.session_id


def test_the_session_ends_when_the_second_of_both_is_replaced(bench: Bench) -> None:
    both(bench, bench.session())
    soap = bench.soap(bench.session(reauth=True))
    rest = bench.rest(bench.session(reauth=True))
    assert bench.live == {soap.session_id, rest.session_id}


def test_a_session_that_died_is_replaced_by_one_login_for_both(bench: Bench) -> None:
    both(bench, bench.session())
    bench.vcenter.end_all()
    soap, rest = both(bench, bench.session(policy=bench.asking().policy))
    assert bench.live == {soap.session_id} == {rest.session_id}
    assert len(bench.vcenter.logins) == 2


def test_erase_of_both_ends_the_one_session_and_removes_both_files(bench: Bench, helper: Helper) -> None:
    helper.ok("get", request(bench.vcenter, password=PASSWORD))
    assert helper.ok("erase", request(bench.vcenter)) == {"erased": "soap,rest"}
    assert bench.live == set()
    assert helper.sessions_in_files == set()


@pytest.mark.parametrize("kind", ["soap", "rest"])
def test_what_erase_of_one_has_ended_is_not_handed_out_for_the_other(bench: Bench, helper: Helper, kind: str) -> None:
    """It ends the session on the server, and that was the other's, too: nothing confirmed of it counts any more."""
    other = "rest" if kind == "soap" else "soap"
    helper.ok("get", request(bench.vcenter, password=PASSWORD))
    assert helper.ok("erase", request(bench.vcenter, api=kind)) == {"erased": kind}
    assert bench.live == set()
    assert helper.call("get", request(bench.vcenter, api=other)).kind == "not-found"
    assert helper.ok("get", request(bench.vcenter, api=other, password=PASSWORD))["source"] == "login"


@pytest.mark.parametrize("fault", [faults.status(500), faults.status(401), faults.html()], ids=["500", "401", "html"])
def test_a_half_made_login_is_rolled_back(bench: Bench, helper: Helper, fault: faults.Fault) -> None:
    bench.vcenter.faults.add("/session", fault)
    assert helper.call("get", request(bench.vcenter, password=PASSWORD)).status in {4, 5}
    assert bench.live == set()
    assert helper.sessions_in_files == set()


# ---- govc


def test_two_sessions_of_govc_are_used_as_they_are(bench: Bench) -> None:
    govc = Govc(bench.home / ".govmomi", bench.vcenter.url, USER, PASSWORD, ca_file=Path(bench.vcenter.ca_file))
    ids = [govc.ok("session.login", "-l"), govc.ok("session.login", "-l", "-r")]
    soap, rest = both(bench, bench.session(password=None))
    assert [soap.session_id, rest.session_id] == ids
    assert bench.live == set(ids)


def test_govc_uses_the_one_session_for_both(bench: Bench) -> None:
    soap, _ = both(bench, bench.session())
    govc = Govc(bench.home / ".govmomi", bench.vcenter.url, USER, ca_file=Path(bench.vcenter.ca_file))
    assert [govc.ok("session.login", "-l"), govc.ok("session.login", "-l", "-r")] == [soap.session_id] * 2
    assert bench.vcenter.login_attempts == 1
