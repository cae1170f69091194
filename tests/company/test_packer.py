"""Packer's `external` data source, strictly emulated: `null` without a query, an object of strings for an answer."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence

import pytest

from simulated_vcenter import SimulatedVCenter
from support import PASSWORD, USER, Helper, request


class PackerError(Exception):
    """The text of Packer's error."""


def packer_external(
    program: Sequence[str], query: Mapping[str, str] | None, environment: Mapping[str, str]
) -> dict[str, str]:
    """What the data source does with a program: its result, or an error with what the program said."""
    done = subprocess.run(
        program, input=json.dumps(query).encode(), capture_output=True, env=dict(environment), check=False
    )
    if done.returncode != 0:
        raise PackerError(f"failed to execute {program[0]!r}: {done.stderr.decode()}")
    result = json.loads(done.stdout)
    if not isinstance(result, dict) or not all(isinstance(value, str) for value in result.values()):
        raise PackerError("command produced invalid JSON: expected an object with string values")
    return result


def surroundings(helper: Helper, vcenter: SimulatedVCenter, family: str) -> dict[str, str]:
    """The environment that supplies endpoint and login, in the words of one family."""
    names = {
        "GOVC": {"GOVC_URL": vcenter.url, "GOVC_USERNAME": USER, "GOVC_PASSWORD": PASSWORD},
        "VSPHERE": {"VSPHERE_SERVER": vcenter.authority, "VSPHERE_USER": USER, "VSPHERE_PASSWORD": PASSWORD},
        "VMWARE": {"VMWARE_HOST": vcenter.authority, "VMWARE_USER": USER, "VMWARE_PASSWORD": PASSWORD},
    }
    return {**helper.environment, **names[family], "GOVC_TLS_CA_CERTS": vcenter.ca_file}


@pytest.mark.parametrize("family", ["GOVC", "VSPHERE", "VMWARE"])
def test_without_a_query_the_environment_supplies_endpoint_and_login(
    helper: Helper, vcenter: SimulatedVCenter, family: str
) -> None:
    environment = surroundings(helper, vcenter, family)
    first = packer_external([*helper.program, "get"], None, environment)
    again = packer_external([*helper.program, "get"], None, environment)
    assert (first["source"], again["source"]) == ("login", "cache")
    assert again["soap_session_id"] == first["soap_session_id"]
    assert {first["soap_session_id"], first["rest_session_id"]} == {session.id for session in vcenter.sessions}
    assert vcenter.login_attempts == 2


def test_a_query_is_a_request(helper: Helper, vcenter: SimulatedVCenter) -> None:
    query = {name: str(value) for name, value in request(vcenter, api="soap", insecure="false").items()}
    environment = {**helper.environment, "GOVC_PASSWORD": PASSWORD}
    result = packer_external([*helper.program, "get"], query, environment)
    assert result["soap_session_id"] == vcenter.sessions[0].id
    assert "rest_session_id" not in result


def test_an_error_says_in_one_line_what_is_wrong_and_what_to_do(helper: Helper, vcenter: SimulatedVCenter) -> None:
    environment = surroundings(helper, vcenter, "GOVC") | {"GOVC_PASSWORD": "wrong"}
    with pytest.raises(PackerError, match=r"refused the login .* check user name and password") as failed:
        packer_external([*helper.program, "get"], None, environment)
    assert str(failed.value).count("\n") == 1
    assert "wrong" not in str(failed.value)


def test_without_an_endpoint_anywhere_the_error_names_the_variables(helper: Helper) -> None:
    with pytest.raises(PackerError, match="GOVC_URL, VSPHERE_SERVER or VMWARE_HOST"):
        packer_external([*helper.program, "get"], None, helper.environment)
    assert os.listdir(helper.home) == []
