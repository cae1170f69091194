"""The same mistake in every dialect: its own error, on its own stream with its own status, and the same line in the log."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass

import pytest

from credential_protocol.dialects import DIALECTS
from credential_protocol.messages import KINDS
from interop.desk import Desk
from support.program import PASSWORD, USER

LOG = "vsphere-session: "
INFO = '{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1"}'


@dataclass(frozen=True)
class Call:
    """Arguments, stdin, and variables to add; `tells` is False where the protocol wants a mistake to be ignored."""

    words: list[str]
    stdin: bytes = b""
    info: str = INFO
    tells: bool = True


def get(dialect: str, host: str) -> Call:
    """A request that is right."""
    calls = {
        "native": Call(["get"], json.dumps({"url": host, "api": "rest"}).encode()),
        "git": Call(["get"], f"protocol=https\nhost={host}\n\n".encode()),
        "docker": Call(["get"], f"{host}\n".encode()),
        "terraform-cli": Call(["get", host]),
        "bazel": Call(["get"], json.dumps({"uri": f"https://{host}/api"}).encode()),
        "kubernetes": Call([host]),
    }
    return calls[dialect]


def with_input(dialect: str, data: bytes) -> Call:
    """These bytes where the dialect has its input: stdin, which Terraform's CLI has for `store` alone, or the variable."""
    if dialect == "kubernetes":
        return Call([], info=os.fsdecode(data.replace(b"\0", b"\1")[:100_000]))  # no variable can have more
    words = {"docker": ["store"], "terraform-cli": ["store", "host.example.com"]}.get(dialect, ["get"])
    return Call(words, data)


def cut_off(dialect: str, host: str) -> Call:
    """The first half of a request that is right otherwise."""
    halves = {
        "native": b'{"url": "',
        "git": f"protocol=https\nhost={host}".encode(),
        "docker": b'{"ServerURL": "h", "Username": "u", "Secret": "s',
        "terraform-cli": b'{"token": "s',
        "bazel": b'{"uri": "https://',
        "kubernetes": INFO[:40].encode(),
    }
    return with_input(dialect, halves[dialect])


def no_utf8(dialect: str, _host: str) -> Call:
    return with_input(dialect, b"protocol=\xff\n" if dialect == "git" else b"\xff\xfe garbage")


def nul(dialect: str, _host: str) -> Call:
    return with_input(dialect, b"protocol=https\nhost=a\0b\n\n" if dialect == "git" else b'{"a": "\0"}')


def too_big(dialect: str, _host: str) -> Call:
    return with_input(dialect, b"x" * 1_100_000)


def nothing(dialect: str, _host: str) -> Call:
    """An empty request; natively that is the default endpoint, so one that only names what is not to be had."""
    return with_input(dialect, b'{"url": "https://"}' if dialect == "native" else b"")


def unknown_verb(dialect: str, host: str) -> Call:
    """Git wants to have those ignored; kubectl's program has none: what it is given is an endpoint."""
    call = get(dialect, host)
    words = [host, host] if dialect == "kubernetes" else ["frobnicate", *call.words[1:]]
    return Call(words, call.stdin, tells=dialect != "git")


def unknown_option(dialect: str, host: str) -> Call:
    """Docker's helpers have no options: there it is an unknown action."""
    call = get(dialect, host)
    words = ["--frobnicate"] if dialect == "docker" else ["--frobnicate", *call.words]
    return Call(words, call.stdin)


def no_configuration(dialect: str, host: str) -> Call:
    call = get(dialect, host)
    return Call([*(["--config", "/nowhere.toml"] if dialect != "docker" else []), *call.words], call.stdin)


MISTAKES = {
    # name: (the call, the error's kind, what the line says in every dialect)
    "not UTF-8": (no_utf8, "invalid-request", r"(a line of )?the request is not UTF-8"),
    "cut off": (cut_off, "invalid-request", r"the request is not JSON|the last line of the request has no end"),
    "a NUL": (nul, "invalid-request", r"the request is not JSON|a line of the request has a CR or NUL in it"),
    "too big": (too_big, "invalid-request", r"the request is longer than 1048576 bytes"),
    "empty": (nothing, "invalid-request", r"the .*(has no|names no|no host)|there is no \"token\"|no credentials server URL"),
    "unknown verb": (unknown_verb, "invalid-request", r"the verb \"frobnicate\" is not known|there is more than one argument|docker-.* unknown action: frobnicate$"),
    "unknown option": (unknown_option, "invalid-request", r"the option \"--frobnicate\" is not known|.* unknown action: --frobnicate$"),
}  # fmt: skip
OF_THE_VARIABLE = r"KUBERNETES_EXEC_INFO is not (JSON|set)"
EVERY = pytest.mark.parametrize("dialect", list(DIALECTS))


def check(desk: Desk, dialect: str, call: Call, kind: str, says: str, **environment: str) -> str:
    """Make the call; hold its status and both streams against the dialect's rules. Returns the line in the log."""
    row = DIALECTS[dialect]
    program = [row.program] if row.program else ["vsphere-session", "--protocol", dialect]
    if dialect == "kubernetes":
        environment["KUBERNETES_EXEC_INFO"] = call.info
    reply = desk.run(*program, *call.words, stdin=call.stdin, **environment)
    if not call.tells:
        assert (reply.status, reply.stdout, reply.stderr) == (0, b"", ""), reply
        return ""
    assert reply.stderr.startswith(LOG), reply
    assert reply.stderr.count("\n") == 1, reply
    line = reply.stderr.removesuffix("\n")
    text = line.removeprefix(LOG)
    assert re.match(says, text), reply
    own = {"native": _json(kind, text), "docker": f"{text}\n"}.get(dialect, "")
    assert reply.stdout.decode() == own, reply
    assert reply.status == (1 if dialect == "docker" else KINDS[kind]), reply
    return line


def _json(kind: str, text: str) -> str:
    return json.dumps({"error": kind, "message": text}) + "\n"


@EVERY
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_the_dialects_own_error_and_one_line_in_the_log(desk: Desk, dialect: str, mistake: str) -> None:
    """Nothing is asked of any server."""
    call, kind, says = MISTAKES[mistake]
    if dialect == "kubernetes" and call in (no_utf8, cut_off, nul, too_big, nothing):
        says = OF_THE_VARIABLE
    check(desk, dialect, call(dialect, desk.vcenter.authority), kind, says)
    assert desk.vcenter.requests == []


def test_what_goes_wrong_later_is_the_same_line_in_every_dialect(desk: Desk) -> None:
    """A server that does not answer, one that is not trusted, a login that is refused, a damaged configuration."""
    authority = desk.vcenter.authority
    with desk.vcenter.offline():
        lines = {check(desk, name, get(name, authority), "unreachable", "the connection to") for name in DIALECTS}
    assert len(lines) == 1
    right = desk.config.read_text(encoding="utf-8")
    for wrong, kind, says in (
        (right + f'thumbprint = "{"AA:" * 31}AA"\n', "untrusted", "the certificate of"),
        (right + "no TOML", "invalid-request", r"\S+ is not TOML"),
    ):
        desk.config.write_text(wrong, encoding="utf-8")
        lines = {check(desk, name, get(name, authority), kind, says) for name in DIALECTS}
        assert len(lines) == 1, lines
    desk.config.write_text(right, encoding="utf-8")
    assert desk.vcenter.login_attempts == 0


def test_a_refused_login_is_the_same_line_in_every_dialect(desk: Desk) -> None:
    """Without the password."""
    lines = set()
    for name in DIALECTS:
        # each time anew: a login that has just been refused is not sent again
        desk.helper.ok("store", {"url": desk.vcenter.authority, "username": USER, "password": f"{PASSWORD}wrong"})
        lines.add(check(desk, name, get(name, desk.vcenter.authority), "login-refused", ""))
    assert len(lines) == 1, lines
    assert PASSWORD not in lines.pop()


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if name != "docker"])
def test_a_configuration_that_is_not_there_is_the_dialects_own_error(desk: Desk, dialect: str) -> None:
    """Docker's helpers have no options, so nobody can name one."""
    check(desk, dialect, no_configuration(dialect, desk.vcenter.authority), "storage", "there is no configuration file")


@pytest.mark.parametrize(
    ("words", "program"),
    [
        (["--frobnicate", "--protocol", "bazel", "get"], "vsphere-session"),
        (["--timeout", "soon", "--protocol=kubernetes"], "vsphere-session"),
        (["--frobnicate", "--field", "rest_session_id", "get"], "vsphere-session"),
        (["--frobnicate", "exec", "--", "true"], "vsphere-session"),
        (["--frobnicate", "export"], "vsphere-session"),
        (["--frobnicate", "configure", "git"], "vsphere-session"),
    ],
)
def test_no_native_error_on_a_stdout_that_is_for_something_else(desk: Desk, words: list[str], program: str) -> None:
    """Also where the option that says so stands behind the one that is wrong."""
    reply = desk.run(program, *words)
    assert (reply.status, reply.stdout, reply.stderr.count("\n")) == (2, b"", 1)
    assert reply.stderr.startswith(LOG)
