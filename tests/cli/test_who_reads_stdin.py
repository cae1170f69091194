"""stdin is for `get`, `store` and `erase` without `--url`, the conversation, and dialects that have a request: nobody else's.

Each call is made three times, since the single file answers the second one in another way.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from hostile.surroundings import within
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, request, settle

URL = ("--url", "{authority}", "--username", USER)
EXEC_INFO = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}'
WITHOUT_STDIN = {
    "get --url": ("get", *URL),
    "get, options first": (*URL, "--timeout=20", "get"),
    "get, one field": ("--field", "url", *URL, "get"),
    "get, not remembered": ("get", *URL, "--no-remember"),
    "exec of a get": ("exec", "--", "true", "get"),
    "exec with options": ("exec", *URL, "--", "sh", "-c", "true get", "get"),
    "export": ("export",),
    "export, get as a value": ("export", "--format", "json", "--secret-store", "file"),
    "kubernetes": ("--protocol", "kubernetes", "https://{authority}"),
    "kubernetes, with a word more": ("--protocol", "kubernetes", "https://{authority}", "get"),
    "terraform-cli": ("--protocol", "terraform-cli", "get", "{authority}"),
    "help": ("--help", "get"),
    "version": ("--version", "get"),
}


@pytest.fixture
def cached(vcenter: SimulatedVCenter, helper: Helper) -> Helper:
    """Both sessions are in the cache, and the environment names their endpoint."""
    helper.ok("get", request(vcenter, password=PASSWORD))
    helper.environment |= {"GOVC_URL": f"https://{vcenter.authority}/sdk", "GOVC_TLS_CA_CERTS": str(vcenter.ca_file)}
    helper.environment |= {"GOVC_USERNAME": USER, "KUBERNETES_EXEC_INFO": EXEC_INFO}
    settle(helper)
    return helper


def read_of_stdin(helper: Helper, file: Path, *arguments: str) -> tuple[int, subprocess.CompletedProcess[bytes]]:
    """How many bytes of a file on stdin are gone after a call, and the call."""
    with file.open("rb") as stdin:
        done = subprocess.run(
            [*helper.program, *arguments], stdin=stdin, capture_output=True, env=helper.environment, check=False
        )
        return os.lseek(stdin.fileno(), 0, os.SEEK_CUR), done


@pytest.mark.parametrize("name", WITHOUT_STDIN)
def test_a_call_without_a_request_on_stdin_leaves_it_alone(
    vcenter: SimulatedVCenter, cached: Helper, tmp_path: Path, name: str
) -> None:
    """Not a byte of it is read, whoever else would have it."""
    file = tmp_path / "of somebody else"
    file.write_bytes(b'{"url": "elsewhere.example.com"}\n')
    arguments = [word.format(authority=vcenter.authority) for word in WITHOUT_STDIN[name]]
    for _ in range(3):
        gone, done = read_of_stdin(cached, file, *arguments)
        assert (gone, done.returncode, done.stderr) == (0, 0, b"")


def test_a_call_that_is_wrong_leaves_stdin_alone_too(cached: Helper, tmp_path: Path) -> None:
    """Such as one with a word too many, whose last one is `get`."""
    file = tmp_path / "of somebody else"
    file.write_bytes(b"{}")
    for arguments in (("exec", "get"), ("stor", "get"), ("-x", "get"), ("--config", "get", "--", "get")):
        for _ in range(3):
            gone, done = read_of_stdin(cached, file, *arguments)
            assert gone == 0
            assert done.returncode != 0


def test_get_and_erase_by_url_mean_what_the_same_request_means(vcenter: SimulatedVCenter, cached: Helper) -> None:
    """And have no password: that is never an option."""
    by_stdin = cached.ok("get", request(vcenter))
    words = ("--url", vcenter.authority, "--username", USER)
    assert [cached.run("get", *words).fields for _ in range(3)] == [by_stdin] * 3
    assert cached.run("erase", *words).fields == {"erased": "soap,rest"}
    refused = cached.run("get", "--url", f"https://{USER}:{PASSWORD}@{vcenter.authority}")
    assert refused.kind == "invalid-request"
    assert PASSWORD not in refused.stderr


def test_execs_child_has_the_whole_stdin(cached: Helper) -> None:
    for _ in range(3):
        assert cached.run("exec", "--", "sh", "-c", "cat", "get", stdin=b"for the child").stdout == b"for the child"


def test_a_conversation_whose_last_word_is_get_is_still_one(
    vcenter: SimulatedVCenter, cached: Helper, tmp_path: Path
) -> None:
    """A configuration may have that name."""
    (tmp_path / "get").touch()
    helper = within(cached, f"os.chdir({str(tmp_path)!r})")
    line = json.dumps({"action": "get", **request(vcenter)}).encode() + b"\n"
    for _ in range(3):
        assert len(helper.run("--config", "get", stdin=line * 3).stdout.splitlines()) == 3


@pytest.mark.parametrize("call", ["--protocol kubernetes https://$line get", "get --url $line"])
def test_a_shells_loop_over_lines_goes_round_for_each(vcenter: SimulatedVCenter, cached: Helper, call: str) -> None:
    """The program in it reads none of them."""
    (program,) = cached.program
    script = f"while read -r line; do '{program}' {call} >/dev/null || exit; echo once; done"
    done = subprocess.run(
        ["sh", "-c", script],
        input=f"{vcenter.authority}\n".encode() * 3,
        capture_output=True,
        env=cached.environment,
        check=False,
    )
    assert (done.stdout, done.stderr) == (b"once\n" * 3, b"")


def test_a_get_that_finds_something_else_on_stdin_says_how_to_leave_that_alone(
    vcenter: SimulatedVCenter, cached: Helper
) -> None:
    """In a loop over lines, or in a script that comes on stdin."""
    for stdin in (f"{vcenter.authority}\n".encode(), b"echo next\necho and next\n"):
        reply = cached.run("get", stdin=stdin)
        assert reply.kind == "invalid-request"
        assert "</dev/null" in reply.stderr
        assert "--url" in reply.stderr


@pytest.mark.parametrize("dialect", ["native", "git", "docker", "bazel"])
def test_a_get_with_a_request_reads_all_of_it(
    vcenter: SimulatedVCenter, cached: Helper, tmp_path: Path, dialect: str
) -> None:
    """Each time, also where the answer is known: whoever writes must not be left with a closed pipe."""
    asked = {
        "native": json.dumps(request(vcenter)),
        "git": f"protocol=https\nhost={vcenter.authority}\n\n",
        "docker": f"https://{vcenter.authority}",
        "bazel": json.dumps({"uri": f"https://{vcenter.authority}/"}),
    }[dialect]
    file = tmp_path / "request"
    file.write_text(asked)
    for _ in range(3):
        gone, done = read_of_stdin(cached, file, "--protocol", dialect, "get")
        assert (gone, done.returncode, done.stderr) == (len(asked), 0, b"")


def test_a_request_that_trickles_is_over_when_the_call_is(helper: Helper) -> None:
    """One deadline for all, however often a byte comes."""
    reader, writer = os.pipe()
    command = [*helper.program, "--timeout", "0.5", "get"]
    with subprocess.Popen(command, stdin=reader, stderr=subprocess.PIPE, env=helper.environment) as process:
        os.close(reader)
        try:
            while process.poll() is None:
                os.write(writer, b" ")
        except BrokenPipeError:
            pass
        os.close(writer)
        assert process.wait() == 2
        assert process.stderr is not None
        assert b"did not end within 0.5 s" in process.stderr.read()
