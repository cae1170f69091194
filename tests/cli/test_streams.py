"""stdin, stdout and stderr: closed, full, endless, or a terminal; `-v`, `-vv`, `--version`, `--help`."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, Helper, Reply, request


def with_streams(helper: Helper, redirections: str, fields: dict[str, object], *arguments: str) -> Reply:
    """One call with the shell's redirections of its streams."""
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {redirections}', "sh", *helper.program, *arguments],
        input=json.dumps(fields).encode(),
        env=helper.environment,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return Reply(done)


# ---- stdout


@pytest.mark.parametrize("redirection", [">&-", ">/dev/full"], ids=["closed", "full"])
def test_stdout_that_cannot_be_written_is_a_storage_error(
    vcenter: SimulatedVCenter, helper: Helper, redirection: str
) -> None:
    reply = with_streams(helper, redirection, request(vcenter, password=PASSWORD), "get")
    assert reply.status == 9
    assert reply.stderr.startswith("vsphere-session: ")
    assert "stdout" in reply.stderr
    assert reply.stderr.count("\n") == 1


@pytest.mark.parametrize("redirection", [">&-", ">/dev/full"], ids=["closed", "full"])
def test_stdout_that_cannot_be_written_leaves_no_passthrough_session(
    vcenter: SimulatedVCenter, helper: Helper, redirection: str
) -> None:
    fields = request(vcenter, password=PASSWORD, passthrough=True)
    assert with_streams(helper, redirection, fields, "get").status == 9
    assert vcenter.session_count == 0


@pytest.mark.parametrize("passthrough", [True, False])
def test_stdout_whose_reader_has_gone_ends_the_call_quietly(
    vcenter: SimulatedVCenter, helper: Helper, passthrough: bool
) -> None:
    """A passthrough session is ended: nobody will ever know it. A cached one stays in its file."""
    with helper.start("get") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.write(json.dumps(request(vcenter, password=PASSWORD, passthrough=passthrough)).encode())
        process.stdin.close()
        assert process.wait(20) == 141
        assert process.stderr.read() == b""
    assert len(vcenter.logins) == 2
    assert vcenter.session_count == (0 if passthrough else 2)


def test_nothing_is_on_stdout_before_the_whole_answer_is_ready(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """An error after a first login writes the error alone."""
    reply = helper.call("get", request(vcenter, password=PASSWORD, api="both", ca_file="/does/not/exist"))
    assert reply.stdout.count(b"\n") == 1
    assert set(reply.fields) == {"error", "message"}


# ---- stderr


def test_stderr_may_be_closed(vcenter: SimulatedVCenter, helper: Helper) -> None:
    reply = with_streams(helper, "2>&-", request(vcenter, password=PASSWORD), "get", "-vv")
    assert (reply.status, reply.fields["source"]) == (0, "login")
    reply = with_streams(helper, "2>&-", {"url": "vc", "nonsense": 1}, "get")
    assert (reply.status, reply.fields["error"]) == (2, "invalid-request")


# ---- stdin


def test_stdin_may_be_closed_and_then_says_nothing(vcenter: SimulatedVCenter, helper: Helper) -> None:
    reply = with_streams(helper, "<&-", {}, "get")
    assert (reply.kind, reply.status) == ("invalid-request", 2)
    helper.environment |= {
        "GOVC_URL": f"administrator%40vsphere.local:VMware1!@{vcenter.authority}",
        "GOVC_INSECURE": "1",
    }
    assert with_streams(helper, "<&-", {}, "get").fields["source"] == "login"


def test_stdin_closed_without_a_verb_is_an_empty_conversation(helper: Helper) -> None:
    reply = with_streams(helper, "<&-", {})
    assert (reply.status, reply.stdout, reply.stderr) == (0, b"", "")


def test_stdin_that_cannot_be_read_is_an_invalid_request(helper: Helper) -> None:
    assert with_streams(helper, "0>/dev/null", {}, "get").kind == "invalid-request"


@pytest.mark.parametrize("verb", ["get", "store", "erase"])
def test_stdin_that_never_ends_is_bounded_by_the_timeout(vcenter: SimulatedVCenter, helper: Helper, verb: str) -> None:
    with helper.start("--timeout", "0.5", verb) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(request(vcenter, password=PASSWORD)).encode())
        process.stdin.flush()  # a whole object, but stdin stays open
        assert process.wait(30) == 2
        assert process.stdout is not None
        assert json.loads(process.stdout.read())["error"] == "invalid-request"
    assert vcenter.requests == []


def test_stdin_without_end_is_read_only_to_the_limit(helper: Helper) -> None:
    assert with_streams(helper, "</dev/zero", {}, "get").kind == "invalid-request"


@pytest.mark.parametrize("verb", ["get", "store", "erase"])
def test_stdin_that_is_a_terminal_is_answered_with_a_hint(helper: Helper, verb: str) -> None:
    reply = on_a_terminal(helper, verb)
    assert (reply.kind, reply.status) == ("invalid-request", 2)
    assert "terminal" in reply.stderr
    assert "| vsphere-session" in reply.stderr


def test_stdin_that_is_a_terminal_without_a_verb_is_answered_with_the_usage(helper: Helper) -> None:
    reply = on_a_terminal(helper)
    assert (reply.status, reply.stderr) == (0, "")
    assert reply.stdout.startswith(b"usage: vsphere-session")


def on_a_terminal(helper: Helper, *arguments: str) -> Reply:
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [*helper.program, *arguments],
            stdin=theirs,
            capture_output=True,
            env=helper.environment,
            check=False,
            timeout=60,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    return Reply(done)


def test_nothing_is_ever_asked_on_a_terminal(vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path) -> None:
    """Without a password the answer is an error, although there is a terminal on which one could ask."""
    (tmp_path / "request").write_text(json.dumps(request(vcenter)))
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            # the first terminal that a new session opens is its controlling one
            ["/bin/sh", "-c", ': <>"$1"; exec "$3" get <"$2"', "sh", os.ttyname(theirs), str(tmp_path / "request"),
             *helper.program],
            stdin=subprocess.DEVNULL, capture_output=True, env=helper.environment, check=False, timeout=60,
            start_new_session=True,
        )  # fmt: skip
        os.set_blocking(ours, False)
        with pytest.raises(BlockingIOError):
            os.read(ours, 1)
    finally:
        os.close(ours)
        os.close(theirs)
    assert Reply(done).kind == "not-found"


# ---- -v, -vv


@pytest.mark.parametrize("option", ["-v", "-vv"])
def test_v_says_on_stderr_what_happens_and_never_a_secret(
    vcenter: SimulatedVCenter, helper: Helper, option: str
) -> None:
    first = helper.call("get", request(vcenter, password=PASSWORD), option)
    assert first.fields["source"] == "login"
    assert all(line.startswith("vsphere-session: ") for line in first.stderr.splitlines())
    assert vcenter.authority in first.stderr
    said = first.stderr + helper.call("get", request(vcenter, verify="always"), option).stderr
    said += helper.call("get", request(vcenter, password=PASSWORD, reauth=True), option).stderr
    said += helper.call("erase", request(vcenter), option).stderr
    assert PASSWORD not in said
    assert not any(session.id in said for session in vcenter.logins)


def test_v_changes_nothing_on_stdout(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    assert helper.call("get", request(vcenter), "-vv").stdout == helper.call("get", request(vcenter)).stdout


# ---- --version, --help


def test_version_says_what_this_is_and_reads_nothing(helper: Helper) -> None:
    reply = with_streams(helper, "", {}, "--version")
    assert (reply.status, reply.stderr) == (0, "")
    assert reply.stdout.startswith(b"vsphere-session ")
    assert reply.stdout.count(b"\n") == 1
    assert b"Python" in reply.stdout


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_names_verbs_and_options(helper: Helper, option: str) -> None:
    reply = with_streams(helper, "", {}, option)
    assert (reply.status, reply.stderr) == (0, "")
    for word in ("get", "store", "erase", "--timeout", "--secret-store", "--config", "-v", "--version"):
        assert word in reply.stdout.decode()


def test_version_and_help_need_no_home_and_no_configuration(helper: Helper) -> None:
    for option in ("--version", "--help"):
        reply = helper.run(option, HOME="", VSPHERE_SESSION_CONFIG="/does/not/exist")
        assert (reply.status, reply.stderr) == (0, "")


def test_field_without_get_is_an_invalid_request(helper: Helper) -> None:
    for arguments in (["--field", "url"], ["--field", "url", "store"]):
        reply = helper.run(*arguments)
        assert (reply.status, reply.stdout) == (2, b"")
        assert reply.stderr.startswith("vsphere-session: --field goes with ")


def test_streams_that_the_caller_has_made_non_blocking_are_waited_for(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    stdin, to_stdin = os.pipe()
    from_stdout, stdout = os.pipe()
    os.set_blocking(stdin, False)
    os.set_blocking(stdout, False)
    with subprocess.Popen(
        [*helper.program, "get"], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, env=helper.environment
    ) as process:
        os.close(stdin)
        os.close(stdout)
        os.write(to_stdin, json.dumps(request(vcenter, password=PASSWORD)).encode())
        os.close(to_stdin)
        with open(from_stdout, "rb") as file:
            answer = json.loads(file.read())
        assert process.wait() == 0
    assert answer["source"] == "login"


@pytest.mark.parametrize(
    "words",
    [
        ["store", "--url", "vc"],
        ["--url", "vc"],
        ["get", "--username", "u"],
        ["get", "--", "x"],
        ["get", "--host", "vc"],
        ["get", "--dry-run"],
    ],
)
def test_options_of_other_commands_are_not_silently_ignored(helper: Helper, words: list[str]) -> None:
    reply = helper.run(*words)
    assert reply.kind == "invalid-request"
    assert reply.stderr.startswith("vsphere-session: --url, --username and -- go with exec and export")
