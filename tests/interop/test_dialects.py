"""What holds for every dialect of the table; a new row is tested here as soon as it has a `Sample`."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from credential_protocol.dialects import DIALECTS, by_program, load
from interop.desk import Desk
from support.program import PASSWORD, USER, Reply

DIFFICULT = [
    " a b ",
    "\ttab",
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "pässwörd€漢字🔑",
    "\u2028\u0085x",
    "=",
    "x" * 20_000,
]
"""Secrets that some helper or other has lost: white space, punctuation, other scripts, a line end of Unicode, long ones."""


@dataclass(frozen=True)
class Sample:
    """How one dialect is called: for each verb the arguments and stdin, and how the secret is found in an answer."""

    arguments: Callable[[str, str], list[str]]
    stdin: Callable[[str, str, str], bytes]
    secret: Callable[[bytes], str]
    nothing: Callable[[Reply], bool]
    stores: bool = True
    environment: dict[str, str] = field(default_factory=dict)
    forget: str = "erase"
    cannot_carry: tuple[str, ...] = ()


def _git_stdin(verb: str, host: str, secret: str) -> bytes:
    login = f"username={USER}\npassword={secret}\n" if verb == "store" else ""
    return f"protocol=https\nhost={host}\n{login}\n".encode()


def _git_secret(out: bytes) -> str:
    return next(line for line in out.decode().split("\n") if line.startswith("password=")).removeprefix("password=")


def _docker_stdin(verb: str, host: str, secret: str) -> bytes:
    login = {"ServerURL": host, "Username": USER, "Secret": secret}
    return json.dumps(login).encode() if verb == "store" else f"{host}\n".encode()


def _native_stdin(verb: str, host: str, secret: str) -> bytes:
    login = {"username": USER, "password": secret} if verb == "store" else {}
    return json.dumps({"url": host, "api": "rest", **login}).encode()


def _of(*names: str | int) -> Callable[[bytes], str]:
    def secret(out: bytes) -> str:
        value = json.loads(out)
        for name in names:
            value = value[name]
        return str(value)

    return secret


INFO = {"KUBERNETES_EXEC_INFO": '{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1"}'}
SAMPLES = {
    "native": Sample(
        lambda verb, _host: [verb],
        _native_stdin,
        _of("rest_session_id"),
        lambda reply: reply.status == 3 and reply.fields["error"] == "not-found",
        stores=False,  # what it stores are logins and sessions; no other secret comes back
    ),
    "git": Sample(
        lambda verb, _host: [verb],
        _git_stdin,
        _git_secret,
        lambda reply: (reply.status, reply.stdout) == (0, b""),
    ),
    "docker": Sample(
        lambda verb, _host: [verb],
        _docker_stdin,
        _of("Secret"),
        lambda reply: (reply.status, reply.stdout) == (1, b"credentials not found in native keychain\n"),
    ),
    "terraform-cli": Sample(
        lambda verb, host: [verb, host],
        lambda verb, _host, secret: json.dumps({"token": secret}).encode() if verb == "store" else b"",
        _of("token"),
        lambda reply: (reply.status, reply.stdout) == (0, b"{}\n"),
        forget="forget",
        cannot_carry=("\ttab", "\u2028\u0085x"),  # a token is one line of visible text
    ),
    "bazel": Sample(
        lambda verb, _host: [verb],
        lambda _verb, host, _secret: json.dumps({"uri": f"https://{host}/api"}).encode(),
        _of("headers", "vmware-api-session-id", 0),
        lambda reply: (reply.status, reply.stdout) == (10, b""),
        stores=False,
    ),
    "kubernetes": Sample(
        lambda _verb, host: [host],
        lambda _verb, _host, _secret: b"",
        _of("status", "token"),
        lambda reply: (reply.status, reply.stdout) == (10, b""),
        stores=False,
        environment=INFO,
    ),
}
EVERY = pytest.mark.parametrize("dialect", list(DIALECTS))
STORING = pytest.mark.parametrize("dialect", [name for name in DIALECTS if SAMPLES[name].stores])


def command(dialect: str) -> list[str]:
    """The program under the dialect's own name, or with `--protocol`."""
    return [DIALECTS[dialect].program] if DIALECTS[dialect].program else ["vsphere-session", "--protocol", dialect]


def ask(desk: Desk, dialect: str, verb: str, host: str, secret: str = "") -> Reply:
    """One call of a verb in the dialect."""
    sample = SAMPLES[dialect]
    words = sample.arguments(sample.forget if verb == "erase" else verb, host)
    stdin = sample.stdin(verb, host, secret)
    return desk.run(*command(dialect), *words, stdin=stdin, **sample.environment)


def silent(reply: Reply) -> None:
    """Success in which nothing is said."""
    assert (reply.status, reply.stdout, reply.stderr) == (0, b"", "")


# ---- the table


@EVERY
def test_a_dialect_is_a_module_with_four_functions(dialect: str) -> None:
    """And has a sample of how it is called. The native protocol always reads stdin, so it has no say in that."""
    module = load(dialect)
    functions = ["parse", "render", "render_failure"] + ["wants_stdin"] * (dialect != "native")
    assert all(callable(getattr(module, name)) for name in functions)
    assert dialect in SAMPLES
    assert DIALECTS[dialect].caller


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        *((row.program, name) for name, row in DIALECTS.items() if row.program),
        ("/usr/local/bin/git-credential-vsphere", "git"),
        ("C:\\Tools\\docker-credential-vsphere.exe", "docker"),
        ("./terraform-credentials-vsphere", "terraform-cli"),
        ("git-credential-vsphere-old", "native"),
        ("/git-credential-vsphere/helper", "native"),
        ("", "native"),
    ],
)
def test_the_programs_name_says_the_dialect(path: str, dialect: str) -> None:
    """On any platform, in any directory; every other name is the native protocol."""
    assert by_program(path) == dialect


# ---- a host that is vSphere


@EVERY
def test_a_vcenters_session_is_handed_out(desk: Desk, dialect: str) -> None:
    """One login, the same session the second time, nothing on stderr."""
    for _ in range(2):
        reply = ask(desk, dialect, "get", desk.vcenter.authority)
        (session,) = desk.vcenter.sessions
        assert (reply.status, reply.stderr) == (0, "")
        assert SAMPLES[dialect].secret(reply.stdout) == session.id
    assert len(desk.vcenter.logins) == 1


@EVERY
def test_a_failure_leaves_no_answer(desk: Desk, dialect: str) -> None:
    """The server goes away in the middle of a login: nobody is handed half an answer, a session id or the password."""
    with desk.vcenter.offline():
        reply = ask(desk, dialect, "get", desk.vcenter.authority)
    with pytest.raises((KeyError, ValueError, StopIteration)):
        SAMPLES[dialect].secret(reply.stdout)
    assert PASSWORD not in reply.stdout.decode() + reply.stderr
    assert reply.status != 0
    assert desk.vcenter.session_count == 0


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if name != "native"])
def test_a_protocol_with_one_secret_carries_it_where_output_is_configured_as_files(desk: Desk, dialect: str) -> None:
    """`output = "files"` is for callers that record what they read; these ask for the secret itself."""
    desk.config.write_text('output = "files"\n' + desk.config.read_text(encoding="utf-8"), encoding="utf-8")
    reply = ask(desk, dialect, "get", desk.vcenter.authority)
    assert (reply.status, reply.stderr) == (0, "")
    assert any(session.id in reply.stdout.decode() for session in desk.vcenter.sessions)


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if name != "native"])
def test_no_session_outside_the_cache_goes_out_by_a_protocol_with_one_secret(desk: Desk, dialect: str) -> None:
    """Nobody would end it. The native protocol's caller gets what it needs for `erase`."""
    desk.environment["GOVC_PERSIST_SESSION"] = "false"
    reply = ask(desk, dialect, "get", desk.vcenter.authority)
    assert "passthrough" in reply.stderr + reply.stdout.decode()
    assert desk.vcenter.login_attempts == 0


@EVERY
def test_a_caller_that_has_gone_is_no_error_to_talk_about(desk: Desk, dialect: str) -> None:
    """The answer's pipe is broken: the session stays in the cache, stderr stays silent, and there is no traceback."""
    sample = SAMPLES[dialect]
    program, *options = command(dialect)
    host = desk.vcenter.authority
    process = desk.start(program, *options, *sample.arguments("get", host), **sample.environment)
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(sample.stdin("get", host, ""), timeout=60)
    assert (process.returncode, err) == (141, b"")
    assert desk.vcenter.session_count == 1


# ---- any other host


@EVERY
def test_nothing_is_found_for_a_host_that_nobody_configured(desk: Desk, dialect: str) -> None:
    """In the dialect's own words, without a login and without any network."""
    reply = ask(desk, dialect, "get", "nowhere.example.com")
    assert SAMPLES[dialect].nothing(reply), reply
    assert desk.vcenter.requests == []


@STORING
def test_a_secret_makes_the_round_trip(desk: Desk, dialect: str) -> None:
    """Stored, handed out, replaced, erased, and erased again."""
    host = "host.example.com:8443"
    for secret in ("first", "second"):
        silent(ask(desk, dialect, "store", host, secret))
        got = ask(desk, dialect, "get", host)
        assert (got.status, got.stderr, SAMPLES[dialect].secret(got.stdout)) == (0, "", secret)
    assert SAMPLES[dialect].nothing(ask(desk, dialect, "get", "host.example.com")), "another port is another place"
    for _ in range(2):
        silent(ask(desk, dialect, "erase", host))
        assert SAMPLES[dialect].nothing(ask(desk, dialect, "get", host))
    assert desk.vcenter.requests == []


@STORING
def test_what_one_caller_stores_no_other_reads(desk: Desk, dialect: str) -> None:
    """Git is not handed a registry's password, nor the other way round."""
    silent(ask(desk, dialect, "store", "host.example.com", "secret"))
    for other in DIALECTS:
        if other != dialect:
            assert SAMPLES[other].nothing(ask(desk, other, "get", "host.example.com")), other


@STORING
@pytest.mark.parametrize("secret", DIFFICULT, ids=ascii)
def test_difficult_characters_come_back_as_they_were(desk: Desk, dialect: str, secret: str) -> None:
    """Or the store says that it cannot keep them, in which case nothing is kept."""
    stored = ask(desk, dialect, "store", "host.example.com", secret)
    got = ask(desk, dialect, "get", "host.example.com")
    if secret in SAMPLES[dialect].cannot_carry:
        assert stored.status != 0
        assert SAMPLES[dialect].nothing(got)
    else:
        silent(stored)
        assert SAMPLES[dialect].secret(got.stdout) == secret


# ---- hostile bytes


HOSTILE = [
    b"\0",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"{" * 100_000,
    b"[" * 100_000,
    b'{"url": "\\ud800", "uri": "\\ud800", "ServerURL": "\\ud800"}',
    b"protocol=https\nhost=",
    b"protocol=https\nhost=h\rpath=x\n\n",
    b"x" * 1_100_000,
    b'{"uri": 1e999}',
    *(random.Random(seed).randbytes(200) for seed in range(4)),
]


@EVERY
@pytest.mark.parametrize("stdin", HOSTILE, ids=lambda stdin: ascii(stdin[:20]))
@pytest.mark.parametrize("verb", ["get", "store"])
def test_hostile_bytes_get_the_dialects_own_error(desk: Desk, dialect: str, verb: str, stdin: bytes) -> None:
    """No traceback, no bug, no network, and on stdout nothing but what the dialect writes for an error."""
    sample = SAMPLES[dialect]
    environment = dict(sample.environment)
    if environment:  # the request is not on stdin
        environment = dict.fromkeys(environment, os.fsdecode(stdin.replace(b"\0", b"?")[:100_000]))
    words = sample.arguments(verb, "host.example.com")
    reply = desk.run(*command(dialect), *words, stdin=stdin, **environment)
    assert reply.status != 70, reply
    assert "Traceback" not in reply.stderr
    assert "bug" not in reply.stderr + reply.stdout.decode()
    assert reply.stdout.count(b"\n") <= 1, reply
    assert reply.stderr.count("\n") <= 1, reply
    with pytest.raises((KeyError, ValueError, StopIteration)):
        sample.secret(reply.stdout)
    assert desk.vcenter.requests == []
