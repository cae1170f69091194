"""What `exec` and `export` put where a password is expected counts as no password, wherever it comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interop.desk import Desk
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, request
from vsphere_session import Session, SoapClient
from vsphere_session.endpoint import NO_PASSWORD, Endpoint, parse_endpoint
from vsphere_session.errors import NotFoundError

AT = USER.replace("@", "%40")
FAMILIES = {
    "GOVC": ("GOVC_URL", "GOVC_USERNAME", "GOVC_PASSWORD"),
    "VSPHERE": ("VSPHERE_SERVER", "VSPHERE_USER", "VSPHERE_PASSWORD"),
    "VMWARE": ("VMWARE_HOST", "VMWARE_USER", "VMWARE_PASSWORD"),
}


@pytest.fixture
def stored(vcenter: SimulatedVCenter, helper: Helper) -> Helper:
    """A user whose password is in the secret store, and whose environment trusts the server."""
    helper.environment["SSL_CERT_FILE"] = vcenter.ca_file
    helper.ok("store", request(vcenter, password=PASSWORD), "--secret-store", "file")
    return helper


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("where", ["variable", "url"])
def test_in_the_environment_it_does_not_shadow_the_stored_password(
    vcenter: SimulatedVCenter, stored: Helper, family: str, where: str
) -> None:
    url, user, password = FAMILIES[family]
    variables = {url: vcenter.authority, user: USER, password: NO_PASSWORD}
    if where == "url":
        variables = {url: f"https://{AT}:{NO_PASSWORD}@{vcenter.authority}/sdk"}
    assert stored.ok("get", {}, **variables)["source"] == "login"
    assert vcenter.login_attempts == 2


@pytest.mark.parametrize("content", [NO_PASSWORD, f"{NO_PASSWORD}\n"])
def test_in_a_file_that_govc_password_names(
    vcenter: SimulatedVCenter, stored: Helper, tmp_path: Path, content: str
) -> None:
    (tmp_path / "secret").write_text(content, encoding="ascii")
    variables = {"GOVC_URL": vcenter.authority, "GOVC_USERNAME": USER, "GOVC_PASSWORD": str(tmp_path / "secret")}
    assert stored.ok("get", {}, **variables)["source"] == "login"


@pytest.mark.parametrize("where", ["password", "url"])
def test_in_a_request_it_does_not_shadow_the_stored_password(
    vcenter: SimulatedVCenter, stored: Helper, where: str
) -> None:
    given: dict[str, object] = {"password": NO_PASSWORD}
    if where == "url":
        given = {"url": f"https://{AT}:{NO_PASSWORD}@{vcenter.authority}"}
    assert stored.ok("get", request(vcenter, **given))["source"] == "login"


def test_where_there_is_no_other_there_is_none(vcenter: SimulatedVCenter, helper: Helper) -> None:
    for fields in ({"password": NO_PASSWORD}, {"password": NO_PASSWORD, "passthrough": True}):
        assert helper.call("get", request(vcenter, **fields)).kind == "not-found"
    assert vcenter.login_attempts == 0


def test_after_export_and_the_sessions_end_the_stored_password_logs_in(
    vcenter: SimulatedVCenter, stored: Helper
) -> None:
    """The row: what is exported now is what the next call finds in its environment."""
    exported = json.loads(stored.run("export", "--format", "json", GOVC_URL=f"{AT}@{vcenter.authority}").stdout)
    assert exported["VSPHERE_PASSWORD"] == NO_PASSWORD
    vcenter.end_all()
    assert stored.ok("get", {"verify": "always", "api": "both"}, **exported)["source"] == "login"
    assert len(vcenter.logins) == vcenter.login_attempts == 4


def test_store_does_not_keep_it(vcenter: SimulatedVCenter, helper: Helper) -> None:
    assert helper.call("store", request(vcenter, password=NO_PASSWORD), "--secret-store", "file").kind == (
        "invalid-request"
    )
    assert helper.call("get", request(vcenter)).kind == "not-found"


def test_in_the_secret_store_it_is_none_and_can_be_erased(vcenter: SimulatedVCenter, stored: Helper) -> None:
    """An older release may have put it there."""
    path = next(stored.home.rglob("secrets.json"))
    path.write_text(path.read_text(encoding="utf-8").replace(PASSWORD, NO_PASSWORD), encoding="utf-8")
    assert stored.call("get", request(vcenter)).kind == "not-found"
    assert vcenter.login_attempts == 0
    assert stored.ok("erase", request(vcenter, scope="password")) == {"erased": "password"}


@pytest.mark.parametrize("host", ["vsphere", "other"])
def test_no_dialect_keeps_it(home: Path, vcenter: SimulatedVCenter, helper: Helper, host: str) -> None:
    desk = Desk(helper, vcenter)
    place = vcenter.authority if host == "vsphere" else "git.example.com"
    approved = f"protocol=https\nhost={place}\nusername=somebody\npassword={NO_PASSWORD}\n"
    assert desk.run("git-credential-vsphere", "store", stdin=approved.encode()).status == 0
    docker = json.dumps({"ServerURL": place, "Username": "somebody", "Secret": NO_PASSWORD})
    assert desk.run("docker-credential-vsphere", "store", stdin=docker.encode()).status == 0
    written = [path for path in home.rglob("*") if path.is_file() and "bin" not in path.parts]  # the program knows it
    assert not any(NO_PASSWORD.encode() in path.read_bytes() for path in written)
    asked = f"protocol=https\nhost={place}\nusername=somebody\n"
    assert desk.run("git-credential-vsphere", "get", stdin=asked.encode()).stdout == b""
    assert vcenter.login_attempts == 0


def test_of_a_host_that_is_no_vsphere_it_is_never_handed_out(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """An older release may have stored it there."""
    desk = Desk(helper, vcenter)
    desk.run("git-credential-vsphere", "store", stdin=b"protocol=https\nhost=h\nusername=me\npassword=pw-to-swap\n")
    path = next(helper.home.rglob("secrets.json"))
    path.write_text(path.read_text(encoding="utf-8").replace("pw-to-swap", NO_PASSWORD), encoding="utf-8")
    assert desk.run("git-credential-vsphere", "get", stdin=b"protocol=https\nhost=h\n").stdout == b""


@pytest.mark.parametrize("how", ["url", "endpoint", "callable"])
def test_a_python_caller_cannot_send_it_either(vcenter: SimulatedVCenter, home: Path, how: str) -> None:
    url: str | Endpoint = f"https://{AT}:{NO_PASSWORD}@{vcenter.authority}/sdk"
    if how != "url":
        url = parse_endpoint(vcenter.url).with_user(USER, NO_PASSWORD if how == "endpoint" else None)
    session = Session(
        url, ca_file=vcenter.ca_file, environ={"HOME": str(home)}, password=lambda: {"callable": NO_PASSWORD}.get(how)
    )
    with SoapClient() as client, pytest.raises(NotFoundError) as caught:
        session.login(client)
    assert NO_PASSWORD not in caught.value.message
    assert vcenter.login_attempts == 0
