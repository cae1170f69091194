"""EngFlow's credential-helper-spec, which Bazel speaks: a URI as the request, headers as the answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft202012Validator, ValidationError

from credential_protocol import Request, asking
from interop.desk import Desk
from support.program import PASSWORD, USER, Reply

PROGRAM = "vsphere-session"


def ask(desk: Desk, request: object, *arguments: str) -> Reply:
    return desk.run(PROGRAM, "--protocol", "bazel", *(arguments or ("get",)), stdin=json.dumps(request).encode())


def valid(name: str, document: object) -> None:
    """Hold a document against one of the two schemas; raises jsonschema's ValidationError."""
    schema = json.loads((Path(__file__).parent / f"bazel_{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(document)


def headers(desk: Desk, uri: str) -> dict[str, list[str]]:
    """The headers of an answer, which is checked against the schema of a response."""
    request = {"uri": uri}
    valid("request", request)
    done = ask(desk, request)
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.endswith(b"\n")
    answer = json.loads(done.stdout)
    valid("response", answer)
    # the pattern by which Bazel reads it has no fractions of a second
    assert datetime.strptime(answer["expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) > datetime.now(UTC)
    found: dict[str, list[str]] = answer["headers"]
    return found


# ---- the two schemas


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("request", {}),
        ("request", {"uri": 1}),
        ("request", ["uri"]),
        ("response", {"headers": {"a": "b"}}),
        ("response", {"headers": {"a": [1]}}),
        ("response", {"headers": {"a b": []}}),
        ("response", {"headers": {"a": ["b\r\nc: d"]}}),
        ("response", {"headers": [], "expires": "2027-01-15T08:00:00Z"}),
        ("response", {"expires": "2027-01-15T08:00:00.5Z"}),
        ("response", {"expires": 1800000000}),
        ("response", {"token": "t"}),
    ],
)
def test_the_schemas_refuse_what_the_specification_does_not_allow(name: str, document: object) -> None:
    """Or the tests below would say nothing."""
    with pytest.raises(ValidationError):
        valid(name, document)


@pytest.mark.parametrize("document", [{}, {"headers": {}}, {"headers": {"a": []}}])
def test_the_schemas_allow_the_answers_that_mean_no_credentials_are_needed(document: object) -> None:
    valid("response", document)


@pytest.mark.parametrize("place", ["api/vcenter/vm", "sdk", ""])
def test_what_our_own_caller_sends_and_gets_is_of_the_specification(desk: Desk, tmp_path: Path, place: str) -> None:
    """`asking`, the caller's half, with the program behind a script that keeps a copy of both."""
    sent, got = tmp_path / "request.json", tmp_path / "response.json"
    script = tmp_path / "bazel-vsphere-session"
    run = f'"{desk.bin / PROGRAM}" --protocol bazel "$@"'
    script.write_text(f'#!/bin/sh\ntee "{sent}" | {run} > "{got}" && cat "{got}"\n', encoding="utf-8")
    script.chmod(0o755)
    uri = f"https://{desk.vcenter.authority}/{place}"
    answer = asking.ask([str(script)], "bazel", Request("get", uri, {}), environ=desk.environment)
    assert json.loads(sent.read_bytes()) == {"uri": uri}
    valid("request", json.loads(sent.read_bytes()))
    valid("response", json.loads(got.read_bytes()))
    (session,) = desk.vcenter.sessions
    assert session.id in "".join(answer.fields.values())


# ---- answers


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


def test_without_a_command_there_is_the_usage_and_a_failure(desk: Desk) -> None:
    """As the specification asks."""
    done = desk.run(PROGRAM, "--protocol", "bazel", stdin=b"")
    assert (done.status, done.stdout, done.stderr) == (1, b"", "usage: vsphere-session --protocol bazel get\n")


@pytest.mark.parametrize("arguments", [("fetch",), ("setup-uri", "https://h/"), ("get", "more")])
def test_another_command_is_a_failure(desk: Desk, arguments: tuple[str, ...]) -> None:
    """`get` is the only command there is; the others are extensions that this program does not have."""
    done = desk.run(PROGRAM, "--protocol", "bazel", *arguments, stdin=b"")
    assert (done.status, done.stdout, done.stderr.count("\n")) == (2, b"", 1)


# ---- a session that has ended


class Tool:
    """What the specification asks of a tool, and what Bazel does with a remote service.

    It keeps an answer for each address until that expires; when the service says that it is not good (any more), all
    answers are dropped and the helper is run again.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.calls = 0
        self._kept: dict[str, dict[str, list[str]]] = {}

    def fetch(self, uri: str) -> str:
        """The session that lets the tool in. Raises PermissionError if the second answer is no good either."""
        for _ in range(2):
            if uri not in self._kept:
                self.calls += 1
                self._kept[uri] = headers(self.desk, uri)
            (session,) = self._kept[uri]["vmware-api-session-id"]
            if session in {one.id for one in self.desk.vcenter.sessions}:
                return session
            self._kept.clear()  # the answer was 401
        raise PermissionError(urlsplit(uri).path)


def test_a_401_makes_a_tool_run_it_again_and_that_is_a_session_that_lives(desk: Desk) -> None:
    """There is no other command by which a tool could say that a session has ended: so each `get` asks the server."""
    tool = Tool(desk)
    uris = [f"https://{desk.vcenter.authority}/api/{name}" for name in ("a", "b")]
    (old,) = {tool.fetch(uri) for uri in uris}
    assert (tool.fetch(uris[0]), tool.calls) == (old, 2)
    desk.vcenter.end_all()
    (new,) = {tool.fetch(uri) for uri in uris}
    assert new != old
    assert tool.calls == 4
    assert len(desk.vcenter.logins) == 2


def test_a_user_ends_a_session_by_the_native_erase(desk: Desk) -> None:
    """The protocol has no `erase`. The next build that asks gets another session."""
    uri = f"https://{desk.vcenter.authority}/api"
    old = headers(desk, uri)
    request = {"url": desk.vcenter.authority, "username": USER, "scope": "session"}
    assert desk.helper.ok("erase", request) == {"erased": "rest"}
    assert desk.vcenter.session_count == 0
    assert headers(desk, uri) != old
    assert desk.vcenter.session_count == 1


# ---- failures


def test_an_unreachable_vcenter_is_an_error(desk: Desk) -> None:
    """Nothing on stdout, so that nobody takes it for an answer; why is on stderr."""
    with desk.vcenter.offline():
        done = ask(desk, {"uri": f"https://{desk.vcenter.authority}/api"})
    assert (done.status, done.stdout) == (5, b"")
    assert PASSWORD not in done.stderr
