"""What `exec` and `export` hand on of the trust: the child verifies the server as we did, wherever it runs."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

import peers
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, Server


def configured(helper: Helper, server: Server, *lines: str) -> Path:
    """A configuration with these settings for the server; the login is in the environment."""
    path = helper.home / ".config" / "vsphere-session" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([f'url = "{server.authority}"', f'[endpoint."{server.authority}"]', *lines, ""]))
    helper.environment |= {"GOVC_USERNAME": USER, "GOVC_PASSWORD": PASSWORD}
    return path


def exported(helper: Helper, **environment: str) -> dict[str, str]:
    helper.environment |= environment
    reply = helper.run("--format", "json", "export")
    assert (reply.status, reply.stderr) == (0, ""), reply
    return reply.fields


@pytest.fixture
def govc() -> str:
    return str(peers.build().govc)


def thumbprint_of(server: Server) -> str:
    """The SHA-256 fingerprint of what a server shows."""
    import hashlib
    import ssl

    host, _, port = server.authority.rpartition(":")
    digits = hashlib.sha256(ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, int(port))))).hexdigest().upper()
    return ":".join(digits[i : i + 2] for i in range(0, 64, 2))


@pytest.mark.parametrize("elsewhere", [False, True], ids=["its own known hosts too", "none of its own"])
def test_govc_in_exec_trusts_a_certificate_by_its_configured_thumbprint(
    vcenter: SimulatedVCenter, helper: Helper, govc: str, *, elsewhere: bool
) -> None:
    """The real one; what the user has in GOVC_TLS_KNOWN_HOSTS stays, and comes first."""
    configured(helper, vcenter, f'thumbprint = "{vcenter.thumbprint}"')
    (helper.home / "mine").write_text("other.example.com AA:BB\n")
    if not elsewhere:
        helper.environment["GOVC_TLS_KNOWN_HOSTS"] = "~/mine"
    reply = helper.run("exec", "--", govc, "about")
    assert (reply.status, reply.stderr) == (0, "")
    assert b"Vendor" in reply.stdout
    assert len(vcenter.logins) == 2, "govc made none of its own"
    files = exported(helper)["GOVC_TLS_KNOWN_HOSTS"].split(os.pathsep)
    assert files[:-1] == ([] if elsewhere else [str(helper.home / "mine")])
    ours = Path(files[-1])
    assert ours.read_text() == f"{vcenter.authority} {vcenter.thumbprint}\n"
    assert stat.S_IMODE(ours.stat().st_mode) == 0o600
    assert stat.S_IMODE(ours.parent.stat().st_mode) == 0o700


def test_govc_in_exec_trusts_vcsim_by_its_configured_thumbprint(helper: Helper, vcsim: peers.VcSim, govc: str) -> None:
    configured(helper, vcsim, f'thumbprint = "{thumbprint_of(vcsim)}"')
    reply = helper.run("exec", "--", govc, "ls")
    assert (reply.status, reply.stderr) == (0, "")
    assert b"/DC0/vm\n" in reply.stdout


def test_a_thumbprint_that_was_renewed_takes_the_place_of_the_old_one(
    vcenter: SimulatedVCenter, helper: Helper, govc: str
) -> None:
    configured(helper, vcenter, f'thumbprint = "{vcenter.thumbprint}"')
    before = exported(helper)["GOVC_TLS_KNOWN_HOSTS"]
    vcenter.new_certificate()
    configured(helper, vcenter, f'thumbprint = "{vcenter.thumbprint}"')
    assert exported(helper)["GOVC_TLS_KNOWN_HOSTS"] == before
    assert helper.run("exec", "--", govc, "about").status == 0


@pytest.mark.parametrize(
    "written",
    ["company.pem", "./company.pem", "../vsphere-session/company.pem", "~/.config/vsphere-session/company.pem"],
)
def test_a_path_in_the_configuration_is_relative_to_it_and_may_begin_with_a_tilde(
    vcenter: SimulatedVCenter, helper: Helper, govc: str, tmp_path: Path, written: str
) -> None:
    """Whatever the current directory is, here and where the child goes."""
    config = configured(helper, vcenter, f'ca_file = "{written}"')
    (config.parent / "company.pem").write_bytes(Path(vcenter.ca_file).read_bytes())
    child = ["sh", "-c", 'cd "$1" && exec "$2" about', "sh", str(tmp_path), govc]
    reply = helper.run("exec", "--", *child)
    assert (reply.status, reply.stderr) == (0, "")
    assert os.path.isabs(exported(helper)["GOVC_TLS_CA_CERTS"])


def test_each_path_of_a_list_is_relative_to_the_configuration(vcenter: SimulatedVCenter, helper: Helper) -> None:
    config = configured(helper, vcenter, f'ca_file = "one.pem{os.pathsep}~/two.pem"')
    (config.parent / "one.pem").write_bytes(Path(vcenter.ca_file).read_bytes())
    (helper.home / "two.pem").write_bytes(Path(vcenter.ca_file).read_bytes())
    expected = os.pathsep.join([str(config.parent / "one.pem"), str(helper.home / "two.pem")])
    assert exported(helper)["GOVC_TLS_CA_CERTS"] == expected


@pytest.mark.parametrize("way", ["field", "GOVC_TLS_CA_CERTS"])
def test_a_tilde_works_where_no_shell_has_seen_it(vcenter: SimulatedVCenter, helper: Helper, way: str) -> None:
    """In JSON, and in a variable that was set in quotes or by a service."""
    (helper.home / "company.pem").write_bytes(Path(vcenter.ca_file).read_bytes())
    asked = {"url": vcenter.authority, "username": USER, "password": PASSWORD}
    if way == "field":
        asked["ca_file"] = "~/company.pem"
    else:
        helper.environment[way] = "~/company.pem"
    reply = helper.run("get", stdin=json.dumps(asked).encode())
    assert reply.fields["source"] == "login"


def test_a_relative_path_of_the_environment_is_absolute_for_the_child(
    vcenter: SimulatedVCenter, helper: Helper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen from where the program was called, as govc sees it."""
    monkeypatch.chdir(helper.home)
    (helper.home / "company.pem").write_bytes(Path(vcenter.ca_file).read_bytes())
    configured(helper, vcenter)
    found = exported(helper, GOVC_TLS_CA_CERTS="company.pem", GOVC_TLS_KNOWN_HOSTS="known")
    assert found["GOVC_TLS_CA_CERTS"] == str(helper.home / "company.pem")
    assert found["GOVC_TLS_KNOWN_HOSTS"] == str(helper.home / "known")


def test_without_a_thumbprint_no_file_of_known_hosts_is_made(vcenter: SimulatedVCenter, helper: Helper) -> None:
    configured(helper, vcenter, f'ca_file = "{vcenter.ca_file}"')
    assert "GOVC_TLS_KNOWN_HOSTS" not in exported(helper)
    assert not list(helper.home.rglob("known_hosts"))
