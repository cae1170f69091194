"""Rows i and j of what govmomi's cache gets wrong: what the server says, and what it does not say, of a session.

And what facts about other callers add: half-made logins, half-dead sessions, sessions that nobody ends.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cache.bench import Bench
from simulated_vcenter import Fault, faults
from simulated_vcenter.exchange import Exchange
from simulated_vcenter.messages import Response
from support.program import Helper, request
from vsphere_session import RestClient, SessionError, SoapClient

BOTH = pytest.mark.parametrize("kind", ["soap", "rest"])


# ---- i: unreachable is not expired, and expired is not unreachable


SILENCE = {
    "reset": faults.reset(),
    "close": faults.close_mid_answer(),
    "500": faults.status(500),
    "502": faults.status(502),
    "503": faults.status(503, b"503 Service Unavailable\n"),
    "html": faults.html(),
    "html-503": faults.html(503),
    "empty": faults.status(200),
    "redirect": faults.redirect("https://127.0.0.1:9/"),
}


@BOTH
@pytest.mark.parametrize("silence", SILENCE.values(), ids=SILENCE)
def test_i_who_cannot_be_asked_is_unreachable_and_the_cached_session_stays(
    bench: Bench, kind: str, silence: Fault
) -> None:
    first, again = bench.client(kind), bench.client(kind)
    bench.session().login(first)
    before = bench.file(kind).read_bytes()
    bench.vcenter.faults.add("*", silence)
    for attempt in (bench.asking().load, bench.asking().login):
        with pytest.raises(SessionError) as broken:
            attempt(bench.client(kind))
        assert broken.value.kind == "unreachable"
    bench.vcenter.faults.clear()
    assert bench.file(kind).read_bytes() == before
    assert bench.asking().load(again)
    assert again.session_id == first.session_id
    assert bench.vcenter.login_attempts == 1


@BOTH
def test_i_a_server_that_is_down_is_unreachable_and_the_cached_session_stays(bench: Bench, kind: str) -> None:
    first, again = bench.client(kind), bench.client(kind)
    bench.session().login(first)
    with bench.vcenter.offline(), pytest.raises(SessionError, match="connection refused") as broken:
        bench.asking().login(bench.client(kind))
    assert broken.value.kind == "unreachable"
    assert bench.asking().load(again)
    assert again.session_id == first.session_id


@BOTH
def test_i_a_session_that_the_server_does_not_know_is_expired_and_not_unreachable(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))
    bench.vcenter.end_all()
    asked = len(bench.operations)
    with pytest.raises(SessionError, match="the server does not know the cached session any more") as none:
        bench.asking().login(bench.client(kind))
    assert none.value.kind == "not-found"
    assert len(bench.operations) == asked + 1, "a dead one is asked about once"
    assert bench.session().login(bench.client(kind))


# ---- j: the answers of the REST check


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("form", ["/api/session", "/rest/com/vmware/cis/session"])
def test_j_401_and_403_are_a_dead_session_which_a_login_replaces(bench: Bench, status: int, form: str) -> None:
    if form.startswith("/rest"):
        bench.vcenter.faults.add("/api/session", faults.status(404))
    first = bench.rest(bench.session())
    bench.vcenter.faults.add(f"GET {form}", faults.status(status), times=1)
    bench.vcenter.faults.add(f"POST {form}?", faults.status(status), times=1)
    new = bench.client("rest")
    assert not bench.asking().load(bench.client("rest"))
    assert bench.session(reauth=True).login(new)
    assert bench.live == {new.session_id}
    assert new.session_id != first.session_id


def test_j_404_of_the_one_form_is_answered_by_asking_in_the_other(bench: Bench) -> None:
    first = bench.rest(bench.session())
    bench.vcenter.faults.add("/api/session", faults.status(404))
    again = bench.rest(bench.asking())
    assert again.session_id == first.session_id
    assert bench.operations[-1] == "POST /rest/com/vmware/cis/session?~action=get"
    bench.vcenter.faults.clear()
    bench.vcenter.faults.add("/rest/", faults.status(404))
    assert bench.rest(bench.asking()).session_id == first.session_id


def test_j_404_of_both_forms_says_that_there_is_no_rest_and_the_cached_session_stays(bench: Bench) -> None:
    first = bench.rest(bench.session())
    bench.vcenter.faults.add("session", faults.status(404))
    with pytest.raises(SessionError, match="has no REST sessions") as refused:
        bench.asking().load(bench.client("rest"))
    assert refused.value.kind == "unsupported"
    bench.vcenter.faults.clear()
    assert bench.rest(bench.asking()).session_id == first.session_id


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("form", ["/api/session", "/rest/com/vmware/cis/session"])
def test_j_500_and_503_are_unreachable_and_the_cached_session_stays(bench: Bench, status: int, form: str) -> None:
    if form.startswith("/rest"):
        bench.vcenter.faults.add("/api/session", faults.status(404))
    first = bench.rest(bench.session())
    bench.vcenter.faults.add(f"GET {form}", faults.status(status), times=1)
    bench.vcenter.faults.add(f"POST {form}?", faults.status(status), times=1)
    with pytest.raises(SessionError) as broken:
        bench.asking().load(bench.client("rest"))
    assert broken.value.kind == "unreachable"
    bench.vcenter.faults.clear()
    assert bench.rest(bench.asking()).session_id == first.session_id


# ---- half-made logins


NO_REST = {
    "500": (faults.status(500), "unreachable"),
    "reset": (faults.reset(), "unreachable"),
    "html": (faults.html(), "unreachable"),
    "401": (faults.status(401), "login-refused"),
    "limit": (faults.status(503, b'{"id":"failedToLoginMaxUserSessionCountReached"}'), "session-limit"),
}


@pytest.mark.parametrize(("no_rest", "kind"), NO_REST.values(), ids=NO_REST)
def test_a_half_made_login_is_rolled_back(bench: Bench, helper: Helper, no_rest: Fault, kind: str) -> None:
    """SOAP said yes, REST says no: cluster-api-provider-vsphere and vsphere-csi leaked the SOAP session."""
    bench.vcenter.faults.add("POST /api/session", no_rest)
    assert helper.call("get", request(bench.vcenter, password="VMware1!")).kind == kind
    assert len(bench.vcenter.logins) == 1
    assert bench.live == set()
    assert helper.sessions_in_files == set()


def test_a_half_made_login_is_rolled_back_when_the_second_half_has_no_room_on_disk(
    bench: Bench, helper: Helper
) -> None:
    bench.file("soap").parent.parent.mkdir()
    bench.file("rest").parent.touch()
    assert helper.call("get", request(bench.vcenter, password="VMware1!")).kind == "storage"
    assert bench.live == set()
    assert helper.sessions_in_files == set()


def test_a_cached_half_is_not_rolled_back_when_the_other_half_fails(bench: Bench, helper: Helper) -> None:
    soap = bench.soap(bench.session())
    bench.vcenter.faults.add("POST /api/session", faults.status(500))
    assert helper.call("get", request(bench.vcenter, password="VMware1!")).kind == "unreachable"
    assert bench.live == helper.sessions_in_files == {soap.session_id}


@BOTH
def test_a_new_session_that_cannot_be_written_is_ended_again(
    bench: Bench, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(SessionError, match="No space left on device") as broken:
        bench.session().login(bench.client(kind))
    assert broken.value.kind == "storage"
    assert len(bench.vcenter.logins) == 1
    assert bench.live == set()


def test_a_soap_login_whose_answer_cannot_be_understood_is_ended_again(bench: Bench) -> None:
    """Its cookie says which session it made."""

    def mangle(exchange: Exchange) -> None:
        exchange.send(Response(200, b"<html>", exchange.perform().headers))

    bench.vcenter.faults.add("Login", Fault(mangle, work_first=True))
    with pytest.raises(SessionError) as broken:
        bench.session().login(bench.client("soap"))
    assert broken.value.kind == "unreachable"
    assert len(bench.vcenter.logins) == 1
    assert bench.live == set()


# ---- sessions that nobody ends


@BOTH
def test_of_many_callers_at_once_one_logs_in_and_all_get_its_session(bench: Bench, kind: str) -> None:
    """20 of govmomi's logins at once with an empty cache made 8 sessions, 7 of them in no file."""
    clients = [bench.client(kind) for _ in range(12)]
    start = threading.Barrier(len(clients))

    def login(client: SoapClient | RestClient) -> bool:
        session = bench.session()
        start.wait()
        return session.login(client)

    with ThreadPoolExecutor(len(clients)) as pool:
        made = list(pool.map(login, clients))
    assert made.count(True) == len(bench.vcenter.logins) == 1
    assert {client.session_id for client in clients} == bench.live


@BOTH
def test_reauth_ends_the_session_that_it_replaces(bench: Bench, kind: str) -> None:
    new = bench.client(kind)
    bench.session().login(bench.client(kind))
    bench.session(reauth=True).login(new)
    assert bench.live == {new.session_id}


@BOTH
@pytest.mark.sessions_counted_by_hand
def test_reauth_keeps_the_new_session_when_the_old_one_cannot_be_ended(bench: Bench, kind: str) -> None:
    old, new = bench.client(kind), bench.client(kind)
    bench.session().login(old)
    bench.vcenter.faults.add("Logout" if kind == "soap" else "DELETE", faults.status(500))
    assert bench.session(reauth=True).login(new)
    assert bench.live == {old.session_id, new.session_id}
    bench.vcenter.faults.clear()
    assert not bench.asking().login(bench.client(kind))


def test_a_half_dead_session_is_dead_and_gives_its_place_back(bench: Bench) -> None:
    """Status 200, and every property in the missingSet with NotAuthenticated (meho#3773)."""
    old = bench.soap(bench.session())
    bench.vcenter.faults.half_dead = True
    assert not bench.asking().load(bench.client("soap"))
    new = bench.client("soap")
    assert bench.session(policy=bench.asking().policy).login(new)
    assert bench.live == {new.session_id} != {old.session_id}
    assert bench.asking().load(bench.client("soap")), "the new one is well"


def test_a_session_without_privileges_is_found_alive(bench: Bench) -> None:
    """SessionIsActive would need Sessions.ValidateSession (cluster-api-provider-vsphere#1569)."""
    old = bench.soap(bench.session())
    bench.vcenter.faults.missing_permission = True
    assert bench.soap(bench.asking()).session_id == old.session_id
