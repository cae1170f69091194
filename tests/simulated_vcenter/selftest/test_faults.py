"""The fault switches do what they say."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import IncompleteRead, RemoteDisconnected

import pytest

from simulated_vcenter import SimulatedVCenter, faults
from simulated_vcenter.selftest.raw import API, REST, Raw, soap_request

USER, PASSWORD = "administrator@vsphere.local", "VMware1!"
LOGIN = soap_request("Login", "SessionManager", f"<userName>{USER}</userName><password>{PASSWORD}</password>")


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with SimulatedVCenter() as vc:
        yield vc


@pytest.fixture
def client(vc: SimulatedVCenter) -> Raw:
    return Raw(vc.url, vc.ca_file)


def test_a_fault_meets_so_many_requests_and_then_no_more(vc: SimulatedVCenter, client: Raw) -> None:
    vc.faults.add("Login", faults.status(503, b"full", {"Retry-After": "7"}), times=2)
    answers = [client.login(USER, PASSWORD) for _ in range(3)]
    assert [answer.status for answer in answers] == [503, 503, 200]
    assert (answers[0].body, answers[0].headers["retry-after"]) == (b"full", "7")
    assert (vc.login_attempts, vc.session_count) == (3, 1)


def test_a_fault_without_times_lasts_until_it_is_cleared(vc: SimulatedVCenter, client: Raw) -> None:
    vc.faults.add("*", faults.status(500))
    vc.faults.half_dead = vc.faults.missing_permission = True
    assert [client.login(USER, PASSWORD).status for _ in range(3)] == [500] * 3
    vc.faults.clear()
    assert client.login(USER, PASSWORD).status == 200
    assert not vc.faults.half_dead
    assert not vc.faults.missing_permission


@pytest.mark.parametrize(
    ("where", "met"),
    [
        ("*", {"login", "content", "create", "check"}),
        ("/sdk", {"login", "content"}),
        ("/rest", {"create", "check"}),
        ("Login", {"login"}),
        ("RetrieveService", {"content"}),
        ("POST /rest/com/vmware/cis/session", {"create", "check"}),
        ("=POST /rest/com/vmware/cis/session", {"create"}),
        ("action=get", {"check"}),
        ("POST /api/session", set()),
    ],
)
def test_where_is_a_part_of_the_operation_or_path(vc: SimulatedVCenter, client: Raw, where: str, met: set[str]) -> None:
    vc.faults.add(where, faults.status(418))
    answers = {
        "login": client.login(USER, PASSWORD),
        "content": client.call("RetrieveServiceContent", "ServiceInstance"),
        "create": client.rest_login(USER, PASSWORD, REST),
        "check": client.rest("POST", f"{REST}?~action=get", "x"),
    }
    assert {name for name, answer in answers.items() if answer.status == 418} == met


def test_of_two_faults_the_first_comes_first(vc: SimulatedVCenter, client: Raw) -> None:
    vc.faults.add("Login", faults.status(500), times=1)
    vc.faults.add("*", faults.status(502), times=1)
    assert [client.login(USER, PASSWORD).status for _ in range(3)] == [500, 502, 200]


def test_refusals_come_in_the_terms_of_each_api(vc: SimulatedVCenter, client: Raw) -> None:
    secret = vc.add_session(USER, "rest")
    vc.faults.add("Login", faults.invalid_login())
    vc.faults.add("POST /api", faults.invalid_login())
    vc.faults.add("CurrentTime", faults.not_authenticated())
    vc.faults.add("GET /api", faults.not_authenticated())
    login, create = client.login(USER, PASSWORD), client.rest_login(USER, PASSWORD)
    assert (login.status, create.status) == (500, 401)
    assert 'xsi:type="InvalidLogin"' in login.text
    time, check = client.call("CurrentTime", "ServiceInstance"), client.rest("GET", API, secret)
    assert (time.status, check.status) == (500, 401)
    assert 'xsi:type="NotAuthenticated"' in time.text


def test_a_web_page_or_a_redirect_can_stand_in_the_way(vc: SimulatedVCenter, client: Raw) -> None:
    vc.faults.add("Login", faults.html())
    vc.faults.add("/api", faults.redirect("https://elsewhere.example/"))
    page, sent_on = client.login(USER, PASSWORD), client.rest_login(USER, PASSWORD)
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (sent_on.status, sent_on.headers["location"]) == (302, "https://elsewhere.example/")
    assert vc.session_count == 0


def ends_in_a_reset(client: Raw) -> bool:
    """Tell how a connection ends after one request, by the bytes below TLS: Python's ssl takes a reset for an end."""
    with closing(client.connection()) as connection:
        connection.request("POST", "/sdk", LOGIN, {"Content-Type": "text/xml"})
        try:
            while socket.socket.recv(connection.sock, 4096):
                pass
        except ConnectionResetError:
            return True
        return False


@pytest.mark.parametrize("tls", [True, False])
def test_a_reset_comes_before_any_work_and_a_drop_after_it(tls: bool) -> None:
    with SimulatedVCenter(tls=tls) as vc:
        client = Raw(vc.url, vc.ca_file)
        vc.faults.add("Login", faults.reset(), times=1)
        assert ends_in_a_reset(client)
        assert vc.session_count == 0
        vc.faults.add("Login", faults.drop_after_work(), times=1)
        assert ends_in_a_reset(client)
        assert (vc.session_count, len(vc.logins)) == (1, 1)


def test_an_answer_can_break_off_in_the_middle(vc: SimulatedVCenter, client: Raw) -> None:
    vc.faults.add("Login", faults.close_mid_answer())
    with pytest.raises(IncompleteRead) as caught:
        client.login(USER, PASSWORD)
    assert caught.value.partial
    assert vc.session_count == 1


def test_an_answer_is_held_until_the_event_is_set(vc: SimulatedVCenter, client: Raw) -> None:
    release = threading.Event()
    held = vc.faults.add("Login", faults.wait_for(release))
    with ThreadPoolExecutor() as pool:
        login = pool.submit(client.login, USER, PASSWORD)
        assert held.reached.wait(60)
        assert vc.session_count == 1
        for _ in range(20):  # others are served meanwhile, in more time than the answer would have taken
            client.ask("GET", "/sdk/vimServiceVersions.xml")
        assert not login.done()
        release.set()
        assert login.result().status == 200


def test_a_client_that_leaves_frees_a_held_answer(vc: SimulatedVCenter, client: Raw) -> None:
    """Or else leaving the `with` block would report a thread that does not end."""
    held = vc.faults.add("*", faults.wait_for(threading.Event()))
    with closing(client.connection()) as connection:
        connection.request("GET", "/sdk/vimServiceVersions.xml")
        assert held.reached.wait(60)


def test_stopping_frees_a_stalled_client(vc: SimulatedVCenter, client: Raw) -> None:
    stalled = vc.faults.add("Login", faults.stall())
    with ThreadPoolExecutor() as pool:
        login = pool.submit(client.login, USER, PASSWORD)
        assert stalled.reached.wait(60)
        vc.stop()
        with pytest.raises((RemoteDisconnected, ConnectionError)):
            login.result()
    vc.start()


def test_hooks_run_before_and_after_the_work(vc: SimulatedVCenter, client: Raw) -> None:
    counts: list[int] = []
    vc.faults.add("Login", faults.before(lambda: counts.append(vc.session_count)), times=1)
    vc.faults.add("Login", faults.after(lambda: counts.append(vc.session_count)), times=1)
    assert client.login(USER, PASSWORD).status == client.login(USER, PASSWORD).status == 200
    assert counts == [0, 2]


def test_a_hook_that_fails_is_reported_when_the_simulator_stops() -> None:
    def fail() -> None:
        raise AssertionError("the hook's own")

    vc = SimulatedVCenter().start()
    vc.faults.add("*", faults.before(fail))
    with pytest.raises((RemoteDisconnected, ConnectionError)):
        Raw(vc.url, vc.ca_file).login(USER, PASSWORD)
    with pytest.raises(ExceptionGroup) as caught:
        vc.stop()
    assert [str(each) for each in caught.value.exceptions] == ["the hook's own"]


def test_sessions_made_while_half_dead_is_on_are_well(vc: SimulatedVCenter, client: Raw) -> None:
    old = client.login(USER, PASSWORD).session_id
    vc.faults.half_dead = True
    told = client.read("currentSession", session=old)
    assert told.status == 200
    assert "<missingSet><path>currentSession</path>" in told.text
    assert "NotAuthenticated" in told.text
    assert client.call("CurrentTime", "ServiceInstance", session=old).status == 500
    assert client.call("RetrieveServiceContent", "ServiceInstance", session=old).status == 200
    assert "NotAuthenticated" in client.read("currentSession").text
    assert client.whoami(client.login(USER, PASSWORD, old).session_id)
    assert vc.session_count == 2
    vc.faults.half_dead = False
    assert client.whoami(old)
