"""The environment's switches: verification, authorities, known hosts, persistence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, request

# ---- GOVC_INSECURE, VSPHERE_ALLOW_UNVERIFIED_SSL, VMWARE_VALIDATE_CERTS


def login(vcenter: SimulatedVCenter, **fields: object) -> dict[str, object]:
    return {"url": vcenter.authority, "username": USER, "password": PASSWORD, **fields}


@pytest.mark.parametrize(
    ("variable", "value", "insecure"),
    [
        ("GOVC_INSECURE", "1", True),
        ("GOVC_INSECURE", "true", True),
        ("GOVC_INSECURE", "0", False),
        ("VSPHERE_ALLOW_UNVERIFIED_SSL", "true", True),
        ("VSPHERE_ALLOW_UNVERIFIED_SSL", "false", False),
        ("VMWARE_VALIDATE_CERTS", "false", True),
        ("VMWARE_VALIDATE_CERTS", "no", True),
        ("VMWARE_VALIDATE_CERTS", "true", False),
        ("VMWARE_VALIDATE_CERTS", "yes", False),
    ],
)
def test_verification_has_the_sense_of_each_family(
    vcenter: SimulatedVCenter, helper: Helper, variable: str, value: str, insecure: bool
) -> None:
    """VMWARE_VALIDATE_CERTS has the opposite sense of the other two."""
    reply = helper.call("get", login(vcenter), **{variable: value})
    assert reply.status == (0 if insecure else 6)


@pytest.mark.parametrize("variable", ["GOVC_INSECURE", "VSPHERE_ALLOW_UNVERIFIED_SSL", "VMWARE_VALIDATE_CERTS"])
def test_verification_that_is_neither_true_nor_false_is_refused_by_the_name_of_its_variable(
    vcenter: SimulatedVCenter, helper: Helper, variable: str
) -> None:
    reply = helper.call("get", login(vcenter), **{variable: "perhaps"})
    assert reply.kind == "invalid-request"
    assert variable in reply.stderr


def test_verification_follows_the_first_family_that_says_something(vcenter: SimulatedVCenter, helper: Helper) -> None:
    assert helper.call("get", login(vcenter), GOVC_INSECURE="0", VMWARE_VALIDATE_CERTS="false").kind == "untrusted"
    assert helper.ok("get", login(vcenter), VSPHERE_ALLOW_UNVERIFIED_SSL="1", VMWARE_VALIDATE_CERTS="true")


def test_insecure_in_the_request_wins_over_the_environment(vcenter: SimulatedVCenter, helper: Helper) -> None:
    assert helper.call("get", login(vcenter, insecure=False), GOVC_INSECURE="1").kind == "untrusted"
    assert helper.ok("get", login(vcenter, insecure=True), VMWARE_VALIDATE_CERTS="true")["source"] == "login"


# ---- GOVC_TLS_CA_CERTS, GOVC_TLS_KNOWN_HOSTS


def test_govc_tls_ca_certs_is_a_list_of_files_of_authorities(vcenter: SimulatedVCenter, helper: Helper) -> None:
    with SimulatedVCenter() as other:
        assert helper.call("get", login(vcenter), GOVC_TLS_CA_CERTS=other.ca_file).kind == "untrusted"
        files = os.pathsep.join([other.ca_file, vcenter.ca_file])
        assert helper.ok("get", login(vcenter), GOVC_TLS_CA_CERTS=files)["source"] == "login"


def test_ca_file_in_the_request_wins_over_govc_tls_ca_certs(vcenter: SimulatedVCenter, helper: Helper) -> None:
    with SimulatedVCenter() as other:
        reply = helper.call("get", request(vcenter, password=PASSWORD), GOVC_TLS_CA_CERTS=other.ca_file)
        assert reply.fields["source"] == "login"


@pytest.mark.parametrize("algorithm", ["thumbprint", "thumbprint_sha1"])
def test_govc_tls_known_hosts_names_files_of_thumbprints(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path, algorithm: str
) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(f"vc.example.com {'AB:' * 31}AB\n\n{vcenter.authority} {getattr(vcenter, algorithm)}\n")
    files = os.pathsep.join([str(tmp_path / "missing"), str(known)])
    assert helper.ok("get", login(vcenter), GOVC_TLS_KNOWN_HOSTS=files)["source"] == "login"


def test_govc_tls_known_hosts_with_another_thumbprint_is_a_mismatch(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path
) -> None:
    expected = "AB:" * 31 + "AB"
    (tmp_path / "known_hosts").write_text(f"{vcenter.authority} {expected}\n")
    reply = helper.call("get", request(vcenter, password=PASSWORD), GOVC_TLS_KNOWN_HOSTS=str(tmp_path / "known_hosts"))
    assert reply.kind == "untrusted"
    assert expected in reply.stderr
    assert vcenter.thumbprint in reply.stderr
    assert vcenter.requests == []


def test_govc_tls_known_hosts_without_this_host_says_nothing_about_it(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path
) -> None:
    host = vcenter.authority.partition(":")[0]
    (tmp_path / "known_hosts").write_text(f"{host} {'AB:' * 31}AB\n{host}:1 {'AB:' * 31}AB\n")
    fields = request(vcenter, password=PASSWORD)
    assert helper.ok("get", fields, GOVC_TLS_KNOWN_HOSTS=str(tmp_path / "known_hosts"))["source"] == "login"


def test_thumbprint_in_the_request_wins_over_govc_tls_known_hosts(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path
) -> None:
    (tmp_path / "known_hosts").write_text(f"{vcenter.authority} {'AB:' * 31}AB\n")
    fields = login(vcenter, thumbprint=vcenter.thumbprint)
    assert helper.ok("get", fields, GOVC_TLS_KNOWN_HOSTS=str(tmp_path / "known_hosts"))["source"] == "login"


# ---- GOVC_PERSIST_SESSION


def test_govc_persist_session_false_is_passthrough(vcenter: SimulatedVCenter, helper: Helper) -> None:
    cached = helper.ok("get", request(vcenter, password=PASSWORD))
    reply = helper.ok("get", request(vcenter, password=PASSWORD), GOVC_PERSIST_SESSION="false")
    assert reply["source"] == "login"
    assert "soap_session_file" not in reply
    ids = {name: reply[name] for name in ("soap_session_id", "rest_session_id")}
    assert helper.ok("erase", request(vcenter, **ids), GOVC_PERSIST_SESSION="false") == {"erased": "soap,rest"}
    assert helper.ok("get", request(vcenter, verify="always"))["soap_session_id"] == cached["soap_session_id"]


def test_govc_persist_session_true_is_the_default(vcenter: SimulatedVCenter, helper: Helper) -> None:
    first = helper.ok("get", request(vcenter, password=PASSWORD), GOVC_PERSIST_SESSION="true")
    assert helper.ok("get", request(vcenter)) == first | {"source": "cache"}


def test_passthrough_in_the_request_wins_over_govc_persist_session(vcenter: SimulatedVCenter, helper: Helper) -> None:
    fields = request(vcenter, password=PASSWORD, passthrough=False)
    assert "soap_session_file" in helper.ok("get", fields, GOVC_PERSIST_SESSION="false")
