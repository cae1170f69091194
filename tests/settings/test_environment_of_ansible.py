"""Ansible's variables: host and port apart, and other names for the same in its inventories."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyVim.connect import parse_hostport

from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper
from vsphere_session.errors import InvalidRequestError
from vsphere_session.settings.environment import sources
from vsphere_session.storage.reading import Reader

LOGIN = {"VMWARE_USER": USER, "VMWARE_PASSWORD": PASSWORD}


@pytest.fixture
def trusting(vcenter: SimulatedVCenter, helper: Helper) -> Helper:
    """The program where the platform's authorities vouch for the vCenter."""
    helper.environment["SSL_CERT_FILE"] = vcenter.ca_file
    return helper


@pytest.fixture
def other() -> Iterator[SimulatedVCenter]:
    """Another vCenter, with which nobody may ever speak."""
    with SimulatedVCenter() as server:
        yield server
        assert server.requests == []


def parts(server: SimulatedVCenter) -> tuple[str, str]:
    """Its host and port."""
    host, _, port = server.authority.rpartition(":")
    return host, port


def authority(**environ: str) -> str:
    """Where Ansible's family leads."""
    endpoint = sources(environ, Reader())[2].endpoint()
    assert endpoint is not None
    return endpoint.authority


@pytest.mark.parametrize("name", ["VMWARE_HOST", "VMWARE_SERVER"])
def test_the_port_goes_with_the_host(vcenter: SimulatedVCenter, trusting: Helper, name: str) -> None:
    host, port = parts(vcenter)
    reply = trusting.ok("get", {}, **LOGIN, **{name: host, "VMWARE_PORT": port})
    assert f"@{vcenter.authority}/sdk" in reply["url"]


def test_the_names_of_the_inventory_are_enough(vcenter: SimulatedVCenter, trusting: Helper) -> None:
    login = {"VMWARE_SERVER": vcenter.authority, "VMWARE_USERNAME": USER, "VMWARE_PASSWORD": PASSWORD}
    assert trusting.ok("get", {}, **login)["source"] == "login"
    assert trusting.ok("get", {"url": vcenter.authority}, **login)["source"] == "cache"
    assert trusting.ok("erase", {}, **login)["erased"] == "soap,rest"


def test_the_names_of_the_modules_win(vcenter: SimulatedVCenter, other: SimulatedVCenter, trusting: Helper) -> None:
    inventory = {"VMWARE_SERVER": other.authority, "VMWARE_USERNAME": "nobody@vsphere.local"}
    reply = trusting.ok("get", {}, **inventory, VMWARE_HOST=vcenter.authority, **LOGIN)
    assert f"administrator%40vsphere.local@{vcenter.authority}/" in reply["url"]


def test_a_name_that_is_empty_is_not_set(vcenter: SimulatedVCenter, trusting: Helper) -> None:
    empty = {"VMWARE_HOST": "", "VMWARE_USER": "", "VMWARE_PORT": ""}
    login = {"VMWARE_SERVER": vcenter.authority, "VMWARE_USERNAME": USER, "VMWARE_PASSWORD": PASSWORD}
    assert trusting.ok("get", {}, **empty, **login)["source"] == "login"


@pytest.mark.parametrize("name", ["VMWARE_HOST", "VMWARE_SERVER"])
def test_the_login_is_for_that_port_alone(
    vcenter: SimulatedVCenter, other: SimulatedVCenter, trusting: Helper, name: str
) -> None:
    """Two servers on one host: the one that the request names gets nothing of the other's."""
    host, port = parts(vcenter)
    trusting.environment |= LOGIN | {name: host, "VMWARE_PORT": port}
    assert trusting.call("get", {"url": other.authority, "insecure": True}).kind == "not-found"
    assert trusting.call("get", {"url": other.authority, "username": USER, "insecure": True}).kind == "not-found"
    assert trusting.call("get", {"url": host, "username": USER, "insecure": True}).kind in ("not-found", "unreachable")
    assert trusting.ok("get", {"url": vcenter.authority})["source"] == "login"


@pytest.mark.parametrize("port", ["0", "65536", "-1", "4e2", "8989/tcp", "٤٤٣", "1" * 5000, "https"])
@pytest.mark.parametrize("verb", ["get", "erase"])
def test_a_port_that_is_none_is_an_error_with_the_variables_name(
    trusting: Helper, other: SimulatedVCenter, verb: str, port: str
) -> None:
    reply = trusting.call(verb, {}, VMWARE_HOST=parts(other)[0], VMWARE_PORT=port, **LOGIN)
    assert reply.kind == "invalid-request"
    assert "VMWARE_PORT" in reply.stderr
    with pytest.raises(InvalidRequestError):
        authority(VMWARE_HOST="vc:8989", VMWARE_PORT=port)


@pytest.mark.parametrize(
    ("host", "port", "result"),
    [
        ("vc", "443", "vc"),
        ("vc", "8989", "vc:8989"),
        ("vc", "08989", "vc:8989"),
        ("vc:8989", "443", "vc:8989"),
        ("vc:8989", "9999", "vc:8989"),
        ("vc:443", "8989", "vc:443"),
        ("https://vc/sdk", "8989", "vc:8989"),
        ("user@vc", "8989", "vc:8989"),
        ("[2001:db8::1]", "8989", "[2001:db8::1]:8989"),
        ("[2001:db8::1]:443", "8989", "[2001:db8::1]:443"),
        ("2001:db8::1", "8989", "[2001:db8::1]:8989"),
        ("2001:db8::1", "443", "[2001:db8::1]"),
        ("::1", "", "[::1]"),
        ("2001:db8::8989", "9999", "[2001:db8::8989]:9999"),
    ],
)
def test_which_port_it_is(host: str, port: str, result: str) -> None:
    """And pyVmomi, on which Ansible stands, goes to the same one. One that goes without saying is the same cached session."""
    assert authority(VMWARE_HOST=host, VMWARE_PORT=port) == result
    if "/" not in host and "@" not in host:
        address, number = parse_hostport(host, int(port or "443"))  # type: ignore[no-untyped-call]  # pyVmomi has no types
        bracketed = f"[{address}]" if ":" in address else address
        assert f"{bracketed}:{number}" in (result, f"{result}:443")


def test_a_port_without_a_host_changes_nothing(vcenter: SimulatedVCenter, trusting: Helper) -> None:
    """As in Ansible, where it goes with its own host name."""
    asked = {"url": vcenter.authority}
    assert trusting.ok("get", asked, VMWARE_PORT="1", **LOGIN)["source"] == "login"


@pytest.mark.parametrize("dialect", ["git", "bazel"])
def test_other_callers_find_the_host_at_its_port(vcenter: SimulatedVCenter, trusting: Helper, dialect: str) -> None:
    host, port = parts(vcenter)
    trusting.environment |= LOGIN | {"VMWARE_SERVER": host, "VMWARE_PORT": port}
    asked = {
        "git": f"protocol=https\nhost={vcenter.authority}\n\n".encode(),
        "bazel": b'{"uri": "https://%s/api"}' % vcenter.authority.encode(),
    }
    reply = trusting.run("--protocol", dialect, "get", stdin=asked[dialect])
    (session,) = vcenter.sessions
    assert session.id.encode() in reply.stdout


def test_a_password_in_the_url_of_the_inventory_is_not_handed_on(vcenter: SimulatedVCenter, trusting: Helper) -> None:
    trusting.environment["VMWARE_SERVER"] = f"administrator%40vsphere.local:{PASSWORD}@{vcenter.authority}"
    done = trusting.run("exec", "--", "env")
    assert done.status == 0
    assert PASSWORD not in done.stdout.decode()
    assert f"VMWARE_SERVER=https://administrator%40vsphere.local@{vcenter.authority}/sdk" in done.stdout.decode()
