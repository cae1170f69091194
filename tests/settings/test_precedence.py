"""Precedence: request field, then environment, then configuration, then the secret store."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, request

SOMEBODY = "somebody@vsphere.local"
WRONG_PIN = "AB:" * 31 + "AB"


@pytest.fixture
def config(helper: Helper) -> Path:
    """The configuration file, which is not there yet."""
    path = helper.home / ".config" / "vsphere-session" / "config.toml"
    path.parent.mkdir(parents=True)
    return path


def user(reply: dict[str, str]) -> str:
    return reply["url"].partition("://")[2].partition("@")[0].replace("%40", "@")


def test_url(vcenter: SimulatedVCenter, helper: Helper, config: Path) -> None:
    with SimulatedVCenter() as second, SimulatedVCenter() as third:
        config.write_text(f'url = "{third.authority}"\ninsecure = true\n')
        login = {"username": USER, "password": PASSWORD}
        assert third.authority in helper.ok("get", login)["url"]
        assert second.authority in helper.ok("get", login, GOVC_URL=second.authority)["url"]
        assert (
            vcenter.authority in helper.ok("get", login | {"url": vcenter.authority}, GOVC_URL=second.authority)["url"]
        )


def test_username(vcenter: SimulatedVCenter, helper: Helper, config: Path) -> None:
    for number in range(5):
        vcenter.set_password(f"u{number}", PASSWORD)
    bare = {"url": vcenter.authority, "ca_file": vcenter.ca_file, "password": PASSWORD}
    helper.ok("store", bare | {"username": "u4"}, "--secret-store", "file")
    assert user(helper.ok("get", bare)) == "u4", "the secret store knows who logged in last"
    config.write_text('username = "u3"\n')
    assert user(helper.ok("get", bare)) == "u3", "then the configuration"
    assert user(helper.ok("get", bare, GOVC_USERNAME="u2")) == "u2", "then the environment"
    assert user(helper.ok("get", bare | {"url": f"u1@{vcenter.authority}"}, GOVC_USERNAME="u2")) == "u1", "then the url"
    assert user(helper.ok("get", bare | {"username": "u0", "url": f"u1@{vcenter.authority}"})) == "u0", "then the field"


def test_username_for_the_endpoint_wins_over_the_general_one(
    vcenter: SimulatedVCenter, helper: Helper, config: Path
) -> None:
    config.write_text(f'username = "{SOMEBODY}"\n[endpoint."{vcenter.authority}"]\nusername = "{USER}"\n')
    bare = {"url": vcenter.authority, "ca_file": vcenter.ca_file, "password": PASSWORD}
    assert user(helper.ok("get", bare)) == USER


@pytest.mark.parametrize(
    ("given", "environment", "stored", "status"),
    [
        (PASSWORD, "wrong", "wrong", 0),
        (None, PASSWORD, "wrong", 0),
        (None, None, PASSWORD, 0),
        ("wrong", PASSWORD, PASSWORD, 4),
        (None, "wrong", PASSWORD, 4),
        (None, None, "wrong", 4),
        (None, None, None, 3),
    ],
)
def test_password(
    vcenter: SimulatedVCenter,
    helper: Helper,
    given: str | None,
    environment: str | None,
    stored: str | None,
    status: int,
) -> None:
    if stored is not None:
        helper.ok("store", request(vcenter, password=stored), "--secret-store", "file")
    variables = {"VSPHERE_PASSWORD": environment} if environment is not None else {}
    assert helper.call("get", request(vcenter, password=given), **variables).status == status


def test_password_is_taken_from_one_source_and_no_second_one_is_tried(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    helper.ok("store", request(vcenter, password=PASSWORD), "--secret-store", "file")
    assert helper.call("get", request(vcenter, password="wrong"), GOVC_PASSWORD=PASSWORD).kind == "login-refused"
    assert vcenter.login_attempts == 1


@pytest.mark.parametrize(
    ("given", "environment", "configured", "insecure"),
    [
        (True, "0", "false", True),
        (None, "1", "false", True),
        (None, None, "true", True),
        (False, "1", "true", False),
        (None, "0", "true", False),
        (None, None, None, False),
    ],
)
def test_insecure(
    vcenter: SimulatedVCenter,
    helper: Helper,
    config: Path,
    given: bool | None,
    environment: str | None,
    configured: str | None,
    insecure: bool,
) -> None:
    config.write_text(f"insecure = {configured}\n" if configured else "")
    variables = {"GOVC_INSECURE": environment} if environment else {}
    fields = {"url": vcenter.authority, "username": USER, "password": PASSWORD, "insecure": given}
    assert helper.call("get", fields, **variables).status == (0 if insecure else 6)


def test_passthrough(vcenter: SimulatedVCenter, helper: Helper, config: Path) -> None:
    config.write_text("passthrough = true\n")
    persistent = helper.ok("get", request(vcenter, password=PASSWORD), GOVC_PERSIST_SESSION="true")
    assert "soap_session_file" in persistent
    config.write_text("passthrough = false\n")
    passing = helper.ok("get", request(vcenter, password=PASSWORD), GOVC_PERSIST_SESSION="false")
    assert "soap_session_file" not in passing
    helper.ok("erase", request(vcenter, **{name: passing[name] for name in ("soap_session_id", "rest_session_id")}))


def test_ca_file(vcenter: SimulatedVCenter, helper: Helper, config: Path) -> None:
    login = {"url": vcenter.authority, "username": USER, "password": PASSWORD, "verify": "always"}
    good = vcenter.ca_file
    with SimulatedVCenter() as other:
        bad = other.ca_file
        config.write_text(f'ca_file = "{bad}"\n')
        assert helper.call("get", login).kind == "untrusted"
        assert helper.call("get", login, GOVC_TLS_CA_CERTS=good).status == 0
        assert helper.call("get", login | {"ca_file": bad}, GOVC_TLS_CA_CERTS=good).kind == "untrusted"


def test_thumbprint(vcenter: SimulatedVCenter, helper: Helper, config: Path) -> None:
    login = {"url": vcenter.authority, "username": USER, "password": PASSWORD, "verify": "always"}
    config.write_text(f'thumbprint = "{WRONG_PIN}"\n')
    known = helper.home / "known_hosts"
    known.write_text(f"{vcenter.authority} {vcenter.thumbprint}\n")
    assert helper.call("get", login).kind == "untrusted"
    assert helper.call("get", login, GOVC_TLS_KNOWN_HOSTS=str(known)).status == 0
    assert helper.call("get", login | {"thumbprint": WRONG_PIN}, GOVC_TLS_KNOWN_HOSTS=str(known)).kind == "untrusted"


@pytest.mark.parametrize(
    ("name", "configured", "given", "shown"),
    [("api", "soap", "rest", "rest_session_id"), ("output", "files", "tokens", "soap_session_id")],
)
def test_api_and_output_in_the_request_win_over_the_configuration(
    vcenter: SimulatedVCenter, helper: Helper, config: Path, name: str, configured: str, given: str, shown: str
) -> None:
    config.write_text(f'{name} = "{configured}"\n')
    assert shown not in helper.ok("get", request(vcenter, password=PASSWORD))
    assert shown in helper.ok("get", request(vcenter, password=PASSWORD) | {name: given})


def test_verify_in_the_request_wins_over_the_configuration(
    vcenter: SimulatedVCenter, helper: Helper, config: Path
) -> None:
    config.write_text('verify = "always"\n')
    helper.ok("get", request(vcenter, password=PASSWORD))
    with vcenter.offline():
        assert helper.call("get", request(vcenter)).kind == "unreachable"
        assert helper.ok("get", request(vcenter, verify="auto"))["source"] == "cache"
