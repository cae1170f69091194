"""VSPHERE_VIM_SESSION_PATH and VSPHERE_REST_SESSION_PATH: where Terraform's provider looks for sessions."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulated_vcenter import SimulatedVCenter
from support.cache_files import ids_in_directory
from support.program import PASSWORD, USER, Helper, request, settle

SOAP, REST = "VSPHERE_VIM_SESSION_PATH", "VSPHERE_REST_SESSION_PATH"


@pytest.fixture
def directories(tmp_path: Path) -> dict[str, str]:
    return {SOAP: str(tmp_path / "vim"), REST: str(tmp_path / "rest")}


@pytest.fixture
def other() -> Iterator[SimulatedVCenter]:
    """Another vCenter."""
    with SimulatedVCenter() as server:
        yield server


def places(reply: dict[str, str]) -> tuple[str, str]:
    return os.path.dirname(reply["soap_session_file"]), os.path.dirname(reply["rest_session_file"])


def test_get_store_and_erase_use_them(vcenter: SimulatedVCenter, helper: Helper, directories: dict[str, str]) -> None:
    helper.environment |= directories
    reply = helper.ok("get", request(vcenter, password=PASSWORD))
    assert places(reply) == tuple(directories.values())
    assert helper.sessions_in_files == set()
    assert helper.ok("get", request(vcenter))["source"] == "cache"
    for directory in directories.values():
        assert os.stat(directory).st_mode & 0o777 == 0o700
    adopted = vcenter.add_session(USER)
    assert helper.ok("store", request(vcenter, soap_session_id=adopted))["stored"] == "soap"
    assert ids_in_directory(Path(directories[SOAP])) == {adopted}
    assert helper.ok("erase", request(vcenter))["erased"] == "soap,rest"
    assert [entry for directory in directories.values() for entry in os.listdir(directory)] == []


def test_one_may_be_set_alone(vcenter: SimulatedVCenter, helper: Helper, directories: dict[str, str]) -> None:
    reply = helper.ok("get", request(vcenter, password=PASSWORD), **{REST: directories[REST], SOAP: ""})
    assert places(reply) == (str(helper.home / ".govmomi" / "sessions"), directories[REST])
    helper.ok("erase", request(vcenter), **{REST: directories[REST]})


def test_they_are_of_the_server_that_the_family_names(
    vcenter: SimulatedVCenter, other: SimulatedVCenter, helper: Helper, directories: dict[str, str]
) -> None:
    helper.environment |= directories | {"VSPHERE_SERVER": vcenter.authority}
    assert places(helper.ok("get", request(vcenter, password=PASSWORD))) == tuple(directories.values())
    elsewhere = helper.ok("get", request(other, password=PASSWORD))
    assert places(elsewhere)[0] == str(helper.home / ".govmomi" / "sessions")
    assert {elsewhere["soap_session_id"], elsewhere["rest_session_id"]} == helper.sessions_in_files
    govc = {"GOVC_URL": other.authority, "GOVC_USERNAME": USER, "GOVC_TLS_CA_CERTS": str(other.ca_file)}
    assert helper.ok("get", {}, **govc)["source"] == "cache"
    helper.ok("erase", request(other))


def test_the_same_question_in_other_directories_has_another_answer(
    vcenter: SimulatedVCenter, helper: Helper, directories: dict[str, str]
) -> None:
    """Also where answers are given again without being worked out."""
    first = helper.ok("get", request(vcenter, password=PASSWORD))
    settle(helper)
    for _ in range(3):
        assert helper.ok("get", request(vcenter))["soap_session_id"] == first["soap_session_id"]
    assert helper.call("get", request(vcenter), **directories).kind == "not-found"
    second = helper.ok("get", request(vcenter, password=PASSWORD), **directories)
    assert first["soap_session_id"] != second["soap_session_id"]
    assert helper.ok("get", request(vcenter))["soap_session_id"] == first["soap_session_id"]


@pytest.mark.parametrize("written", ["sub/vim", "~/vim", "./vim"])
def test_relative_ones_are_seen_from_the_current_directory_and_a_tilde_is_a_name(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path, written: str
) -> None:
    """As the provider takes them."""
    done = subprocess.run(
        [*helper.program, "get"],
        input=json.dumps(request(vcenter, password=PASSWORD, api="soap")).encode(),
        env=helper.environment | {SOAP: written},
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    (session,) = vcenter.sessions
    assert ids_in_directory(tmp_path / written) == {session.id}
    assert json.loads(done.stdout)["soap_session_file"].startswith(str(tmp_path / written.removeprefix("./")))


def test_every_dialect_uses_them(vcenter: SimulatedVCenter, helper: Helper, directories: dict[str, str]) -> None:
    helper.environment |= directories | {"VSPHERE_SERVER": vcenter.authority, "SSL_CERT_FILE": vcenter.ca_file}
    helper.environment |= {"VSPHERE_USER": USER, "VSPHERE_PASSWORD": PASSWORD}
    info = '{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1"}'
    for dialect, words, stdin in (
        ("git", ["get"], f"protocol=https\nhost={vcenter.authority}\n\n"),
        ("docker", ["get"], vcenter.authority),
        ("terraform-cli", ["get", vcenter.authority], ""),
        ("bazel", ["get"], json.dumps({"uri": f"https://{vcenter.authority}/api"})),
        ("kubernetes", [], ""),
    ):
        done = helper.run("--protocol", dialect, *words, stdin=stdin.encode(), KUBERNETES_EXEC_INFO=info)
        assert done.status == 0, done
        (session,) = vcenter.sessions
        assert ids_in_directory(Path(directories[REST])) == {session.id}
        assert session.id.encode() in done.stdout
    assert helper.sessions_in_files == set()
    helper.run("--protocol", "git", "erase", stdin=f"protocol=https\nhost={vcenter.authority}\n\n".encode())
    assert vcenter.session_count == 0


def test_exec_hands_them_on_and_tells_govc_where_it_can(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path, directories: dict[str, str]
) -> None:
    helper.environment |= {"GOVC_URL": vcenter.authority, "GOVC_USERNAME": USER, "GOVC_PASSWORD": PASSWORD}
    helper.environment["SSL_CERT_FILE"] = vcenter.ca_file
    below = {SOAP: str(tmp_path / "g" / "sessions"), REST: str(tmp_path / "g" / "rest_sessions")}
    for given, home in ((directories, None), (below, str(tmp_path / "g"))):
        helper.environment |= given
        exported = json.loads(helper.run("--format", "json", "export").stdout)
        assert {name: exported[name] for name in given} == given
        assert exported.get("GOVMOMI_HOME") == home


def test_a_directory_that_users_share_is_left_as_it_is(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path
) -> None:
    """Such as /tmp, for root: a mode of 0700 would take it from all others."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    reply = helper.call("get", request(vcenter, password=PASSWORD), **{SOAP: str(shared)})
    assert reply.kind == "storage"
    assert "users share" in reply.stderr
    assert os.stat(shared).st_mode & 0o7777 == 0o1777
    assert vcenter.session_count == 0
