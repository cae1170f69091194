"""Both REST session services as a client on the wire sees them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulated_vcenter import Clock, SimulatedVCenter
from simulated_vcenter.selftest.raw import API, HEADER, REST, Raw

USER, PASSWORD = "administrator@vsphere.local", "VMware1!"


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with SimulatedVCenter(clock=Clock(1_700_000_000.0)) as vc:
        yield vc


@pytest.fixture
def client(vc: SimulatedVCenter) -> Raw:
    return Raw(vc.url, vc.ca_file)


def test_the_newer_service_answers_201_and_a_bare_id(vc: SimulatedVCenter, client: Raw) -> None:
    created = client.rest_login(USER, PASSWORD)
    assert (created.status, created.json) == (201, vc.sessions[0].id)
    vc.clock.advance(60)
    shown = client.rest("GET", API, created.json)
    assert (shown.status, shown.json) == (
        200,
        {
            "user": "administrator@VSPHERE.LOCAL",
            "created_time": "2023-11-14T22:13:20.000000Z",
            "last_accessed_time": "2023-11-14T22:14:20.000000Z",
        },
    )
    assert client.rest("DELETE", API, created.json).status == 204
    assert vc.session_count == 0


def test_one_id_serves_both_rest_services(client: Raw) -> None:
    secret = client.rest_login(USER, PASSWORD).json
    shown = client.rest("POST", f"{REST}?~action=get", secret)
    assert (shown.status, shown.json["value"]["user"]) == (200, "administrator@VSPHERE.LOCAL")


def test_the_older_service_sets_a_cookie_unless_the_client_uses_the_header(client: Raw) -> None:
    with_cookie = client.rest_login(USER, PASSWORD, REST)
    secret = with_cookie.json["value"]
    assert with_cookie.cookie == f"{HEADER}={secret};Path=/rest;Secure;HttpOnly"
    basic = {"Authorization": "Basic YWRtaW5pc3RyYXRvckB2c3BoZXJlLmxvY2FsOlZNd2FyZTEh"}
    without = client.ask("POST", REST, basic | {"vmware-use-header-authn": "true"})
    assert (without.status, without.cookie) == (200, "")
    assert client.ask("GET", REST, {"Cookie": f"{HEADER}={secret}"}).status == 200
    assert client.ask("GET", API, {"Cookie": f"{HEADER}={secret}"}).status == 401


@pytest.mark.parametrize("path", [API, REST])
@pytest.mark.parametrize("authorization", ["", "Basic", "Basic !!!", "Basic eDp5", "Bearer eDp5"])
def test_bad_credentials_are_told_as_unauthenticated(
    vc: SimulatedVCenter, client: Raw, path: str, authorization: str
) -> None:
    answer = client.ask("POST", path, {"Authorization": authorization} if authorization else {})
    body = answer.json if path == API else answer.json["value"]
    assert (answer.status, body["error_type"]) == (401, "UNAUTHENTICATED")
    assert body["messages"][0]["id"] == "com.vmware.vapi.endpoint.method.authentication.required"
    assert (vc.login_attempts, vc.session_count) == (1, 0)


@pytest.mark.parametrize("path", [API, REST])
def test_the_session_limit_is_a_503_with_its_own_id(path: str) -> None:
    with SimulatedVCenter(session_limit=1) as vc:
        client = Raw(vc.url, vc.ca_file)
        vc.add_session(USER, "soap")
        assert client.rest_login(USER, PASSWORD, path).status in {200, 201}
        answer = client.rest_login(USER, PASSWORD, path)
        (message,) = (answer.json if path == API else answer.json["value"])["messages"]
        assert answer.status == 503
        assert message["id"] == "com.vmware.vapi.endpoint.failedToLoginMaxUserSessionCountReached"
        assert message["default_message"] == (
            f"User session count is limited to 1. Existing session count is 1 for user {USER}"
        )


@pytest.mark.parametrize(("switch", "gone", "left"), [("api_session", API, REST), ("rest_session", REST, API)])
def test_a_service_can_be_absent_and_is_then_no_login(switch: str, gone: str, left: str) -> None:
    with SimulatedVCenter(api_session=switch != "api_session", rest_session=switch != "rest_session") as vc:
        client = Raw(vc.url, vc.ca_file)
        assert client.rest_login(USER, PASSWORD, gone).status == 404
        assert client.rest_login(USER, PASSWORD, left).status in {200, 201}
        assert vc.login_attempts == 1


def test_an_idle_session_is_unauthenticated(vc: SimulatedVCenter, client: Raw) -> None:
    secret = client.rest_login(USER, PASSWORD).json
    vc.clock.advance(1801)
    assert client.rest("GET", API, secret).status == 401


def test_before_8_0_u3_neither_id_opens_the_other_api(vc: SimulatedVCenter, client: Raw) -> None:
    soap, rest = vc.add_session(USER, "soap"), vc.add_session(USER, "rest")
    assert client.rest("GET", API, soap).status == 401
    assert client.whoami(rest) == ""


def test_since_8_0_u3_each_id_opens_both_and_ends_both() -> None:
    with SimulatedVCenter(unified=True) as vc:
        client = Raw(vc.url, vc.ca_file)
        assert client.call("RetrieveServiceContent", "ServiceInstance").element("apiVersion") == "8.0.3.0"
        soap = client.login(USER, PASSWORD).session_id
        rest = client.rest_login(USER, PASSWORD).json
        assert {session.kind for session in vc.sessions} == {"unified"}
        assert client.rest("GET", API, soap).status == 200
        assert client.whoami(rest) == r"VSPHERE.LOCAL\administrator"
        client.rest("DELETE", API, soap)
        client.logout(rest)
        assert client.whoami(soap) == ""
        assert client.rest("GET", API, rest).status == 401
        assert vc.session_count == 0


def test_the_list_for_people_gives_no_secret_away(vc: SimulatedVCenter, client: Raw) -> None:
    secret = client.login(USER, PASSWORD).session_id
    answer = client.ask("GET", "/_simulator/sessions")
    assert [(each["kind"], each["user"]) for each in answer.json] == [("soap", USER)]
    assert secret not in answer.text
    assert [request.operation for request in vc.requests] == ["Login"]
