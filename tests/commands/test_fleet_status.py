"""`vsphere-session fleet status`: what a fleet has for an endpoint, told by the engine alone, and nothing is changed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import pytest

from commands.fleets import HOST, KEY, USER, Machine
from fleet.kinds import engine_at
from fleet.made import aside, committed, taken
from fleet.servers import READER, RUNNER, RedisServer, redis_server
from simulated_vcenter import SimulatedVCenter
from support.ports import free_port
from support.program import PASSWORD, Helper, request
from support.program import USER as ADMINISTRATOR
from vsphere_session.clock import Clock
from vsphere_session.fleet import document as documents
from vsphere_session.fleet.document import Document
from vsphere_session.fleet.keys import new_key

WHO = ("--username", ADMINISTRATOR)


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """Redis with TLS and accounts; nobody harms it."""
    with redis_server() as running:
        yield running


@pytest.fixture
def machine(helper: Helper, server: RedisServer) -> Machine:
    """One with nothing in the fleet yet."""
    with server.administrator() as client:
        client.flushall()
    return Machine(helper, server)


@pytest.fixture
def shared(machine: Machine, vcenter: SimulatedVCenter) -> Machine:
    """One that has just logged in for the fleet."""
    machine.helper.ok("get", request(vcenter), VSPHERE_PASSWORD=PASSWORD)
    return machine


def put(server: RedisServer, name: str, document: Document) -> None:
    """Have the engine hold it."""
    with contextlib.closing(engine_at(server)) as engine:
        engine.put(name, engine.get(name).version, documents.written(document), 60.0)


def contents(server: RedisServer) -> dict[bytes, object]:
    """All that the engine holds."""
    with server.administrator() as client:
        return {name: client.xrange(name) for name in client.keys("*")}


def test_where_nothing_is_shared_yet(machine: Machine) -> None:
    found = machine.status(HOST, "--username", USER)
    assert (found["endpoint"], found["username"], found["namespace"]) == (HOST, USER, "vs:ci")
    assert (found["sessions"], found["lease"], found["retired"], found["to_be_ended"], found["log"]) == (
        [],
        None,
        [],
        [],
        [],
    )
    assert found["keys"] == ["2026-11"]
    text = machine.helper.run("fleet", "status", HOST, "--username", USER).stdout.decode()
    assert "Sessions: none yet\nLease: free\n" in text


def test_who_has_logged_in_and_who_has_confirmed(
    shared: Machine, vcenter: SimulatedVCenter, server: RedisServer
) -> None:
    before, asked = contents(server), vcenter.login_attempts
    found = shared.status(vcenter.authority, *WHO)
    assert [one["kind"] for one in found["sessions"]] == ["soap", "rest"]
    for one in found["sessions"]:
        assert (one["state"], one["key"]) == ("good", "2026-11")
        assert "administrator" in one["identity"].casefold()
        assert "/vsphere-session " in one["logged_in_by"]
        assert one["confirmed_by"] == one["logged_in_by"]
    commits = [line["what"] for line in found["log"] if "committed" in line["what"]]
    assert commits == ["soap committed (login)", "rest committed (login)"]
    assert (contents(server), vcenter.login_attempts) == (before, asked)


def test_of_several_sessions_this_machines_is_shown_or_another_one(machine: Machine, vcenter: SimulatedVCenter) -> None:
    """Where the machines share more than one of each kind."""
    machine.environment["VSPHERE_SESSION_FLEET_SESSIONS"] = "3"
    machine.helper.ok("get", request(vcenter), VSPHERE_PASSWORD=PASSWORD)
    found = machine.status(vcenter.authority, *WHO)
    mine = found["number"]
    assert (found["numbers"], len(found["sessions"])) == (3, 2)
    assert found["document"].endswith(f".{mine}}}")
    for other in {0, 1, 2} - {mine}:
        found = machine.status(vcenter.authority, *WHO, "--number", str(other))
        assert (found["number"], found["sessions"]) == (other, [])
        text = machine.helper.run("fleet", "status", vcenter.authority, *WHO, "--number", str(other)).stdout
        assert f"Number: {other} of 0 to 2; this machine uses {mine}\n" in text.decode()
    reply = machine.helper.run("fleet", "status", vcenter.authority, *WHO, "--number", "3")
    assert reply.status == 2
    assert "there is no number 3: the fleet shares 3 sessions of each kind, 0 to 2" in reply.stderr
    del machine.environment["VSPHERE_SESSION_FLEET_SESSIONS"]
    reply = machine.helper.run("fleet", "status", vcenter.authority, *WHO, "--number", "1")
    assert reply.status == 2
    assert "the fleet shares one session of each kind, which is number 0" in reply.stderr


def test_a_person_reads_it_in_lines(shared: Machine, vcenter: SimulatedVCenter) -> None:
    reply = shared.helper.run("fleet", "status", vcenter.authority, *WHO)
    text = reply.stdout.decode()
    assert (reply.status, reply.stderr) == (0, ""), reply
    assert text.startswith(f"Endpoint: {vcenter.authority}\nUser: {ADMINISTRATOR}\nFleet: vs:ci at 127.0.0.1:")
    assert "\nSOAP: good; confirmed " in text
    assert "\nLease: free\nRetired: 0\nTo be ended: 0\nRefused passwords: 0\n" in text
    assert "TIME" in text
    assert "soap committed (login)" in text


def test_session_ids_are_shown_to_who_says_so(shared: Machine, vcenter: SimulatedVCenter) -> None:
    ids = {session.id for session in vcenter.sessions}
    said = shared.helper.run("fleet", "status", vcenter.authority, *WHO).stdout.decode()
    assert not [each for each in ids if each in said]
    assert not [each for each in ids if each in json.dumps(shared.status(vcenter.authority, *WHO))]
    found = shared.status(vcenter.authority, *WHO, "--show-secret")
    assert {one["session_id"] for one in found["sessions"]} == ids
    said = shared.helper.run("fleet", "status", vcenter.authority, *WHO, "--show-secret").stdout.decode()
    assert all(each in said for each in ids)


def test_without_the_key_what_is_sealed_stays_closed(shared: Machine, vcenter: SimulatedVCenter) -> None:
    found = shared.status(vcenter.authority, *WHO, "--show-secret", VSPHERE_SESSION_FLEET_KEY="")
    assert found["no_keys"].startswith("the fleet has no key; make one with")
    for one in found["sessions"]:
        assert one["state"] == "cannot be opened here: its key is missing"
        assert one["key"]
        assert one["logged_in_by"]
        assert "session_id" not in one
        assert one["identity"] is None


def test_another_key_opens_nothing(shared: Machine, vcenter: SimulatedVCenter) -> None:
    found = shared.status(vcenter.authority, *WHO, VSPHERE_SESSION_FLEET_KEY=new_key("other"))
    assert {one["state"] for one in found["sessions"]} == {"cannot be opened here: its key is missing"}
    assert found["keys"] == ["other"]


def test_nothing_is_written_here(shared: Machine, vcenter: SimulatedVCenter) -> None:
    before = shared.files()
    shared.status(vcenter.authority, *WHO)
    shared.diagnosis(vcenter.authority, *WHO)
    assert shared.files() == before


def test_an_account_that_may_only_read_is_enough(
    shared: Machine, vcenter: SimulatedVCenter, server: RedisServer
) -> None:
    before = shared.status(vcenter.authority, *WHO)
    shared.enter(server, READER)
    assert shared.status(vcenter.authority, *WHO)["sessions"] == before["sessions"]


def test_whose_turn_it_is_and_what_is_left_to_be_ended(machine: Machine, server: RedisServer) -> None:
    name, now = machine.status(HOST, "--username", USER)["document"], Clock().now()
    document = committed(committed(Document(), "a", now, retire_until=now + 1800), "b", now, retire_until=now + 1800)
    document = documents.set_aside(document, now, aside("left", since=now, kind="rest"))
    document, _ = taken(document, now, "c")
    put(server, name, document)
    found = machine.status(HOST, "--username", USER)
    assert (found["lease"]["runner"], found["lease"]["for"]) == ("runner-c", "login")
    assert found["lease"]["since"] <= found["lease"]["until"]
    assert [each["kind"] for each in found["retired"]] == ["soap"]
    assert found["to_be_ended"] == [{"kind": "rest", "why": "new"}]
    text = machine.helper.run("fleet", "status", HOST, "--username", USER).stdout.decode()
    assert "\nLease: runner-c (login) since " in text
    assert "\nRetired: 1, the next to be ended in " in text
    assert "\nTo be ended: 1\n" in text


def test_refused_passwords_are_counted(machine: Machine, vcenter: SimulatedVCenter) -> None:
    for password in ("wr0ng-Alpha", "wr0ng-Omega"):
        assert machine.helper.call("get", request(vcenter), VSPHERE_PASSWORD=password).status == 4
    found = machine.status(vcenter.authority, *WHO)["refused"]
    assert (found["server_known"], found["passwords"], found["turn"]) == (True, 2, None)
    assert found["until"]
    text = machine.helper.run("fleet", "status", vcenter.authority, *WHO).stdout.decode()
    assert "\nRefused passwords: 2, the last until 2" in text
    assert "wr0ng" not in text


def test_a_document_of_a_newer_version_is_left_alone(machine: Machine, server: RedisServer) -> None:
    name = machine.status(HOST, "--username", USER)["document"]
    with contextlib.closing(engine_at(server)) as engine:
        engine.put(name, b"", b'{"v":2}', 60.0)
    reply = machine.helper.run("fleet", "status", HOST, "--username", USER)
    assert (reply.status, reply.stdout) == (10, b""), reply
    assert "newer version" in reply.stderr


def test_an_engine_that_is_down(machine: Machine) -> None:
    reply = machine.helper.run(
        "fleet", "status", HOST, VSPHERE_SESSION_FLEET=f"rediss://{RUNNER}@127.0.0.1:{free_port()}"
    )
    assert (reply.status, reply.stdout, reply.stderr.count("\n")) == (9, b"", 1), reply
    assert "does not answer" in reply.stderr


def test_a_wrong_password(machine: Machine) -> None:
    reply = machine.helper.run("fleet", "status", HOST, VSPHERE_SESSION_FLEET_PASSWORD="wr0ng-Omega")
    assert (reply.status, reply.stdout, reply.stderr.count("\n")) == (9, b"", 1), reply
    assert "refuses this account" in reply.stderr
    assert "wr0ng" not in reply.stderr


def test_where_there_is_no_fleet_or_no_server(machine: Machine) -> None:
    helper = machine.helper
    off = helper.run("fleet", "status", HOST, VSPHERE_SESSION_FLEET="off")
    assert (off.status, off.stdout) == (2, b""), off
    assert "no fleet is configured" in off.stderr
    nobody = helper.run("fleet", "status")
    assert (nobody.status, nobody.stdout, nobody.stderr.count("\n")) == (2, b"", 1), nobody
    config = helper.home / "config.toml"
    config.write_text(f'[endpoint."{HOST}"]\nfleet = false\n')
    kept_out = helper.run("fleet", "status", HOST, "--config", str(config))
    assert kept_out.status == 2, kept_out
    assert f"fleet = false keeps {HOST} out of the fleet" in kept_out.stderr
    assert KEY.partition(":")[2] not in str([off, nobody, kept_out])
