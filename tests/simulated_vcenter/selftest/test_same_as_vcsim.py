"""What vcsim and the simulated vCenter have in common, asked of both in the same words.

So that a test which passes against the simulated vCenter says something about the world outside: vcsim is
govmomi's own simulator, written by people who have real ones.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from pyVmomi import vim

from simulated_vcenter import SimulatedVCenter
from simulated_vcenter.selftest.raw import API, REST, Answer, Raw


@dataclass(frozen=True)
class Server:
    """One of the two."""

    client: Raw
    user: str
    password: str

    def login(self) -> str:
        """Return the id of a new SOAP session."""
        answer = self.client.login(self.user, self.password)
        assert answer.status == 200
        return answer.session_id

    def rest_login(self) -> str:
        """Return the id of a new REST session."""
        answer = self.client.rest_login(self.user, self.password, REST)
        assert answer.status == 200
        secret: str = answer.json["value"]
        return secret

    def key(self, session: str) -> str:
        """Return the key of this session."""
        return self.client.read("currentSession", session=session).element("key")


@pytest.fixture(params=["vcsim", "simulated vCenter"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    if request.param == "vcsim":
        vcsim = request.getfixturevalue("vcsim")
        client = Raw(vcsim.url, str(vcsim.ca_file))
        yield Server(client, vcsim.user, vcsim.password)
        return
    user, password = "administrator@vsphere.local", "VMware1!"
    with SimulatedVCenter({user: password}, api_session=False, quoted_cookie=False, reported_names={user: user}) as vc:
        yield Server(Raw(vc.url, vc.ca_file), user, password)


def properties(schema: Any) -> Any:
    """Return what pyVmomi knows of this type's properties."""
    return schema._GetPropertyList()


def is_fault(answer: Answer, name: str) -> bool:
    """Tell whether this is a SOAP fault of this type, as SOAP over HTTP sends it."""
    return (
        answer.status == 500
        and answer.headers["content-type"].startswith("text/xml")
        and f'<{name}Fault xmlns="urn:vim25" xsi:type="{name}">' in answer.text
        and answer.element("faultcode") == "ServerFaultCode"
    )


def test_anybody_may_ask_what_the_server_is(server: Server) -> None:
    answer = server.client.call("RetrieveServiceContent", "ServiceInstance")
    assert answer.status == 200
    assert answer.element("apiType") == "VirtualCenter"
    assert answer.element("instanceUuid")
    assert '<sessionManager type="SessionManager">SessionManager</sessionManager>' in answer.text
    assert '<propertyCollector type="PropertyCollector">propertyCollector</propertyCollector>' in answer.text
    assert answer.cookie == ""


def test_what_the_server_is_comes_in_the_order_of_the_schema(server: Server) -> None:
    """Which pyVmomi knows; a parser that reads a sequence depends on it."""
    answer = server.client.call("RetrieveServiceContent", "ServiceInstance")
    for told, schema in (("returnval", vim.ServiceInstanceContent), ("about", vim.AboutInfo)):
        element = ET.fromstring(answer.body).find(f".//{{urn:vim25}}{told}")
        assert element is not None
        names = [child.tag.removeprefix("{urn:vim25}") for child in element]
        assert names == [name for name in map(operator.attrgetter("name"), properties(schema)) if name in names]


def test_anybody_may_ask_for_its_versions(server: Server) -> None:
    answer = server.client.ask("GET", "/sdk/vimServiceVersions.xml")
    assert answer.status == 200
    assert answer.element("name") == "urn:vim25"


def test_a_login_answers_the_session_and_sets_the_cookie(server: Server) -> None:
    answer = server.client.login(server.user, server.password)
    assert answer.status == 200
    assert "HttpOnly" in answer.cookie
    assert answer.element("userName") == server.user
    assert answer.element("key") == server.key(answer.session_id) != ""


@pytest.mark.parametrize(("user", "password"), [(None, "wrong"), ("nobody@vsphere.local", None), (None, "")])
def test_wrong_credentials_are_an_invalid_login_and_no_cookie(
    server: Server, user: str | None, password: str | None
) -> None:
    name = server.user if user is None else user
    answer = server.client.login(name, server.password if password is None else password)
    assert is_fault(answer, "InvalidLogin")
    assert answer.cookie == ""


def test_logging_in_with_a_session_at_hand_is_an_invalid_login(server: Server) -> None:
    session = server.login()
    assert is_fault(server.client.login(server.user, server.password, session), "InvalidLogin")
    assert server.key(session)


def test_the_current_session_is_told_with_the_cookie_quoted_or_not(server: Server) -> None:
    session = server.login()
    for cookie in (session, f'"{session}"'):
        answer = server.client.read("currentSession", session=cookie)
        assert answer.status == 200
        assert "<propSet><name>currentSession</name>" in answer.text
        assert answer.element("userName") == server.user
        assert answer.element("extensionSession") == "false"


def test_each_use_counts_as_a_call_of_the_session(server: Server) -> None:
    session = server.login()
    first, second = (int(server.client.read("currentSession", session=session).element("callCount")) for _ in "ab")
    assert second == first + 1


@pytest.mark.parametrize("session", ["", "nobody's"])
def test_without_a_session_reading_it_is_no_fault_and_tells_nothing(server: Server, session: str) -> None:
    answer = server.client.read("currentSession", session=session)
    assert answer.status == 200
    assert '<obj type="SessionManager">SessionManager</obj>' in answer.text
    assert "propSet" not in answer.text
    assert answer.element("userName") == ""


def test_without_a_session_other_operations_are_not_authenticated(server: Server) -> None:
    client = server.client
    assert is_fault(client.call("CurrentTime", "ServiceInstance"), "NotAuthenticated")
    assert is_fault(client.call("TerminateSession", "SessionManager"), "NotAuthenticated")
    assert is_fault(client.logout(""), "NotAuthenticated")


def test_with_a_session_the_time_is_told(server: Server) -> None:
    answer = server.client.call("CurrentTime", "ServiceInstance", session=server.login())
    assert answer.status == 200
    assert answer.element("returnval").endswith("Z")


def test_a_logout_ends_the_session_and_a_second_one_is_not_authenticated(server: Server) -> None:
    session = server.login()
    assert server.client.logout(session).status == 200
    assert server.key(session) == ""
    assert is_fault(server.client.logout(session), "NotAuthenticated")


def test_everybodys_sessions_are_listed_by_their_keys(server: Server) -> None:
    session, other = server.login(), server.login()
    listed = server.client.read("sessionList", session=session).text
    assert f"<key>{server.key(session)}</key>" in listed
    assert f"<key>{server.key(other)}</key>" in listed


def test_another_session_ends_by_its_key_ones_own_does_not(server: Server) -> None:
    session, other = server.login(), server.login()

    def terminate(key: str) -> Answer:
        return server.client.call("TerminateSession", "SessionManager", f"<sessionId>{key}</sessionId>", session)

    key = server.key(other)
    assert terminate(key).status == 200
    assert server.key(other) == ""
    assert is_fault(terminate(key), "NotFound")
    assert is_fault(terminate(server.key(session)), "InvalidArgument")
    assert server.key(session)


def test_an_active_session_is_known_by_key_and_user(server: Server) -> None:
    session = server.login()

    def active(key: str) -> str:
        asked = f"<sessionID>{key}</sessionID><userName>{server.user}</userName>"
        return server.client.call("SessionIsActive", "SessionManager", asked, session).element("returnval")

    assert (active(server.key(session)), active("no such key")) == ("true", "false")


def test_a_clone_ticket_makes_one_session_of_its_own(server: Server) -> None:
    session = server.login()
    ticket = server.client.call("AcquireCloneTicket", "SessionManager", "", session).element("returnval")
    argument = f"<cloneTicket>{ticket}</cloneTicket>"
    clone = server.client.call("CloneSession", "SessionManager", argument)
    assert clone.element("userName") == server.user
    assert clone.session_id != session
    assert server.key(clone.session_id)
    assert is_fault(server.client.call("CloneSession", "SessionManager", argument), "InvalidLogin")


def test_an_operation_or_object_that_does_not_exist_is_a_fault(server: Server) -> None:
    client, session = server.client, server.login()
    assert is_fault(client.call("Nonsense", "ServiceInstance", session=session), "InvalidRequest")
    missing = client.call("Destroy_Task", "Folder:elsewhere", session=session)
    assert is_fault(missing, "ManagedObjectNotFound")
    assert is_fault(client.ask("POST", "/sdk", {}, b"no XML <"), "InvalidRequest")


def test_the_sdk_takes_post_only(server: Server) -> None:
    assert server.client.ask("GET", "/sdk").status == 405


def test_a_server_without_the_newer_rest_service_answers_404(server: Server) -> None:
    assert server.client.rest_login(server.user, server.password, API).status == 404
    assert server.client.rest("GET", API, "any").status == 404


def test_a_rest_session_is_made_shown_and_ended(server: Server) -> None:
    session = server.rest_login()
    shown = [
        server.client.rest("POST", f"{REST}?~action=get", session),
        server.client.rest("GET", REST, session),
    ]
    for answer in shown:
        assert answer.status == 200
        assert answer.json["value"].keys() == {"user", "created_time", "last_accessed_time"}
        assert answer.json["value"]["user"] == server.user
        assert answer.json["value"]["created_time"].endswith("Z")
    assert server.client.rest("DELETE", REST, session).status == 200


def test_a_rest_session_that_is_gone_or_never_was_is_401_even_when_ended(server: Server) -> None:
    session = server.rest_login()
    server.client.rest("DELETE", REST, session)
    for nobodys in (session, "never was", ""):
        assert server.client.rest("POST", f"{REST}?~action=get", nobodys).status == 401
        assert server.client.rest("GET", REST, nobodys).status == 401
        assert server.client.rest("DELETE", REST, nobodys).status == 401


def test_wrong_credentials_over_rest_are_401(server: Server) -> None:
    assert server.client.rest_login(server.user, "wrong", REST).status == 401
    assert server.client.rest_login("nobody", server.password, REST).status == 401
    assert server.client.ask("POST", REST).status == 401


def test_soap_and_rest_ids_are_not_interchangeable(server: Server) -> None:
    assert server.client.rest("GET", REST, server.login()).status == 401
    assert server.key(server.rest_login()) == ""


def test_a_password_of_any_characters_arrives_as_it_is(server: Server) -> None:
    """The server is the judge: a wrong one that looks alike is refused, the right one is taken."""
    assert is_fault(server.client.login(server.user, f"{server.password}<&>\"'"), "InvalidLogin")
    assert server.login()
