"""The pages of scripts, Python, Bazel and the native protocol: what they tell their readers to write, run as it stands."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from interop.desk import Desk, caller
from support.pages import snippet
from support.program import PASSWORD, USER, Reply


@pytest.fixture
def host(desk: Desk) -> dict[str, str]:
    """The vCenter in the place of the pages' example."""
    return {"vc.example.com": desk.vcenter.authority}


def ids(desk: Desk, kind: str) -> set[str]:
    """The sessions of a kind that the server has."""
    return {session.id for session in desk.vcenter.sessions if session.kind == kind}


# ---- a shell


def test_curl_is_let_in(desk: Desk, host: dict[str, str]) -> None:
    """With the session in its arguments or on stdin; it is one session."""
    assert caller("curl")
    for text in (snippet("scripts", "field", host), snippet("scripts", "header", host)):
        done = desk.shell(text, CURL_CA_BUNDLE=str(desk.vcenter.ca_file))
        assert (done.status, done.stderr) == (0, ""), done
        assert json.loads(done.stdout)["user"].lower() == USER
    assert len(desk.vcenter.logins) == 2


def test_readmes_script_is_the_pages() -> None:
    assert snippet("README", "script") == snippet("scripts", "header")


def test_ansibles_pipe_gets_the_value_and_a_newline(desk: Desk) -> None:
    """The command within the lookup, run as ansible does: by a shell, with an empty stdin."""
    found = re.search(r"lookup\('ansible\.builtin\.pipe', '([^']*)'\)", snippet("scripts", "ansible"))
    assert found
    done = desk.shell(found[1])
    assert (done.status, done.stderr) == (0, "")
    assert {done.stdout.decode()} == {f"{one}\n" for one in ids(desk, "rest")}


def test_exec_runs_govc_with_the_session(desk: Desk) -> None:
    """The program finds the session in its environment and the cache; there is no password in it."""
    (desk.bin / "govc").write_text("#!/bin/sh\nenv\n", encoding="utf-8")
    (desk.bin / "govc").chmod(0o755)
    done = desk.shell(snippet("scripts", "exec"), GOVC_PASSWORD=PASSWORD)
    assert done.status == 0, done
    shown = done.stdout.decode()
    assert {f"VSPHERE_REST_SESSION_ID={one}" for one in ids(desk, "rest")} <= set(shown.splitlines())
    assert PASSWORD not in shown


def test_export_is_for_the_shell_that_evaluates_it(desk: Desk) -> None:
    done = desk.shell(f'{snippet("scripts", "export")}\necho "$VSPHERE_SOAP_SESSION_ID"')
    assert {done.stdout.decode()} == {f"{one}\n" for one in ids(desk, "soap")}


def test_an_error_leaves_nothing_but_its_line(desk: Desk, host: dict[str, str]) -> None:
    with desk.vcenter.offline():
        done = desk.run("vsphere-session", "get", "--field", "rest_session_id")
    assert (done.status, done.stdout, done.stderr) == (5, b"", snippet("scripts", "error", host))


# ---- the native protocol


def test_a_request_is_answered(desk: Desk) -> None:
    done = desk.shell(snippet("native", "get", desk.names))
    assert done.fields["source"] == "login"


def test_a_conversation_goes_on_after_an_error(desk: Desk, host: dict[str, str]) -> None:
    done = desk.shell(snippet("native", "conversation", host))
    replies = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert (done.status, done.stderr) == (0, "")
    assert [reply["id"] for reply in replies] == ["one", "two", "three"]
    assert [reply.get("source", reply.get("error")) for reply in replies] == ["login", "invalid-request", "cache"]


def test_an_error_is_json_on_stdout(desk: Desk, host: dict[str, str]) -> None:
    with desk.vcenter.offline():
        done = desk.run("vsphere-session", "get")
    assert done.stdout.decode() == snippet("native", "error", host)
    assert done.kind == "unreachable"
    assert done.status == 5


# ---- Python


def python(desk: Desk, code: str) -> Reply:
    """Run a program of a Python caller's, who has the caller's half."""
    half = str(Path(__file__).resolve().parents[2] / "protocol")
    environment = {**desk.environment, "PYTHONPATH": half}
    return Reply(
        subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, timeout=60, check=False)
    )


def test_a_python_program_calls_this_helper(desk: Desk, host: dict[str, str]) -> None:
    done = python(desk, snippet("python", "call", host))
    assert {done.stdout.decode()} == {f"{one}\n" for one in ids(desk, "rest")}
    with desk.vcenter.offline():
        desk.environment["GOVMOMI_HOME"] = str(desk.home / "elsewhere")  # where nothing is cached
        done = python(desk, snippet("python", "call", host))
    assert done.stdout.decode() == snippet("python", "error", host)


def test_a_python_program_calls_gits_own_store(desk: Desk) -> None:
    (desk.home / ".git-credentials").write_text("https://me:secret@example.com\n", encoding="utf-8")
    assert python(desk, snippet("python", "ask")).stdout == b"me\n"


# ---- Bazel


def test_bazel_calls_the_script_that_its_option_names(desk: Desk) -> None:
    """Bazel goes by the host's name and gives the helper a URI; it adds the headers of the answer to its requests."""
    script = desk.bin / "bazel-vsphere-session"
    script.write_text(snippet("bazel", "script"), encoding="utf-8")
    script.chmod(0o755)
    names = {"/usr/local/bin/bazel-vsphere-session": str(script), "vc.example.com": desk.vcenter.authority}
    option = snippet("bazel", "bazelrc", names).split()[1].removeprefix("--credential_helper=")
    place, _, path = option.partition("=")
    done = desk.run(path, "get", stdin=json.dumps({"uri": f"https://{place}/api"}).encode())
    assert (done.status, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    (session,) = ids(desk, "rest")
    example = snippet("bazel", "answer", {"…": session, "2027-01-15T08:00:00Z": answer["expires"]})
    assert done.stdout.decode() == example


def test_bazel_is_told_which_host_is_not_configured(desk: Desk) -> None:
    request = json.dumps({"uri": "https://other.example.com/api"}).encode()
    done = desk.run("vsphere-session", "--protocol", "bazel", "get", stdin=request)
    assert (done.status, done.stdout) == (10, b"")
    assert done.stderr == snippet("bazel", "error", {"/home/me": str(desk.home)})
