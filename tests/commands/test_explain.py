"""`vsphere-session explain`: what a request means, and that nothing is done."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, request


def explained(helper: Helper, *words: str, **environment: str) -> dict[str, Any]:
    reply = helper.run("explain", *words, "--json", stdin=b"", timeout=60.0, **environment)
    assert (reply.status, reply.stderr) == (0, ""), reply
    value: dict[str, Any] = json.loads(reply.stdout)
    return value


def does(helper: Helper, vcenter: SimulatedVCenter, *words: str, **environment: str) -> list[str]:
    """What would be done for each kind."""
    value = explained(helper, vcenter.authority, "--username", USER, *words, **environment)
    return [one["does"] for one in value["sessions"]]


def test_which_variable_wins_and_which_does_not_count(helper: Helper) -> None:
    value = explained(
        helper,
        GOVC_URL="vc.example.com",
        VSPHERE_SERVER="other.example.com",
        VSPHERE_USER="me",
        VSPHERE_PASSWORD=PASSWORD,
        GOVC_INSECURE="1",
    )
    found = {one["name"]: one for one in value["settings"]}
    assert value["endpoint"] == "https://vc.example.com/sdk"
    assert found["url"]["from"] == "GOVC_URL"
    assert [other["from"] for other in found["url"]["others"]] == ["VSPHERE_SERVER"]
    assert found["insecure"] == {"name": "insecure", "value": "true", "from": "GOVC_INSECURE", "others": []}
    assert found["username"]["others"] == [
        {"value": "me", "from": "VSPHERE_USER", "why_not": "it is for other.example.com, which VSPHERE_SERVER names"}
    ]
    assert PASSWORD not in json.dumps(value)


def test_what_would_be_asked_follows_what_happens(helper: Helper, vcenter: SimulatedVCenter) -> None:
    """Nothing known; a password; sessions just confirmed; sessions to ask about; a new login wanted."""
    assert does(helper, vcenter) == ["fail", "fail"]
    assert does(helper, vcenter, VSPHERE_USER=USER, VSPHERE_PASSWORD=PASSWORD) == ["log in", "log in"]
    helper.ok("get", request(vcenter, password=PASSWORD))
    assert does(helper, vcenter) == ["hand out", "hand out"]
    assert does(helper, vcenter, "--set", "verify=always") == ["ask", "ask"]
    assert does(helper, vcenter, "--set", "api=rest") == ["hand out"]
    assert does(helper, vcenter, "--set", "reauth=true") == ["fail", "fail"]
    assert vcenter.session_count == 2
    assert {session.call_count for session in vcenter.sessions} <= {0, 1}


def test_the_file_is_the_one_that_get_names(helper: Helper, vcenter: SimulatedVCenter) -> None:
    got = helper.ok("get", request(vcenter, password=PASSWORD))
    found = explained(helper, "get", vcenter.authority, "--username", USER)["sessions"]
    assert [one["file"] for one in found] == [got["soap_session_file"], got["rest_session_file"]]
    assert found[0]["key"] == f"https://{USER.replace('@', '%40')}@{vcenter.authority}/sdk#insecure=false"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "pasword=x"), "--set wants a field of get, as in password=VALUE"),
        (("--set", "password=hunter2"), "password is a secret"),
        (("--set", "token=hunter2"), "token is a secret"),
        (("--set", "api"), "--set wants a field of get"),
        (("vc.example.com", "--set", "api=nonsense"), "api is neither"),
        (("get", "vc.example.com", "another"), "a verb and a host"),
        (("u:hunter2@vc.example.com",), "a password does not belong on the command line"),
        ((), "names no endpoint"),
    ],
)
def test_what_cannot_be_explained(helper: Helper, words: tuple[str, ...], said: str) -> None:
    reply = helper.run("explain", *words)
    assert (reply.status, reply.stdout) == (2, b""), reply
    assert said in reply.stderr
    assert "hunter2" not in reply.stderr


def test_in_words(helper: Helper) -> None:
    """Only what somebody said is in the table; the defaults are in one line."""
    reply = helper.run("explain", "store", "vc.example.com", GOVC_INSECURE="1")
    lines = reply.stdout.decode().splitlines()
    assert lines[0] == "Endpoint: https://vc.example.com/sdk"
    assert [line.split()[0] for line in lines[4:6]] == ["url", "insecure"]
    assert lines[-1].startswith("By default: method password, api both")


def test_a_fleet_is_asked_before_the_server(helper: Helper, vcenter: SimulatedVCenter) -> None:
    """Which is told, and not done: there is no engine at that address."""
    fleet = {"VSPHERE_SESSION_FLEET": "rediss://ci@127.0.0.1:1/vs:ci", "VSPHERE_SESSION_FLEET_KEY_FILE": "/no/key"}
    assert does(helper, vcenter, **fleet) == ["ask the fleet", "ask the fleet"]
    helper.ok("get", request(vcenter, password=PASSWORD))
    assert does(helper, vcenter, **fleet) == ["hand out", "hand out"]
    assert does(helper, vcenter, "--set", "passthrough=true", **fleet) == ["fail", "fail"]
