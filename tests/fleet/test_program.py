"""The program itself in the homes of several machines, by a real Valkey and a real Redis; the smoke tests run this on the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet.servers import PASSWORDS, READER, RUNNER, RedisServer, redis_server, valkey_server
from promises.canaries import SHAPES
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, Helper, request
from vsphere_session.fleet.keys import new_key

KEY = new_key("2026-11")


@pytest.fixture(scope="module")
def valkey() -> Iterator[RedisServer]:
    """In clear, on the loopback interface."""
    with valkey_server() as server:
        yield server


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    """With TLS, and accounts that may do no more than a runner and a reader have to."""
    with redis_server() as server:
        yield server


class Machine(Helper):
    """A home in which a fleet is configured, as docs/fleet.md has it."""

    def __init__(self, place: Path, name: str, engine: RedisServer, *, user: str = "", lines: str = "") -> None:
        home = place / name
        home.mkdir(mode=0o700)
        super().__init__(home)
        key = place / "fleet-key"
        key.write_text(f"{KEY}\n")
        key.chmod(0o600)
        text = f'[fleet]\nurl = "{engine.url(user)}"\nnamespace = "vs:ci"\nkey_file = "{key}"\n'
        if engine.tls_port:
            ca_file = place / "engine.pem"
            engine.authority.cert_pem.write_to_path(str(ca_file))
            text += f'ca_file = "{ca_file}"\n'
        if user:
            self.environment["VSPHERE_SESSION_FLEET_PASSWORD"] = PASSWORDS[user]
        self.config = home / ".config" / "vsphere-session" / "config.toml"
        self.config.parent.mkdir(parents=True)
        self.config.write_text(text + lines)

    def get(self, vcenter: SimulatedVCenter, **environment: str) -> dict[str, str]:
        """A session of each kind, with the password in the environment."""
        return self.ok("get", request(vcenter, password=PASSWORD), **environment)


IDS = ("soap_session_id", "rest_session_id")


def ids(answer: dict[str, str]) -> list[str]:
    """Those of an answer."""
    return [answer[name] for name in IDS]


def test_two_machines_share_one_session_through_valkey(
    vcenter: SimulatedVCenter, valkey: RedisServer, tmp_path: Path
) -> None:
    """The second has no password and is handed what the first has made, as from its own cache."""
    first, second = (Machine(tmp_path, name, valkey) for name in ("first", "second"))
    made = first.get(vcenter)
    answer = second.ok("get", request(vcenter))
    assert (made["source"], answer["source"]) == ("login", "cache")
    assert ids(answer) == ids(made)
    assert len(vcenter.logins) == 2
    assert second.sessions_in_files == first.sessions_in_files == set(ids(made))


def test_many_processes_at_once_make_one_login_through_valkey(
    vcenter: SimulatedVCenter, valkey: RedisServer, tmp_path: Path
) -> None:
    """Each in a home of its own."""
    machines = [Machine(tmp_path, f"machine{number}", valkey) for number in range(12)]
    fields = request(vcenter, password=PASSWORD)
    processes = [(each, each.start("get")) for each in machines]
    for _, process in processes:
        assert process.stdin is not None
        process.stdin.write(json.dumps(fields).encode())
        process.stdin.close()
        process.stdin = None
    answers = [process.communicate(timeout=90) for _, process in processes]
    assert [process.returncode for _, process in processes] == [0] * len(machines), answers
    assert len({tuple(ids(json.loads(out))) for out, _ in answers}) == 1
    assert len(vcenter.logins) == 2


def test_a_reader_has_neither_the_password_nor_the_right_to_write(
    vcenter: SimulatedVCenter, redis: RedisServer, tmp_path: Path
) -> None:
    """By TLS, with accounts of the engine: it uses what a keeper has made, and erases nothing."""
    keeper, job = Machine(tmp_path, "keeper", redis, user=RUNNER), Machine(tmp_path, "job", redis, user=READER)
    reply = job.call("get", request(vcenter))
    assert (reply.status, reply.fields["error"]) == (3, "not-found")
    made = keeper.get(vcenter)
    assert ids(job.ok("get", request(vcenter))) == ids(made)
    assert job.call("erase", request(vcenter, scope="session")).status == 10
    assert vcenter.session_count == 2


def test_erase_on_one_machine_ends_the_session_for_all(
    vcenter: SimulatedVCenter, valkey: RedisServer, tmp_path: Path
) -> None:
    """The next call of another one logs in again."""
    first, second = (Machine(tmp_path, name, valkey) for name in ("first", "second"))
    first.get(vcenter)
    old = second.get(vcenter)
    assert first.ok("erase", request(vcenter, scope="session"))["erased"] == "soap,rest"
    assert vcenter.session_count == 0
    third = Machine(tmp_path, "third", valkey)
    assert ids(third.get(vcenter)) != ids(old)
    second.ok("erase", request(vcenter, scope="session"))


def test_a_session_that_is_stored_on_one_machine_is_everybodys(
    vcenter: SimulatedVCenter, valkey: RedisServer, tmp_path: Path
) -> None:
    """Its id is given out on the others."""
    first, second = (Machine(tmp_path, name, valkey) for name in ("first", "second"))
    made = first.get(vcenter, VSPHERE_SESSION_FLEET="off")
    first.ok("store", request(vcenter, soap_session_id=made["soap_session_id"]))
    assert second.ok("get", request(vcenter, api="soap"))["soap_session_id"] == made["soap_session_id"]


def test_an_endpoint_can_be_kept_out_of_the_fleet(
    vcenter: SimulatedVCenter, valkey: RedisServer, tmp_path: Path
) -> None:
    """`fleet = false` under its name, or VSPHERE_SESSION_FLEET=off."""
    before = valkey.commands()
    cost = valkey.commands() - before
    out = Machine(tmp_path, "out", valkey, lines=f'[endpoint."{vcenter.authority}"]\nfleet = false\n')
    off = Machine(tmp_path, "off", valkey)
    assert ids(out.get(vcenter)) != ids(off.get(vcenter, VSPHERE_SESSION_FLEET="off"))
    assert valkey.commands() == before + 2 * cost, "no more than to count them"
    assert len(vcenter.logins) == 4


FAULTS = {
    "nobody listens": ('url = "redis://127.0.0.1:1"', 9, "does not answer"),
    "no namespace": ("namespace =", 2, "namespace"),
    "no key": ("key_file =", 2, "fleet key --new"),
    "a key that is not there": ('key_file = "/nonexistent/key"', 9, "/nonexistent/key"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_with_a_fleet_is_told_and_no_login_is_made(
    vcenter: SimulatedVCenter, valkey: RedisServer, tmp_path: Path, fault: str
) -> None:
    """One line, with what to do, and nothing of a secret."""
    line, status, words = FAULTS[fault]
    machine = Machine(tmp_path, "machine", valkey)
    name = line.partition(" ")[0]
    kept = [each for each in machine.config.read_text().splitlines() if not each.startswith(name)]
    machine.config.write_text("\n".join([*kept, line if not line.endswith("=") else ""]) + "\n")
    reply = machine.call("get", request(vcenter, password=PASSWORD))
    assert reply.status == status, reply
    assert words in reply.fields["message"]
    assert reply.stderr.count("\n") <= 1
    assert vcenter.login_attempts == 0


def test_a_wrong_password_of_the_engine_is_told(vcenter: SimulatedVCenter, redis: RedisServer, tmp_path: Path) -> None:
    """And a certificate that nobody vouches for; no login is made in place of that."""
    machine = Machine(tmp_path, "machine", redis, user=RUNNER)
    fields = request(vcenter, password=PASSWORD)
    wrong = machine.call("get", fields, VSPHERE_SESSION_FLEET_PASSWORD="wrong-canary")
    assert (wrong.status, wrong.fields["error"]) == (9, "storage")
    assert "refuses" in wrong.fields["message"]
    assert "wrong-canary" not in wrong.stderr + str(wrong.fields)
    empty = tmp_path / "other.pem"
    empty.write_text(Path(vcenter.ca_file).read_text(encoding="utf-8"))
    untrusted = machine.call("get", fields, VSPHERE_SESSION_FLEET_CA_FILE=str(empty))
    assert untrusted.status == 9, untrusted
    assert vcenter.login_attempts == 0


def test_nothing_of_a_fleet_is_opened_where_none_is_configured(vcenter: SimulatedVCenter, tmp_path: Path) -> None:
    """Nor left behind."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    helper = Helper(home)
    helper.ok("get", request(vcenter, password=PASSWORD))
    assert not [path for path in home.rglob("*") if "fleet" in path.name]


@pytest.mark.sessions_counted_by_hand
def test_no_secret_is_in_the_engine(vcenter: SimulatedVCenter, tmp_path: Path) -> None:
    """Nor in what it writes to a disk, in its slow log or what it says of its clients, nor in what a runner says of all that.

    No session, user, host, password or key, in any of fourteen shapes.
    """
    with redis_server(options="appendonly yes\nslowlog-log-slower-than 0\nslowlog-max-len 1000") as server:
        machine = Machine(tmp_path, "machine", server, user=RUNNER)
        other = Machine(tmp_path, "other", server, user=RUNNER)
        with server.administrator() as client, client.monitor() as monitor:
            answer = machine.get(vcenter)
            new = machine.ok("get", request(vcenter, password=PASSWORD, reauth=True))
            told = other.call("get", request(vcenter), "-v").stderr
            client.ping()
            seen: list[str] = []
            while not seen or "ping" not in seen[-1].lower():
                seen.append(str(monitor.next_command()))
        with server.administrator() as client:
            client.save()
            logs = [client.slowlog_get(1000), client.client_list(), client.acl_log()]
        assert vcenter.session_count == 4, "two of them retired"
        disk = b"".join(path.read_bytes() for path in server.socket.parent.rglob("*") if path.is_file())
    sessions = [*ids(answer), *ids(new)]
    key, engine = KEY.partition(":")[2], PASSWORDS[RUNNER]
    searched = {
        "the engine": (
            disk + str([seen, logs]).encode(),
            [*sessions, PASSWORD, key, engine, vcenter.authority, "vsphere.local"],
        ),
        "a runner's own words": (told.encode(), [*sessions, PASSWORD, key, engine]),
    }
    assert b"XADD" in searched["the engine"][0], "what was looked through has the documents"
    for place, (data, canaries) in searched.items():
        for canary in canaries:
            for name, shape in SHAPES.items():
                assert shape(canary.encode()) not in data, f"{name} in {place}"
