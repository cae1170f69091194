"""Real Packer, through the data sources of its `external` plugin: one login altogether, and readable errors.

The plugin is an emulation: see tests/peers/packer. The first of these tests to run builds Packer.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from peers import PackerTemplate
from simulated_vcenter import SimulatedVCenter
from support.pages import snippet
from support.program import PASSWORD, USER, Helper, request

pytestmark = pytest.mark.timeout(900)

BUILD = """
source "null" "nothing" {
  communicator = "none"
}

build {
  sources = ["source.null.nothing"]
  provisioner "shell-local" {
    environment_vars = ["ANSWER=${jsonencode(%s)}"]
    inline           = ["printenv ANSWER > answer"]
  }
}
"""
OBJECT = "data.external.vsphere.result"
WITHOUT_QUERY = 'data "external" "vsphere" {\n  program = ["vsphere-session", "get"]\n}\n'


def template(
    helper: Helper, data: str, environment: Mapping[str, str] | None = None, value: str = OBJECT
) -> PackerTemplate:
    """A template with this data source whose build writes the value into the file `answer`."""
    directory = helper.home.parent / "packer"
    (directory / "bin").mkdir(parents=True)
    (directory / "bin" / "vsphere-session").symlink_to(helper.program[0])
    path = os.pathsep.join([str(directory / "bin"), os.environ.get("PATH", os.defpath)])
    return PackerTemplate(
        directory, data + BUILD % value, {"HOME": str(helper.home), **(environment or {}), "PATH": path}
    )


def answer(packer: PackerTemplate) -> Any:
    """What a build, which has to succeed, was told."""
    packer.ok("build", "-color=false", ".")
    return json.loads((packer.directory / "answer").read_text(encoding="utf-8"))


def said(packer: PackerTemplate) -> str:
    """Packer's error as running text: the plugin quotes what the program said on stderr."""
    failed = packer.run("build", "-color=false", ".")
    assert failed.returncode == 1
    assert not (packer.directory / "answer").exists()
    return " ".join((failed.stdout + failed.stderr).split()).replace('\\"', '"')


def surroundings(vcenter: SimulatedVCenter, family: str, password: str = PASSWORD) -> dict[str, str]:
    """The environment that supplies endpoint and login, in the words of one family."""
    names = {
        "GOVC": {"GOVC_URL": vcenter.url, "GOVC_USERNAME": USER, "GOVC_PASSWORD": password},
        "VSPHERE": {"VSPHERE_SERVER": vcenter.authority, "VSPHERE_USER": USER, "VSPHERE_PASSWORD": password},
        "VMWARE": {"VMWARE_HOST": vcenter.authority, "VMWARE_USER": USER, "VMWARE_PASSWORD": password},
    }
    return {**names[family], "GOVC_TLS_CA_CERTS": vcenter.ca_file}


def names(vcenter: SimulatedVCenter) -> dict[str, str]:
    """What the pages' examples are here."""
    return {"vc.example.com": vcenter.authority, "packer@vsphere.local": USER}


def trust(vcenter: SimulatedVCenter) -> dict[str, str]:
    """What a query of the pages leaves to the environment."""
    return {"GOVC_TLS_CA_CERTS": vcenter.ca_file, "GOVC_PASSWORD": PASSWORD}


def ids(vcenter: SimulatedVCenter) -> set[str]:
    """The sessions on the server."""
    return {session.id for session in vcenter.sessions}


@pytest.mark.parametrize("family", ["GOVC", "VSPHERE", "VMWARE"])
def test_without_a_query_the_environment_supplies_endpoint_and_login(
    helper: Helper, vcenter: SimulatedVCenter, family: str
) -> None:
    packer = template(helper, WITHOUT_QUERY, surroundings(vcenter, family))
    first, again = answer(packer), answer(packer)
    assert (first["source"], again["source"]) == ("login", "cache")
    assert {again["soap_session_id"], again["rest_session_id"]} == ids(vcenter)
    assert again["soap_session_id"] == first["soap_session_id"]
    assert vcenter.login_attempts == 2


def test_without_a_query_the_request_is_null(helper: Helper, vcenter: SimulatedVCenter) -> None:
    noting = WITHOUT_QUERY.replace('["vsphere-session", "get"]', '["sh", "-c", "tee request | vsphere-session get"]')
    packer = template(helper, noting, surroundings(vcenter, "GOVC"))
    assert answer(packer)["soap_session_id"] in ids(vcenter)
    assert (packer.directory / "request").read_bytes() == b"null"


def test_a_query_is_a_request(helper: Helper, vcenter: SimulatedVCenter) -> None:
    """With every value as a string."""
    query = {name: str(value) for name, value in request(vcenter, api="soap", insecure="false").items()}
    data = WITHOUT_QUERY.replace("}\n", f"  query = {json.dumps(query)}\n}}\n")
    result = answer(template(helper, data, {"GOVC_PASSWORD": PASSWORD}))
    assert result["soap_session_id"] == vcenter.sessions[0].id
    assert "rest_session_id" not in result


def test_the_query_of_the_page_gives_files_and_no_session_id(helper: Helper, vcenter: SimulatedVCenter) -> None:
    """Nor is one in Packer's log, where the plugin writes each answer."""
    assert snippet("README", "packer") == snippet("packer", "external")
    packer = template(helper, snippet("packer", "external", names(vcenter)), trust(vcenter))
    packer.environment |= {"PACKER_LOG": "1", "PACKER_LOG_PATH": str(packer.directory / "log")}
    result = answer(packer)
    log = (packer.directory / "log").read_text(encoding="utf-8")
    assert not {"soap_session_id", "rest_session_id"} & result.keys()
    assert all(Path(result[f"{kind}_session_file"]).is_file() for kind in ("soap", "rest"))
    assert ids(vcenter) == helper.sessions_in_files
    assert result["soap_session_file"] in log
    assert not [id_ for id_ in ids(vcenter) if id_ in log]


def test_the_bare_value_of_the_page_is_the_session_and_a_newline(helper: Helper, vcenter: SimulatedVCenter) -> None:
    data = snippet("packer", "external-raw", names(vcenter))
    value = answer(template(helper, data, trust(vcenter), "data.external-raw.vsphere.result"))
    assert value.removesuffix("\n") in ids(vcenter)
    assert value.removesuffix("\n") == value.strip()
    assert value.endswith("\n")
    assert vcenter.login_attempts == len(vcenter.sessions)


def test_several_data_sources_and_builds_share_one_login(helper: Helper, vcenter: SimulatedVCenter) -> None:
    data = WITHOUT_QUERY + snippet("packer", "external-raw", names(vcenter))
    packer = template(helper, data, surroundings(vcenter, "GOVC"), "trimspace(data.external-raw.vsphere.result)")
    assert answer(packer) == answer(packer)
    assert vcenter.login_attempts == len(vcenter.sessions) == 2


def test_validate_makes_no_login_unless_told_to_ask_the_data_sources(helper: Helper, vcenter: SimulatedVCenter) -> None:
    packer = template(helper, WITHOUT_QUERY, surroundings(vcenter, "GOVC"), '"nothing of it"')
    packer.ok("validate", ".")
    packer.ok("inspect", ".")
    assert packer.ok("console", ".", stdin="1 + 1\n").strip() == "2"
    assert vcenter.requests == []
    packer.ok("validate", "-evaluate-datasources", ".")
    assert vcenter.login_attempts == len(vcenter.sessions) == 2


def test_an_error_says_in_one_line_what_is_wrong_and_what_to_do(helper: Helper, vcenter: SimulatedVCenter) -> None:
    shown = said(template(helper, WITHOUT_QUERY, surroundings(vcenter, "GOVC", "wr0ng")))
    found = re.search(r"external program run failed: exit status 4, stderr='\"vsphere-session: (.*)\\n\"'", shown)
    assert found, shown
    assert "refused the login" in found[1]
    assert "check user name and password" in found[1]
    assert "\\n" not in found[1]
    assert "wr0ng" not in shown
    assert vcenter.login_attempts == 1


def test_an_error_behind_the_bare_value_is_shown_as_well(helper: Helper, vcenter: SimulatedVCenter) -> None:
    data = snippet("packer", "external-raw", {**names(vcenter), "username": "usrname"})
    shown = said(template(helper, data, trust(vcenter), "data.external-raw.vsphere.result"))
    assert 'vsphere-session: the field "usrname" is not known; did you mean "username"?' in shown
    assert vcenter.requests == []


def test_without_an_endpoint_anywhere_the_error_is_that_of_the_page(helper: Helper) -> None:
    assert snippet("packer", "error").strip() in said(template(helper, WITHOUT_QUERY))
    assert os.listdir(helper.home) == []
