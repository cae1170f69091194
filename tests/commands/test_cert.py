"""`vsphere-session cert`: what a server shows, compared with what OpenSSL and govc say of the same."""

from __future__ import annotations

import json
import subprocess

import pytest

from peers import VcSim
from simulated_vcenter import SimulatedVCenter
from support.program import Helper


def shown(helper: Helper, *words: str) -> str:
    reply = helper.run("cert", *words)
    assert (reply.status, reply.stderr) == (0, ""), reply
    return reply.stdout.decode()


def test_what_a_person_compares(helper: Helper, vcenter: SimulatedVCenter) -> None:
    lines = dict(line.split(": ", 1) for line in shown(helper, vcenter.authority).splitlines())
    assert list(lines) == ["Subject", "Names", "Issued by", "Valid", "SHA-256", "SHA-1"]
    assert "127.0.0.1" in lines["Names"]
    assert vcenter.session_count == 0


def test_openssl_says_the_same(helper: Helper, vcenter: SimulatedVCenter) -> None:
    pem = shown(helper, vcenter.authority, "--pem")
    (one,) = json.loads(shown(helper, vcenter.authority, "--json"))
    said = subprocess.run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha256"], input=pem, capture_output=True, text=True, check=True
    ).stdout
    assert said.strip().endswith(one["sha256"])
    assert one["pem"] == pem


def test_the_chain_begins_with_the_servers_own(helper: Helper, vcenter: SimulatedVCenter) -> None:
    alone, chain = (json.loads(shown(helper, vcenter.authority, "--json", *more)) for more in ((), ("--chain",)))
    assert chain[0] == alone[0]
    assert len(alone) == 1


def test_its_fingerprint_can_be_pinned(helper: Helper, vcenter: SimulatedVCenter) -> None:
    (one,) = json.loads(shown(helper, vcenter.authority, "--json"))
    reply = helper.call(
        "get", {"url": vcenter.authority, "username": "x", "password": "y", "thumbprint": one["sha256"]}
    )
    assert reply.kind == "login-refused"


@pytest.mark.parametrize("words", [("--pem", "--json"), ("--known-hosts", "--pem")])
def test_one_form_at_a_time(helper: Helper, words: tuple[str, ...]) -> None:
    reply = helper.run("cert", "vc.example.com", *words)
    assert reply.status == 2, reply


def test_a_server_without_tls(helper: Helper) -> None:
    with SimulatedVCenter(tls=False) as plain:
        assert helper.run("cert", f"http://{plain.authority}").status == 10
        reply = helper.run("cert", plain.authority)
        assert reply.status == 5
        assert "answers without TLS" in reply.stderr


def test_the_line_for_known_hosts_is_what_govc_takes(helper: Helper, vcsim: VcSim) -> None:
    """Govc, which trusts nothing else, logs in by it."""
    file = helper.home / "known_hosts"
    file.write_text(shown(helper, vcsim.authority, "--known-hosts"))
    govc = vcsim.govc(helper.home)
    govc.environment |= {"GOVC_TLS_KNOWN_HOSTS": str(file)}
    govc.environment.pop("GOVC_TLS_CA_CERTS", None)
    assert "vCenter" in govc.ok("about")
    file.write_text(file.read_text().replace(":", "-"))
    assert govc.run("about").returncode
