"""A warm answer, within the trust window: what it imports, what it opens, and that it asks and locks nothing.

And what more it takes to ask a server, and to log in.

In a process of its own without site-packages: what it needs, the standard library has.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import credential_protocol
import vsphere_session
from cache.bench import Bench
from support import build_code
from support.program import PASSWORD, USER, request

with build_code.importable():
    from binary import contents

ROOTS = [str(Path(str(package.__file__)).parents[1]) for package in (vsphere_session, credential_protocol)]

PROBE = """
import sys
before = set(sys.modules)
sys.path[:0] = sys.argv[1].split("|")
from vsphere_session.cli import main as entry
opened, sockets = [], []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
sys.addaudithook(lambda event, args: sockets.append(event) if event.startswith("socket.") else None)
status = entry.run(sys.argv[2:])
told = {"status": status, "modules": sorted(set(sys.modules) - before), "opened": list(opened), "sockets": sockets}
import ast
import json
sys.stderr.write(json.dumps(told))
"""

NOT_IMPORTED = {
    "argparse", "asyncio", "base64", "collections", "configparser", "ctypes", "dataclasses", "datetime", "email", "enum",
    "functools", "getpass", "hashlib", "http", "importlib.metadata", "inspect", "ipaddress", "json", "json.decoder",
    "keyring", "logging", "pathlib", "platform", "platformdirs", "pwd", "pyVmomi", "random", "re", "requests", "secrets",
    "select", "shutil", "signal", "socket", "ssl", "subprocess", "tempfile", "threading", "tomllib", "traceback",
    "truststore", "typing", "urllib", "urllib3", "uuid", "xml", "_socket", "_ssl",
}  # fmt: skip

OURS = contents.WARM


def tell(
    bench: Bench, fields: dict[str, Any] | None, arguments: tuple[str, ...] = ("get",), **environment: str
) -> dict[str, Any]:
    """Run the program, and tell what it did."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROBE, "|".join(ROOTS), *arguments],
        input=json.dumps(fields).encode(),
        capture_output=True,
        env={"HOME": str(bench.home), **environment},
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stderr)
    assert told["status"] == 0
    return {**told, "source": json.loads(done.stdout)["source"]}


def warm(
    bench: Bench, fields: dict[str, Any] | None, arguments: tuple[str, ...] = ("get",), **environment: str
) -> dict[str, Any]:
    """The same on what is cached; it has to answer from the cache."""
    told = tell(bench, fields, arguments, **environment)
    assert told["source"] == "cache"
    return told


@pytest.fixture
def cached(bench: Bench) -> Bench:
    """A bench with both sessions in the cache, by the machine's own clock."""
    bench.soap(bench.session())
    bench.rest(bench.session())
    return bench


WAYS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "both": ({}, ("get",)),
    "soap": ({"api": "soap"}, ("get",)),
    "rest": ({"api": "rest"}, ("get",)),
    "files": ({"output": "files"}, ("get",)),
    "with a password": ({"password": PASSWORD}, ("get",)),
    "in a conversation": ({"action": "get", "id": "1"}, ()),
}


@pytest.mark.parametrize(("fields", "arguments"), WAYS.values(), ids=WAYS)
def test_a_warm_get_imports_only_what_it_needs(
    cached: Bench, fields: dict[str, Any], arguments: tuple[str, ...]
) -> None:
    imported = set(warm(cached, request(cached.vcenter, **fields), arguments)["modules"])
    assert {name for name in imported if {name, name.partition(".")[0]} & NOT_IMPORTED} == set()
    if not arguments:
        imported -= {"vsphere_session.fastpath", "vsphere_session.fastpath.conversation"}  # for what is asked twice
    assert {name for name in imported if name.partition(".")[0] in OURS} == OURS


def test_a_warm_get_opens_three_files_and_a_missing_configuration_and_no_lock_and_asks_nobody(cached: Bench) -> None:
    told = warm(cached, request(cached.vcenter))
    config = cached.home / ".config/vsphere-session/config.toml"
    expected = ["/proc/self/coredump_filter", config, cached.file("soap"), *cached.records, cached.file("rest")]
    assert told["opened"] == [str(path) for path in expected]
    assert told["sockets"] == []
    assert list(cached.home.rglob("locks/*")), "there was one when the session was made"


@pytest.mark.parametrize(
    "environment",
    [
        {"GOVC_URL": "{authority}", "GOVC_USERNAME": "{user}", "GOVC_PASSWORD": "{password}"},
        {"VSPHERE_SERVER": "{authority}", "VSPHERE_USER": "{user}", "VSPHERE_PASSWORD": "{password}"},
        {"VMWARE_HOST": "{authority}", "VMWARE_USER": "{user}", "VMWARE_VALIDATE_CERTS": "true"},
    ],
    ids=lambda environment: next(iter(environment)).partition("_")[0],
)
def test_an_endpoint_from_the_environment_imports_nothing_more(cached: Bench, environment: dict[str, str]) -> None:
    values = {"authority": cached.vcenter.authority, "user": USER, "password": PASSWORD}
    told = warm(cached, None, ("get",), **{name: value.format(**values) for name, value in environment.items()})
    assert not {name for name in told["modules"] if {name, name.partition(".")[0]} & NOT_IMPORTED}


def test_a_fleet_costs_a_warm_get_no_more_than_the_names_of_its_settings(cached: Bench) -> None:
    """Its engine is not asked, its key not read; of the environment alone not even the names are needed."""
    config = cached.home / ".config/vsphere-session/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[fleet]\nurl = "rediss://ci@cache.example.com/vs:ci"\nkey_file = "/run/secrets/fleet-key"\n')
    told = warm(cached, request(cached.vcenter))
    assert {name for name in told["modules"] if name.partition(".")[0] in OURS} - OURS == {
        "vsphere_session.settings.fleet_fields"
    }
    expected = ["/proc/self/coredump_filter", config, cached.file("soap"), *cached.records, cached.file("rest")]
    assert [path for path in told["opened"] if "/fleet_fields." not in path] == [str(path) for path in expected]
    config.unlink()
    environ = {"VSPHERE_SESSION_FLEET": "rediss://ci@cache.example.com/vs:ci", "VSPHERE_SESSION_FLEET_KEY": "x:y"}
    assert {
        name
        for name in warm(cached, request(cached.vcenter), ("get",), **environ)["modules"]
        if name.partition(".")[0] in OURS
    } == OURS


CONFIGURED = {
    "vsphere_session.login", "vsphere_session.login.choice", "vsphere_session.service.login_terms",
    *(f"vsphere_session.settings.login_{name}" for name in ("levels", "settings", "sources")),
}  # fmt: skip
"""What more is imported where another way to log in is configured: to know whose session will do."""


@pytest.mark.parametrize(
    "fields",
    [
        {"method": "saml"},
        {"token_command": "print-a-token"},
        {"certificate": "robot.pem", "private_key": "robot.key"},
        {"ticket_url": "https://manager.example.com/"},
        {"method": "password", "password_command": "print-a-password", "locale": "en"},
        {"client_id": "cli", "issuer": "https://login.example.com"},
        {"api_token_command": "print-a-token"},
    ],
    ids=lambda fields: next(iter(fields.values())),
)
def test_a_warm_get_imports_no_way_to_log_in(cached: Bench, fields: dict[str, str]) -> None:
    """Of whose session it is their settings tell enough; govc's will do for who names its user."""
    for record in cached.records:
        record.unlink()
    asked = request(cached.vcenter, **fields)
    tell(cached, asked)  # the server confirms it
    imported = set(warm(cached, asked)["modules"])
    assert {name for name in imported if {name, name.partition(".")[0]} & NOT_IMPORTED} == set()
    assert {name for name in imported if name.partition(".")[0] in OURS} - OURS == CONFIGURED


ASKING = contents.ASKING | {"_socket", "_ssl", "pyexpat", "pyexpat.errors", "pyexpat.model", "resource"}
"""What a `get` that asks the server imports beyond a warm one."""

LOGGING_IN = contents.LOGIN | {"_sha1", "binascii", "fcntl"}
"""What a `get` that logs in imports beyond that."""


@pytest.mark.parametrize(("fields", "arguments"), WAYS.values(), ids=WAYS)
def test_a_get_that_has_to_ask_imports_only_what_it_needs(
    cached: Bench, fields: dict[str, Any], arguments: tuple[str, ...]
) -> None:
    unasked = set(warm(cached, request(cached.vcenter, **fields), arguments)["modules"])
    told = warm(cached, request(cached.vcenter, verify="always", **fields), arguments)
    more = ASKING - {"soap": {"vsphere_session.vsphere.rest"}, "rest": set(OF_SOAP)}.get(fields.get("api", ""), set())
    assert set(told["modules"]) - unasked == more
    assert told["sockets"] != []


OF_SOAP = ("pyexpat", "pyexpat.errors", "pyexpat.model", "vsphere_session.vsphere.soap", "vsphere_session.vsphere.xml")


def test_a_get_that_logs_in_imports_only_what_it_needs(bench: Bench) -> None:
    asked = request(bench.vcenter, password=PASSWORD)
    told = tell(bench, asked)
    assert told["source"] == "login"
    assert set(told["modules"]) - set(warm(bench, asked)["modules"]) == ASKING | LOGGING_IN


@pytest.mark.parametrize("cold", [False, True], ids=["asking", "logging in"])
def test_a_get_uses_one_connection_for_both_sessions(bench: Bench, *, cold: bool) -> None:
    if not cold:
        bench.soap(bench.session())
        bench.rest(bench.session())
    asked = request(bench.vcenter, password=PASSWORD) if cold else request(bench.vcenter, verify="always")
    assert tell(bench, asked)["sockets"].count("socket.connect") == 1


def test_a_get_that_asks_writes_what_it_learns_once(cached: Bench) -> None:
    opened = warm(cached, request(cached.vcenter, verify="always"))["opened"]
    (record,) = cached.records
    written = [path.rpartition("/") for path in opened if f"/.{record.name}." in path]
    assert [directory for directory, _, _ in written] == [str(record.parent.with_name("confirmed"))]


def test_a_file_says_that_it_is_on_the_fast_path_if_and_only_if_it_is() -> None:
    """On the list of a `get` that is warm, or of one that asks: who changes it must think of what it imports."""
    saying = set()
    for root in ROOTS:
        for path in Path(root).glob("*/**/*.py"):
            name = ".".join(path.relative_to(root).with_suffix("").parts)
            if "On the fast path." in (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""):
                saying.add(name)
    packages = {name for name in OURS | ASKING if (Path(ROOTS[0]) / name.replace(".", "/")).is_dir()}
    listed = {name for name in OURS | ASKING if name.partition(".")[0] in ("vsphere_session", "credential_protocol")}
    assert saying == listed - packages - {"vsphere_session", "credential_protocol"}
