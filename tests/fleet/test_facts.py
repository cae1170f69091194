"""What an engine says of itself is true, and what it may not be asked stays open."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import pytest

from fleet.kinds import KEEP, TIME, Kind, engine_at, new_name
from fleet.servers import ADMIN, PASSWORDS, READER, RUNNER, RedisServer, redis_server, valkey_server
from vsphere_session.fleet.engine import MAX_DOCUMENT_BYTES, Engine
from vsphere_session.fleet.of_redis import RedisEngine
from vsphere_session.http.tls import client_context


def administrator(server: RedisServer) -> RedisEngine:
    """An account that may be asked everything."""
    return RedisEngine(f"unix://{ADMIN}@{server.socket}", password=PASSWORDS[ADMIN], tls=None, remaining=lambda: TIME)


def test_every_engine_says_how_exact_its_time_is(kind: Kind) -> None:
    with kind.engine() as engine:
        assert 0 <= engine.about().step <= 1


@pytest.mark.parametrize("user", [RUNNER, READER])
def test_an_account_of_a_fleet_learns_no_more_than_it_may(redis_with_accounts: RedisServer, user: str) -> None:
    """Name and version; and it has no right beside those of a fleet."""
    with contextlib.closing(engine_at(redis_with_accounts, user)) as engine:
        found = engine.about()
        assert (found.user, found.rights, found.tls) == (user, (), "TLSv1.3")
        assert (found.name, found.version[:2]) == ("redis", "7.")
        assert (found.durable, found.eviction, found.replicas) == ("", "", -1)
        assert engine.get(new_name()).version == b""


def test_the_helpers_own_tls_does_as_well(redis_with_accounts: RedisServer) -> None:
    """The one without Python's module `ssl`, which the helper makes for every other server."""
    context = client_context()
    context.load_verify_locations(cadata=redis_with_accounts.authority.cert_pem.bytes().decode())
    url, password = redis_with_accounts.url(RUNNER), PASSWORDS[RUNNER]
    with contextlib.closing(RedisEngine(url, password=password, tls=context, remaining=lambda: TIME)) as engine:
        name = new_name()
        assert engine.put(name, b"", b"x" * MAX_DOCUMENT_BYTES, KEEP).version == engine.get(name).version
        assert not engine.wait(name, engine.get(name).version, 0.1)
        assert engine.about().tls == "TLSv1.3"
        with redis_with_accounts.administrator() as client:
            client.execute_command("CLIENT", "KILL", "USER", RUNNER)
        assert engine.put(new_name(), b"", b"x", KEEP).data == b"x"


def test_an_administrator_learns_everything(redis_with_accounts: RedisServer) -> None:
    with contextlib.closing(administrator(redis_with_accounts)) as engine:
        found = engine.about()
        assert (found.name, found.version[:2], found.user, found.tls) == ("redis", "7.", ADMIN, "")
        assert (found.durable, found.eviction, found.replicas) == ("no", "noeviction", 0)
        assert found.rights == ("+@all", "~*", "&*")


def test_valkey_is_told_from_redis() -> None:
    with valkey_server() as server, contextlib.closing(engine_at(server)) as engine:
        found = engine.about()
        assert (found.name, found.version[:2], found.user) == ("valkey", "9.", "default")


def test_rights_beside_those_of_a_fleet_are_named(alone: RedisServer) -> None:
    """As far as the account itself can find out."""
    with alone.administrator() as client, contextlib.closing(engine_at(alone)) as engine:
        client.execute_command("ACL", "SETUSER", RUNNER, "+info", "+flushall")
        assert engine.about().rights == ("+info",)
        client.execute_command("ACL", "SETUSER", RUNNER, "+acl|getuser", "~*")
        assert set(engine.about().rights) == {"+info", "+flushall", "+acl|getuser", "~*"}


@pytest.mark.parametrize(
    ("options", "durable", "kept"),
    [
        ("appendonly yes\nappendfsync always", "always", True),
        ("appendonly yes\nappendfsync everysec", "second", None),
        ("appendonly no", "no", False),
    ],
)
def test_how_durable_a_put_is_the_engine_keeps_when_it_is_killed(
    options: str, durable: str, *, kept: bool | None
) -> None:
    """What is on the disk each second may be lost, or not."""
    name = new_name()
    with redis_server(tls=False, options=options) as server, contextlib.closing(engine_at(server)) as engine:
        with contextlib.closing(administrator(server)) as asking:
            assert asking.about().durable == durable
        put = engine.put(name, b"", b"1", KEEP)
        server.end()
        server.start()
        after = engine.get(name)
        if kept is not None:
            assert after.version == (put.version if kept else b"")


def test_the_wire_is_loaded_only_where_an_engine_is_made() -> None:
    """The library takes longer to import than a whole answer takes."""
    program = "import sys, vsphere_session.fleet.engine; sys.exit('redis' in sys.modules or 'ssl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_an_engine_is_what_the_interface_says() -> None:
    """For the type checker."""
    engine: Engine = RedisEngine("redis://localhost/", tls=None, remaining=lambda: TIME)
    assert repr(engine) == "RedisEngine(localhost:6379)"
