"""The SOAP half as a client on the wire sees it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulated_vcenter import Clock, SimulatedVCenter
from simulated_vcenter.selftest.raw import Raw

USER, PASSWORD = "administrator@vsphere.local", "VMware1!"


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with SimulatedVCenter(clock=Clock(1_700_000_000.0)) as vc:
        yield vc


@pytest.fixture
def client(vc: SimulatedVCenter) -> Raw:
    return Raw(vc.url, vc.ca_file)


def test_the_cookie_of_a_login_is_quoted_and_secure_as_a_vcenter_sets_it(vc: SimulatedVCenter, client: Raw) -> None:
    answer = client.login(USER, PASSWORD)
    (session,) = vc.sessions
    assert answer.cookie == f'vmware_soap_session="{session.id}"; Path=/; HttpOnly; Secure;'
    assert answer.element("key") == session.key != session.id
    assert client.whoami(session.id) == client.whoami(f'"{session.id}"') == r"VSPHERE.LOCAL\administrator"


def test_the_cookie_can_be_bare_as_vcsim_sets_it() -> None:
    with SimulatedVCenter(quoted_cookie=False) as vc:
        cookie = Raw(vc.url, vc.ca_file).login(USER, PASSWORD).cookie
        assert cookie.startswith(f"vmware_soap_session={vc.sessions[0].id};")


def test_the_list_of_sessions_has_no_rest_sessions(vc: SimulatedVCenter, client: Raw) -> None:
    vc.add_session(USER, "rest")
    secret = client.login(USER, PASSWORD).session_id
    assert client.read("sessionList", session=secret).text.count("<key>") == 1


def test_without_tls_the_cookie_is_not_secure_or_no_client_would_send_it() -> None:
    with SimulatedVCenter(tls=False) as vc:
        assert vc.url.startswith("http://")
        assert "Secure" not in Raw(vc.url, None).login(USER, PASSWORD).cookie


def test_a_user_session_tells_all_of_itself(vc: SimulatedVCenter, client: Raw) -> None:
    secret = client.login(USER, PASSWORD).session_id
    vc.clock.advance(60)
    answer = client.read("currentSession", session=secret)
    told = {name: answer.element(name) for name in ("loginTime", "lastActiveTime", "callCount", "ipAddress")}
    assert told == {
        "loginTime": "2023-11-14T22:13:20.000000Z",
        "lastActiveTime": "2023-11-14T22:14:20.000000Z",
        "callCount": "1",
        "ipAddress": "127.0.0.1",
    }
    assert answer.element("fullName") == "administrator vsphere.local"
    assert answer.element("extensionSession") == "false"


def test_to_nobody_a_vcenter_leaves_the_session_out_without_a_fault(client: Raw) -> None:
    answer = client.read("currentSession", "sessionList", session="nobody's")
    assert answer.status == 200
    assert "<obj " in answer.text
    assert "propSet" not in answer.text
    assert "missingSet" not in answer.text


def test_to_nobody_an_esxi_host_answers_200_with_not_authenticated_in_the_missing_set() -> None:
    with SimulatedVCenter(esxi=True) as vc:
        answer = Raw(vc.url, vc.ca_file, esxi=True).read("currentSession", session="nobody's")
        assert answer.status == 200
        assert "<missingSet><path>currentSession</path>" in answer.text
        assert 'xsi:type="NotAuthenticated"' in answer.text


def test_an_esxi_host_says_so_and_has_no_rest_sessions() -> None:
    with SimulatedVCenter(esxi=True) as vc:
        client = Raw(vc.url, vc.ca_file)
        content = client.call("RetrieveServiceContent", "ServiceInstance")
        assert content.element("apiType") == "HostAgent"
        assert content.element("instanceUuid") == ""
        assert client.rest_login(USER, PASSWORD).status == 404
        assert client.rest_login(USER, PASSWORD, "/rest/com/vmware/cis/session").status == 404
        assert vc.login_attempts == 0


def test_only_a_valid_id_keeps_a_session_from_idling_out(vc: SimulatedVCenter, client: Raw) -> None:
    secret = client.login(USER, PASSWORD).session_id
    vc.clock.advance(1800)
    client.read("currentSession", session="another")
    client.call("RetrieveServiceContent", "ServiceInstance")
    assert vc.session_count == 1
    client.call("CurrentTime", "ServiceInstance", session=secret)
    vc.clock.advance(1800)
    assert client.whoami(secret)
    vc.clock.advance(1801)
    assert client.whoami(secret) == ""
    assert vc.session_count == 0


def test_a_full_server_answers_503_before_any_soap() -> None:
    with SimulatedVCenter(session_limit=1) as vc:
        client = Raw(vc.url, vc.ca_file)
        first = client.login(USER, PASSWORD)
        second = client.login(USER, PASSWORD)
        assert (first.status, second.status) == (200, 503)
        assert "Envelope" not in second.text
        assert (vc.session_count, len(vc.logins), vc.login_attempts) == (1, 1, 2)


def test_without_the_sessions_privileges_only_ones_own_session_can_be_seen(vc: SimulatedVCenter, client: Raw) -> None:
    secret = client.login(USER, PASSWORD).session_id
    key = next(each.key for each in vc.sessions)
    vc.faults.missing_permission = True
    answer = client.read("currentSession", "sessionList", session=secret)
    assert answer.element("key") == key
    assert "<missingSet><path>sessionList</path>" in answer.text
    check = f"<sessionID>{key}</sessionID><userName>x</userName>"
    for refused in (
        client.call("SessionIsActive", "SessionManager", check, secret),
        client.call("TerminateSession", "SessionManager", "<sessionId>x</sessionId>", secret),
    ):
        assert refused.status == 500
        assert "NoPermission" in refused.text


def test_session_is_active_tells_whether_key_and_user_belong_together(vc: SimulatedVCenter, client: Raw) -> None:
    secret = client.login(USER, PASSWORD).session_id
    key = vc.sessions[0].key
    answers = [
        client.call(
            "SessionIsActive",
            "SessionManager",
            f"<sessionID>{key}</sessionID><userName>{user}</userName>",
            secret,
        ).element("returnval")
        for user in (r"VSPHERE.LOCAL\administrator", "somebody")
    ]
    assert answers == ["true", "false"]


def test_a_clone_ticket_is_good_once_and_while_its_parent_lives(vc: SimulatedVCenter, client: Raw) -> None:
    def ticket(secret: str) -> str:
        issued = client.call("AcquireCloneTicket", "SessionManager", "", secret).element("returnval")
        return f"<cloneTicket>{issued}</cloneTicket>"

    parent = client.login(USER, PASSWORD).session_id
    first = ticket(parent)
    clone = client.call("CloneSession", "SessionManager", first)
    assert client.whoami(clone.session_id) == r"VSPHERE.LOCAL\administrator"
    assert clone.session_id != parent
    assert "InvalidLogin" in client.call("CloneSession", "SessionManager", first).text
    orphan = ticket(parent)
    client.logout(parent)
    assert "InvalidLogin" in client.call("CloneSession", "SessionManager", orphan).text
    assert [session.id for session in vc.sessions] == [clone.session_id]


def test_the_request_log_shows_operations_headers_and_bodies(vc: SimulatedVCenter, client: Raw) -> None:
    client.login("jane", "wrong")
    client.ask("GET", "/sdk/vimServiceVersions.xml", {"X-Mine": "yes"})
    client.ask("POST", "/sdk", {}, b"<nothing/>")
    login, versions, junk = vc.requests
    assert (login.method, login.path, login.operation) == ("POST", "/sdk", "Login")
    assert b"<password>wrong</password>" in login.body
    assert (versions.operation, versions.headers["x-mine"]) == ("GET /sdk/vimServiceVersions.xml", "yes")
    assert (junk.operation, junk.body) == ("POST /sdk", b"<nothing/>")
    assert (vc.login_attempts, vc.logins) == (1, [])


def test_a_restart_ends_all_sessions_and_somebody_elses_session_is_no_login(vc: SimulatedVCenter, client: Raw) -> None:
    secret = vc.add_session(USER)
    assert client.whoami(secret)
    assert (vc.login_attempts, vc.logins) == (0, [])
    vc.end_all()
    assert client.whoami(secret) == ""


def test_ipv6_loopback_is_served_under_its_own_name() -> None:
    with SimulatedVCenter(host="::1") as vc:
        assert vc.authority.startswith("[::1]:")
        assert Raw(vc.url, vc.ca_file).login(USER, PASSWORD).status == 200
