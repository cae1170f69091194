"""The environment: three families of variables, and what each of them means."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper

FAMILIES = {
    "GOVC": ("GOVC_URL", "GOVC_USERNAME", "GOVC_PASSWORD"),
    "VSPHERE": ("VSPHERE_SERVER", "VSPHERE_USER", "VSPHERE_PASSWORD"),
    "VMWARE": ("VMWARE_HOST", "VMWARE_USER", "VMWARE_PASSWORD"),
}
NAMES = list(FAMILIES)


@pytest.fixture
def trusting(vcenter: SimulatedVCenter, helper: Helper) -> Helper:
    """The program where the platform's authorities vouch for the vCenter, as a company's would."""
    helper.environment["SSL_CERT_FILE"] = vcenter.ca_file
    return helper


@pytest.fixture
def other() -> Iterator[SimulatedVCenter]:
    """Another vCenter, on which nobody may ever try to log in."""
    with SimulatedVCenter() as server:
        yield server
        assert server.login_attempts == 0
        assert server.requests == []


def family(name: str, server: SimulatedVCenter, password: str = PASSWORD, username: str = USER) -> dict[str, str]:
    return dict(zip(FAMILIES[name], (server.authority, username, password), strict=True))


# ---- the families and their order


@pytest.mark.parametrize("name", NAMES)
def test_each_family_names_endpoint_user_and_password(vcenter: SimulatedVCenter, trusting: Helper, name: str) -> None:
    reply = trusting.ok("get", {}, **family(name, vcenter))
    assert reply["url"] == f"https://administrator%40vsphere.local@{vcenter.authority}/sdk"


@pytest.mark.parametrize("name", NAMES)
def test_each_family_may_name_a_login_without_an_endpoint(
    vcenter: SimulatedVCenter, trusting: Helper, name: str
) -> None:
    login = family(name, vcenter)
    del login[FAMILIES[name][0]]
    assert trusting.ok("get", {"url": vcenter.authority}, **login)["source"] == "login"


@pytest.mark.parametrize(("first", "second"), [("GOVC", "VSPHERE"), ("GOVC", "VMWARE"), ("VSPHERE", "VMWARE")])
def test_the_endpoint_comes_from_the_first_family_that_names_one(
    vcenter: SimulatedVCenter, other: SimulatedVCenter, trusting: Helper, first: str, second: str
) -> None:
    reply = trusting.ok("get", {}, **family(second, other), **family(first, vcenter))
    assert vcenter.authority in reply["url"]


@pytest.mark.parametrize(("first", "second"), [("GOVC", "VSPHERE"), ("GOVC", "VMWARE"), ("VSPHERE", "VMWARE")])
def test_the_login_comes_from_the_first_family_that_names_one(
    vcenter: SimulatedVCenter, trusting: Helper, first: str, second: str
) -> None:
    wrong = family(second, vcenter, password="wrong", username="somebody@vsphere.local")
    assert trusting.ok("get", {}, **wrong, **family(first, vcenter))["source"] == "login"
    assert vcenter.login_attempts == 2


def test_a_variable_that_is_empty_is_not_set(vcenter: SimulatedVCenter, trusting: Helper) -> None:
    empty = dict.fromkeys(FAMILIES["GOVC"], "") | {"GOVC_INSECURE": "", "GOVC_PERSIST_SESSION": ""}
    assert trusting.ok("get", {}, **empty, **family("VMWARE", vcenter))["source"] == "login"


def test_the_user_may_stand_in_govc_url_and_govc_username_wins_over_it(
    vcenter: SimulatedVCenter, trusting: Helper
) -> None:
    url = f"https://nobody:VMware1!@{vcenter.authority}/sdk"
    assert trusting.ok("get", {}, GOVC_URL=url, GOVC_USERNAME=USER)["source"] == "login"


# ---- whose login it is


@pytest.mark.parametrize("name", NAMES)
def test_a_family_that_names_an_endpoint_keeps_its_login_from_every_other_host(
    vcenter: SimulatedVCenter, other: SimulatedVCenter, trusting: Helper, name: str
) -> None:
    trusting.environment |= family(name, vcenter)
    reply = trusting.call("get", {"url": other.authority, "insecure": True})
    assert reply.kind == "not-found"
    reply = trusting.call("get", {"url": other.authority, "username": USER, "insecure": True})
    assert reply.kind == "not-found"


def test_a_login_is_for_the_server_whatever_the_spelling_of_its_url(
    vcenter: SimulatedVCenter, trusting: Helper
) -> None:
    trusting.environment |= family("VSPHERE", vcenter)
    url = f"HTTPS://{vcenter.authority.upper()}/sdk/"
    assert trusting.ok("get", {"url": url})["source"] == "login"


def test_a_login_for_https_is_not_sent_in_clear(trusting: Helper) -> None:
    with SimulatedVCenter(tls=False) as plain:
        trusting.environment |= family("GOVC", plain)
        reply = trusting.call("get", {"url": f"http://{plain.authority}"})
        assert reply.kind == "not-found"
        assert plain.requests == []


@pytest.mark.parametrize("name", NAMES)
def test_a_password_is_not_tried_for_another_user_than_its_family_names(
    vcenter: SimulatedVCenter, trusting: Helper, name: str
) -> None:
    """A wrong password counts towards a lock-out of the account."""
    reply = trusting.call("get", {"username": "somebody@vsphere.local"}, **family(name, vcenter))
    assert reply.kind == "not-found"
    assert vcenter.login_attempts == 0


def test_the_trust_of_a_family_is_for_its_own_host(
    vcenter: SimulatedVCenter, other: SimulatedVCenter, helper: Helper
) -> None:
    reply = helper.call(
        "get",
        {"url": other.authority, "username": USER, "password": PASSWORD},
        **family("GOVC", vcenter),
        GOVC_INSECURE="1",
    )
    assert reply.kind == "untrusted"


# ---- GOVC_USERNAME, GOVC_PASSWORD: value, or the path of a file


def test_govc_username_and_govc_password_may_be_paths_of_files(
    vcenter: SimulatedVCenter, trusting: Helper, tmp_path: Path
) -> None:
    (tmp_path / "user").write_text(f"{USER}\n")
    (tmp_path / "password").write_text(f"  {PASSWORD}\r\n\n")
    files = {"GOVC_USERNAME": str(tmp_path / "user"), "GOVC_PASSWORD": str(tmp_path / "password")}
    assert trusting.ok("get", {}, GOVC_URL=vcenter.authority, **files)["source"] == "login"


def test_govc_password_may_be_a_pipe_which_can_be_read_only_once(vcenter: SimulatedVCenter, trusting: Helper) -> None:
    """`GOVC_PASSWORD=<(pass show vcenter)`: two logins, SOAP and REST, need it."""
    reading, writing = os.pipe()
    os.write(writing, f"{PASSWORD}\n".encode())
    os.close(writing)
    done = subprocess.run(
        [*trusting.program, "get"],
        input=json.dumps({"url": vcenter.authority, "username": USER}).encode(),
        env=trusting.environment | {"GOVC_PASSWORD": f"/dev/fd/{reading}"},
        pass_fds=[reading],
        capture_output=True,
        check=False,
        timeout=60,
    )
    os.close(reading)
    assert done.returncode == 0, done
    assert vcenter.session_count == 2


def test_govc_password_file_that_is_not_text_is_never_sent(
    vcenter: SimulatedVCenter, trusting: Helper, tmp_path: Path
) -> None:
    """Neither its bytes nor its path is the password: a wrong one counts towards a lock-out."""
    (tmp_path / "password").write_bytes(b"caf\xe9\n")
    reply = trusting.call("get", {}, **family("GOVC", vcenter) | {"GOVC_PASSWORD": str(tmp_path / "password")})
    assert reply.kind == "invalid-request"
    assert "GOVC_PASSWORD" in reply.stderr
    assert vcenter.login_attempts == 0


@pytest.mark.parametrize("name", ["VSPHERE", "VMWARE"])
def test_the_other_families_know_no_files(
    vcenter: SimulatedVCenter, trusting: Helper, tmp_path: Path, name: str
) -> None:
    (tmp_path / "password").write_text(PASSWORD)
    reply = trusting.call("get", {}, **family(name, vcenter, password=str(tmp_path / "password")))
    assert reply.kind == "login-refused"


@pytest.mark.parametrize("wrong", ["a\nb", "a\x9bb", "a\x7fb", "caf\udce9"], ids=ascii)
@pytest.mark.parametrize("variable", ["VSPHERE_USER", "VSPHERE_PASSWORD"])
def test_a_login_with_control_characters_or_bytes_that_are_no_text_is_refused(
    vcenter: SimulatedVCenter, trusting: Helper, variable: str, wrong: str
) -> None:
    reply = trusting.call("get", {}, **family("VSPHERE", vcenter) | {variable: wrong})
    assert reply.kind == "invalid-request"
    assert vcenter.login_attempts == 0


# ---- where things are


def test_home_may_have_a_name_that_is_not_text(vcenter: SimulatedVCenter, trusting: Helper) -> None:
    home = os.fsencode(trusting.home) + b"/caf\xe9"
    os.mkdir(home)
    reply = trusting.ok("get", {}, **family("GOVC", vcenter), HOME=os.fsdecode(home))
    assert reply["source"] == "login"
    assert trusting.ok("get", {}, **family("GOVC", vcenter), HOME=os.fsdecode(home))["source"] == "cache"
    trusting.ok("erase", {}, **family("GOVC", vcenter), HOME=os.fsdecode(home))


def test_govmomi_home_moves_the_sessions(vcenter: SimulatedVCenter, trusting: Helper) -> None:
    moved = trusting.home / "elsewhere"
    reply = trusting.ok("get", {}, **family("GOVC", vcenter), GOVMOMI_HOME=str(moved))
    assert Path(reply["soap_session_file"]).parent == moved / "sessions"
    assert Path(reply["rest_session_file"]).parent == moved / "rest_sessions"
    trusting.ok("erase", {}, **family("GOVC", vcenter), GOVMOMI_HOME=str(moved))
    assert list(moved.glob("*/*")) == []
