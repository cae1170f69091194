"""Variables that are set and not read: the message says which one was meant. They are never read for a value."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper
from vsphere_session.settings import fleet_fields
from vsphere_session.settings.environment import FAMILIES, Family
from vsphere_session.settings.login_fields import VARIABLES
from vsphere_session.settings.near_misses import MEANT

VALUE = "Zq7Kx9Wv3Jp5"
READ = {
    *(getattr(family, name) for family in FAMILIES for name in Family.__slots__),
    *VARIABLES.values(),
    *fleet_fields.VARIABLES.values(),
}


@pytest.fixture
def asked(vcenter: SimulatedVCenter) -> Iterator[dict[str, str]]:
    """A request without a login, and a server on which nobody tries one."""
    yield {"url": vcenter.authority, "ca_file": str(vcenter.ca_file)}
    assert vcenter.login_attempts == 0


def test_the_table_names_no_variable_that_is_read_and_only_such_that_are() -> None:
    for table in MEANT.values():
        assert not READ & set(table)
        assert {meant.partition("=")[0] for meant in table.values() if " " not in meant} <= READ


@pytest.mark.parametrize(("name", "meant"), MEANT["url"].items())
def test_an_endpoint_under_another_name(helper: Helper, name: str, meant: str) -> None:
    reply = helper.call("get", {}, **{name: VALUE})
    assert reply.kind == "invalid-request"
    assert f"{name} is set and not read: the name that is read is {meant}" in reply.stderr
    assert VALUE not in reply.stderr


@pytest.mark.parametrize(("name", "meant"), {**MEANT["username"], **MEANT["password"], **MEANT["method"]}.items())
def test_a_login_under_another_name(helper: Helper, asked: dict[str, str], name: str, meant: str) -> None:
    reply = helper.call("get", asked, **{name: VALUE})
    assert reply.kind == "not-found"
    assert f"{name} is set and not read" in reply.stderr
    assert meant in reply.stderr
    assert VALUE not in reply.stderr


@pytest.mark.parametrize("name", MEANT["password"])
def test_a_password_under_another_name_where_the_user_is_known(
    helper: Helper, asked: dict[str, str], name: str
) -> None:
    reply = helper.call("get", asked | {"username": USER}, **{name: VALUE, "GOVC_USER": "other"})
    assert reply.kind == "not-found"
    assert name in reply.stderr
    assert "GOVC_USER is" not in reply.stderr, "the user name is not what is missing"


@pytest.mark.parametrize("name", [*MEANT["insecure"], *MEANT["ca_file"], *MEANT["known_hosts"]])
@pytest.mark.parametrize("verb", ["get", "store"])
def test_trust_under_another_name(vcenter: SimulatedVCenter, helper: Helper, verb: str, name: str) -> None:
    login = {"url": vcenter.authority, "username": USER, "password": PASSWORD, "api": "soap"}
    extra = {"soap_session_id": "52c1"} if verb == "store" else {}
    reply = helper.call(verb, login | extra, **{name: "true"})
    assert reply.kind == "untrusted"
    assert f"{name} is set and not read" in reply.stderr


@pytest.mark.parametrize("variable", ["VSPHERE_USERNAME", "GOVC_USER"])
def test_a_store_without_a_user_name(helper: Helper, variable: str) -> None:
    reply = helper.call("store", {"url": "vc", "password": VALUE}, **{variable: "me"})
    assert reply.kind == "invalid-request"
    assert variable in reply.stderr


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("\ufeffGOVC_URL", "GOVC_URL"),
        ("govc_url", "GOVC_URL"),
        ("GOVC_ULR", "GOVC_URL"),
        ("VSPHERE_SERVERS", "VSPHERE_SERVER"),
        ("PKR_VAR_vcenter_server", "GOVC_URL"),
        ("TF_VAR_vsphere_server", "GOVC_URL"),
    ],
)
def test_a_slip_in_a_name(helper: Helper, name: str, meant: str) -> None:
    """The mark is in front of the first name of an env file that was saved on Windows."""
    reply = helper.call("get", {}, **{name: "vc"})
    assert f"{name.replace(chr(0xFEFF), '<U+FEFF>')} is set and not read" in reply.stderr
    assert meant in reply.stderr.partition("not read")[2]


def test_what_is_empty_or_of_nobody_is_not_mentioned(helper: Helper) -> None:
    others = {
        "GOVC_SERVER": "",
        "MY_SERVER": "vc",
        "VSPHERE_API_TIMEOUT": "5",
        "GOVC_DATACENTER": "DC0",
        "USERNAME": "me",
    }
    assert "not read" not in helper.call("get", {}, **others).stderr


def test_a_good_request_is_answered_whatever_is_set_besides(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.environment |= {name: VALUE for table in MEANT.values() for name in table}
    login = {"url": vcenter.authority, "username": USER, "password": PASSWORD, "ca_file": str(vcenter.ca_file)}
    assert helper.ok("get", login)["source"] == "login"


def test_a_login_of_another_server_or_user_is_named(helper: Helper, asked: dict[str, str]) -> None:
    other = helper.call("get", asked, GOVC_URL="vc", GOVC_USERNAME="u", GOVC_PASSWORD=VALUE)
    assert "GOVC_USERNAME and GOVC_PASSWORD are for another server, vc, which GOVC_URL names" in other.stderr
    user = helper.call("get", asked | {"username": "me"}, VSPHERE_USER="u", VSPHERE_PASSWORD=VALUE)
    assert "VSPHERE_PASSWORD is for another user, whom VSPHERE_USER names" in user.stderr
    broken = helper.call("get", asked, VMWARE_HOST="vc", VMWARE_PORT="x", VMWARE_USER="u")
    assert "VMWARE_USER cannot be used: VMWARE_PORT is not a number" in broken.stderr
    assert {reply.kind for reply in (other, user, broken)} == {"not-found"}
