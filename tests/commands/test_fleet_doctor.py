"""`vsphere-session fleet doctor` names the cause of each of these faults, says what to do, and finds nothing else wrong."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from commands.doctors import Diagnosis, diagnosed
from commands.fleets import HOST, KEY, USER, Machine
from fleet.canned import canned
from fleet.servers import ADMIN, NAMESPACE, READER, RUNNER, RedisServer, redis_server, valkey_server
from simulated_vcenter import SimulatedVCenter
from support.ports import free_port
from support.program import PASSWORD, Helper, request
from support.program import USER as ADMINISTRATOR
from vsphere_session.clock import Clock
from vsphere_session.commands.examining.case import Case
from vsphere_session.commands.examining.sharing.order import examine
from vsphere_session.commands.invocation import Common
from vsphere_session.fleet.keys import new_key

AREAS = [
    *("configuration", "key", "engine", "account", "clock"),
    *("durability", "eviction", "keys in use", "trial"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """Redis with TLS and accounts; nobody harms it."""
    with redis_server() as running:
        yield running


@pytest.fixture
def machine(helper: Helper, server: RedisServer) -> Machine:
    """All is well but for what the test does."""
    return Machine(helper, server)


def only(found: Diagnosis, area: str, status: int) -> str:
    """There is one problem and no warning; what is said of it and what is to be done."""
    assert (found.problems, found.warnings, found.status) == ([area], [], status), found
    line = found.of(area, "problem")[0]
    assert line.do, line
    return f"{line.what}; {line.do}"


def warned(found: Diagnosis, area: str) -> str:
    """There is one warning in this area, and no problem."""
    assert (found.problems, found.status) == ([], 0), found
    assert area in found.warnings, found
    line = found.the(area, "warning")
    assert line.do, line
    return f"{line.what}; {line.do}"


def administrator(helper: Helper, server: RedisServer) -> Machine:
    """An account that is told everything, and may do too much."""
    return Machine(helper, server, ADMIN)


def names(server: RedisServer) -> list[bytes]:
    """Of all that the engine holds."""
    with server.administrator() as client:
        return sorted(client.keys("*"))


def test_where_all_is_well_each_area_says_so(machine: Machine, server: RedisServer) -> None:
    before = names(server)
    found = machine.diagnosis(HOST)
    assert (found.status, found.problems, found.warnings) == (0, [], [])
    assert list(dict.fromkeys(line.area for line in found.lines)) == AREAS
    url = machine.environment["VSPHERE_SESSION_FLEET"]
    assert found.the("configuration", "ok").what.startswith(f"{url}, namespace vs:ci, by the environment; ")
    assert found.the("key", "ok").what == "2026-11 (seals and opens)"
    assert found.the("engine", "ok").what.startswith("redis 7.")
    assert f"127.0.0.1:{server.tls_port}, TLSv1.3, verified by " in found.the("engine", "ok").what
    assert found.the("account", "ok").what == "ci-runner: nothing beside what a fleet needs"
    assert found.the("keys in use", "ok").what == "no session of vc.example.com is shared yet"
    steps = [step.split()[0] for step in found.the("trial", "ok").what.split(", ")]
    assert steps == ["put", "conflict", "wait", "remove"]
    assert names(server) == before


def test_a_pipe_gets_a_line_each(machine: Machine) -> None:
    reply = machine.helper.run("fleet", "doctor")
    lines = reply.stdout.decode().splitlines()
    assert (reply.status, reply.stderr, lines[-1]) == (0, "", "nothing is wrong"), reply
    assert lines[0].startswith("ok       configuration: rediss://")
    assert KEY.partition(":")[2] not in reply.stdout.decode()


def test_no_server_of_sessions_is_asked(machine: Machine, vcenter: SimulatedVCenter) -> None:
    found = machine.diagnosis(vcenter.authority, "--username", ADMINISTRATOR, VSPHERE_PASSWORD=PASSWORD)
    assert found.status == 0, found
    assert (vcenter.requests, vcenter.session_count) == ([], 0)


def test_where_no_fleet_is_configured(helper: Helper) -> None:
    found = Machine(helper).diagnosis()
    assert "no fleet is configured; write url, namespace and key_file under [fleet]" in only(found, "configuration", 2)
    assert {line.state for line in found.lines if line.area != "configuration"} == {"skipped"}


def test_a_fleet_without_a_namespace(machine: Machine) -> None:
    assert "no namespace" in only(machine.diagnosis(VSPHERE_SESSION_FLEET_NAMESPACE=""), "configuration", 2)


def test_an_endpoint_that_is_kept_out_of_the_fleet(machine: Machine) -> None:
    config = machine.helper.home / "config.toml"
    config.write_text(f'[endpoint."{HOST}"]\nfleet = false\n')
    assert f"keeps {HOST} out of it" in warned(machine.diagnosis(HOST, "--config", str(config)), "configuration")


def test_a_key_that_is_missing(machine: Machine) -> None:
    """The engine is examined all the same."""
    found = machine.diagnosis(VSPHERE_SESSION_FLEET_KEY="")
    assert "the fleet has no key; make one with: vsphere-session fleet key --new" in only(found, "key", 2)
    assert [found.state(area) for area in ("engine", "account", "trial")] == ["ok"] * 3
    assert found.state("keys in use") == "skipped"


def test_a_key_file_that_is_not_there(machine: Machine) -> None:
    found = machine.diagnosis(VSPHERE_SESSION_FLEET_KEY="", VSPHERE_SESSION_FLEET_KEY_FILE="/nowhere/key")
    assert "/nowhere/key" in only(found, "key", 9)


def test_a_second_key_opens(machine: Machine) -> None:
    found = machine.diagnosis(VSPHERE_SESSION_FLEET_KEY=f"{KEY}\n{new_key('old')}")
    assert found.the("key", "ok").what == "2026-11 (seals and opens), old (opens)"


def test_an_engine_that_is_down(machine: Machine) -> None:
    found = machine.diagnosis(VSPHERE_SESSION_FLEET=f"rediss://{RUNNER}@127.0.0.1:{free_port()}")
    assert "does not answer" in only(found, "engine", 9)
    assert found.the("engine", "problem").kind == "storage"
    assert {found.state(area) for area in AREAS[3:]} == {"skipped"}


def test_an_engine_whose_certificate_is_somebody_elses(machine: Machine) -> None:
    del machine.environment["VSPHERE_SESSION_FLEET_CA_FILE"]
    said = only(machine.diagnosis(), "engine", 9)
    assert "is not trusted here" in said
    assert "ca_file" in said


def test_a_wrong_password(machine: Machine) -> None:
    """It is not shown."""
    found = machine.diagnosis(VSPHERE_SESSION_FLEET_PASSWORD="wr0ng-Omega")
    said = only(found, "account", 9)
    assert "refuses this account" in said
    assert "correct the engine's user, its password or its rights" in said
    assert "wr0ng-Omega" not in str(found)


def test_rights_that_are_too_wide(helper: Helper, server: RedisServer) -> None:
    found = administrator(helper, server).diagnosis()
    said = warned(found, "account")
    assert "admin may do more than a fleet needs: +@all, ~*, &*" in said
    assert f"ACL SETUSER admin resetkeys resetchannels ~{NAMESPACE}* -@all" in said


def test_an_account_that_may_read_other_names(helper: Helper) -> None:
    """Also where it may not be asked about itself."""
    with redis_server() as server:
        with server.administrator() as client:
            client.execute_command("ACL", "SETUSER", RUNNER, "~vs:*")
        assert "keys outside of the namespace" in warned(Machine(helper, server).diagnosis(), "account")


def test_an_account_of_another_namespace(machine: Machine) -> None:
    found = machine.diagnosis(VSPHERE_SESSION_FLEET_NAMESPACE="vs:production")
    assert "NOPERM" in only(found, "account", 9)


def test_an_engine_without_accounts(helper: Helper) -> None:
    with valkey_server() as server:
        found = Machine(helper, server).diagnosis()
        assert "default may do more than a fleet needs" in warned(found, "account")
        assert found.the("engine", "ok").what.startswith("valkey 9.")
        assert found.the("engine", "ok").what.endswith(", in clear")


def test_an_engine_that_forgets_at_any_time(helper: Helper) -> None:
    with redis_server(options="maxmemory-policy allkeys-lru") as server:
        found = administrator(helper, server).diagnosis()
        assert "allkeys-lru: it may forget sessions at any time; set maxmemory-policy" in warned(found, "eviction")


@pytest.mark.parametrize(
    ("options", "state", "said"),
    [
        ("appendonly no", "warning", "it keeps no log on a disk"),
        ("appendonly yes\nappendfsync everysec", "ok", "within a second, so that a crash may cost one login"),
        ("appendonly yes\nappendfsync always", "ok", "before it is confirmed"),
    ],
)
def test_how_well_it_keeps_what_it_is_given(helper: Helper, options: str, state: str, said: str) -> None:
    with redis_server(options=options) as server:
        found = administrator(helper, server).diagnosis()
        assert said in found.the("durability", state).what
        assert found.the("eviction", "ok").what == "it drops nothing to make room (noeviction)"


def test_what_an_account_may_not_ask_is_left_open(machine: Machine) -> None:
    found = machine.diagnosis()
    for area in ("durability", "eviction"):
        assert found.the(area, "skipped").what == "because ci-runner may not ask that, as it should be"
        assert "an administrator may: INFO" in found.the(area, "skipped").do


def test_an_account_that_may_only_read(helper: Helper, server: RedisServer) -> None:
    found = Machine(helper, server, READER).diagnosis(HOST)
    assert (found.status, found.problems, found.warnings) == (0, [], [])
    assert found.the("trial", "ok").what == "ci-reader may only read, and uses what others have logged in"


def test_an_engine_that_is_too_old(helper: Helper) -> None:
    machine = Machine(helper)
    info = b"redis_version:6.0.16\r\n"
    refused = b"-NOPERM no\r\n"
    answers = (b"$%d\r\n%b\r\n" % (len(info), info) + b"$0\r\n\r\n" * 3, refused)
    with canned(*answers) as engine:
        found = machine.diagnosis(VSPHERE_SESSION_FLEET=f"redis://127.0.0.1:{engine.port}")
    assert f"redis 6.0.16 at 127.0.0.1:{engine.port} is too old" in only(found, "engine", 10)


def test_an_engine_that_makes_no_sense(helper: Helper) -> None:
    with canned(b"HTTP/1.1 400 Bad Request\r\n\r\n") as engine:
        found = Machine(helper).diagnosis(VSPHERE_SESSION_FLEET=f"redis://127.0.0.1:{engine.port}")
    assert "makes no sense" in only(found, "engine", 9)


def test_a_session_that_another_key_has_sealed(machine: Machine, vcenter: SimulatedVCenter) -> None:
    theirs = new_key("theirs")
    machine.helper.ok("get", request(vcenter), VSPHERE_PASSWORD=PASSWORD, VSPHERE_SESSION_FLEET_KEY=theirs)
    found = machine.diagnosis(vcenter.authority, "--username", ADMINISTRATOR)
    said = warned(found, "keys in use")
    assert f"sessions of {vcenter.authority} are sealed with a key that is not here (" in said
    assert "give all machines of the fleet the same keys" in said
    found = machine.diagnosis(
        vcenter.authority, "--username", ADMINISTRATOR, VSPHERE_SESSION_FLEET_KEY=f"{KEY}\n{theirs}"
    )
    assert found.the("keys in use", "ok").what == f"sessions of {vcenter.authority} are sealed with theirs"


def test_the_engines_clock_is_what_counts(machine: Machine) -> None:
    class Elsewhen(Clock):
        """One that was never set, or goes ahead."""

        def __init__(self, now: float) -> None:
            self.time = now

        def now(self) -> float:
            return self.time

    def found(now: float) -> tuple[str, str]:
        environ = machine.environment | {"PATH": os.defpath}
        case = Case(environ, Common(), fields={"url": HOST, "username": USER}, build="", clock=Elsewhen(now))
        areas = dict(examine(case, lambda _area: None))
        return areas["clock"].state, areas["clock"].what

    state, said = found(Clock().now() - 86_400 * 2)
    assert (state, said) == ("ok", "the engine is 2 d ahead of this machine; not a problem, ages are the engine's")
    state, said = found(3.0)
    assert state == "warning"
    assert said.startswith("this machine takes it to be 1970-01-01, the engine ")


# ---- the short form, in `doctor`


def test_doctor_has_an_area_for_it_where_there_is_one(machine: Machine, server: RedisServer) -> None:
    found = diagnosed(machine.helper, HOST)
    said = found.the("fleet", "ok").what
    assert said == f"vs:ci at 127.0.0.1:{server.tls_port}: the engine answers, and the key is there (2026-11)"
    off = diagnosed(machine.helper, HOST, VSPHERE_SESSION_FLEET="off")
    assert [line for line in off.lines if line.area == "fleet"] == []


def test_doctor_points_to_fleet_doctor(machine: Machine) -> None:
    down = diagnosed(machine.helper, HOST, VSPHERE_SESSION_FLEET=f"rediss://{RUNNER}@127.0.0.1:{free_port()}")
    (line,) = down.of("fleet", "problem")
    assert line.kind == "storage"
    assert line.do.endswith("; vsphere-session fleet doctor tells more")


def test_the_report_names_neither_the_engine_nor_its_user(machine: Machine) -> None:
    url = f"rediss://{RUNNER}@cache-of-dora:1"
    reply = machine.helper.run("doctor", HOST, "--report", VSPHERE_SESSION_FLEET=url)
    text = reply.stdout.decode()
    assert "fleet: " in text
    assert "cache-of-dora" not in text
    assert RUNNER not in text
    assert json.dumps(KEY.partition(":")[2])[1:-1] not in text
