"""EngFlow's credential-helper-spec, which Bazel speaks: a URI as the request, headers as the answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from callers.desk import Desk
from support import PASSWORD, Reply

PROGRAM = "vsphere-session"


def ask(desk: Desk, request: object, *arguments: str) -> Reply:
    return desk.run(PROGRAM, "--protocol", "bazel", *(arguments or ("get",)), stdin=json.dumps(request).encode())


def headers(desk: Desk, uri: str) -> dict[str, list[str]]:
    """The headers of an answer, which is checked against the specification's schema of a response."""
    done = ask(desk, {"uri": uri})
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.endswith(b"\n")
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    assert set(answer) <= {"headers", "expires"}
    assert isinstance(answer["headers"], dict)
    for name, values in answer["headers"].items():
        assert name
        assert isinstance(values, list)
        assert all(isinstance(value, str) for value in values)
    if "expires" in answer:
        # Bazel reads yyyy-MM-dd'T'HH:mm:ssXXX: no fractions of a second
        assert datetime.strptime(answer["expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) > datetime.now(UTC)
    found: dict[str, list[str]] = answer["headers"]
    return found


def test_the_header_is_vspheres_own(desk: Desk) -> None:
    """For an address of the REST API: `vmware-api-session-id`, from one login for any number of calls."""
    answers = [headers(desk, f"https://{desk.vcenter.authority}/{path}") for path in ("api/vcenter/vm", "", "rest/com")]
    (session,) = desk.vcenter.sessions
    assert answers == [{"vmware-api-session-id": [session.id]}] * 3


def test_below_sdk_it_is_the_soap_sessions_cookie(desk: Desk) -> None:
    """In the quotes that vCenter itself puts around it."""
    answer = headers(desk, f"https://{desk.vcenter.authority}/sdk/vimService")
    (session,) = desk.vcenter.sessions
    assert session.kind == "soap"
    assert answer == {"Cookie": [f'vmware_soap_session="{session.id}"']}


def test_an_answer_says_when_it_expires(desk: Desk) -> None:
    """Without `expires` Bazel would keep it for half an hour, longer than vCenter keeps an idle session."""
    assert "expires" in json.loads(ask(desk, {"uri": f"https://{desk.vcenter.authority}/api"}).stdout)
    assert desk.vcenter.session_count == 1


def test_properties_that_are_not_known_are_ignored(desk: Desk) -> None:
    """Of whatever kind: later versions of the specification may add some."""
    request = {
        "uri": f"https://{desk.vcenter.authority}/api",
        "method": "GET",
        "labels": ["a", {"b": None}],
        "n": 1.5,
        "note": "two\nlines",
    }
    assert ask(desk, request).status == 0
    assert desk.vcenter.session_count == 1


@pytest.mark.parametrize(
    "uri",
    [
        "https://other.example.com/api",
        "http://{}/api",
        "grpc://{}/api",
        "https://{}.example.com/",
        "https://me:secret@other.example.com/",
    ],
)
def test_a_host_that_is_not_configured_is_an_error(desk: Desk, uri: str) -> None:
    """Not `{}`, which means that no credentials are needed; also for another scheme. No login, and no network."""
    done = ask(desk, {"uri": uri.format(desk.vcenter.authority)})
    assert (done.status, done.stdout, done.stderr.count("\n")) == (10, b"", 1)
    assert "secret" not in done.stderr
    assert desk.vcenter.requests == []


@pytest.mark.parametrize(
    "request_",
    [{}, None, {"uri": ""}, {"uri": ["https://h/"]}, {"uri": None}, {"uri": "https://h/\r\nx: y"}, [], "https://h/", 1],
)
def test_what_is_no_request_is_an_error(desk: Desk, request_: object) -> None:
    """The schema of a request is an object whose `uri` is a string."""
    done = ask(desk, request_)
    assert (done.status, done.stdout, done.stderr.count("\n")) == (2, b"", 1)
    assert desk.vcenter.requests == []


@pytest.mark.parametrize("arguments", [(), ("fetch",), ("setup-uri", "https://h/"), ("get", "more")])
def test_another_command_is_the_usage_and_a_failure(desk: Desk, arguments: tuple[str, ...]) -> None:
    """`get` is the only command there is; the others are extensions that this program does not have."""
    done = desk.run(PROGRAM, "--protocol", "bazel", *arguments, stdin=b"")
    assert (done.status != 0, done.stdout) == (True, b"")
    assert done.stderr.startswith("usage: ")


def test_an_unreachable_vcenter_is_an_error(desk: Desk) -> None:
    """Nothing on stdout, so that nobody takes it for an answer; why is on stderr."""
    with desk.vcenter.offline():
        done = ask(desk, {"uri": f"https://{desk.vcenter.authority}/api"})
    assert (done.status, done.stdout) == (5, b"")
    assert PASSWORD not in done.stderr
