"""One bare value: for password commands, and for callers that take a program's whole output as the value."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import peers
from interop.desk import Desk

PROGRAM = "vsphere-session"
COMMAND = f"{PROGRAM} get --field rest_session_id"


@pytest.mark.parametrize("kind", ["rest", "soap"])
def test_nothing_but_the_value_and_a_newline(desk: Desk, kind: str) -> None:
    """On stdout; and nothing on stderr. A second call gives the same value without a login."""
    request = json.dumps({"api": kind}).encode()
    for _ in range(2):
        done = desk.run(PROGRAM, "get", "--field", f"{kind}_session_id", stdin=request)
        (session,) = desk.vcenter.sessions
        assert (done.status, done.stdout, done.stderr) == (0, f"{session.id}\n".encode(), "")


@pytest.mark.parametrize("stdin", [b"", b"null", b"{}"])
def test_the_request_may_be_empty(desk: Desk, stdin: bytes) -> None:
    """Password commands send nothing on stdin; the endpoint comes from the configuration."""
    done = desk.run(PROGRAM, "--field=username", "get", stdin=stdin)
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.count(b"\n") == 1
    assert desk.vcenter.session_count == 2, "one session of each kind"


def test_a_file_can_be_the_value(desk: Desk) -> None:
    """Any field of the answer will do."""
    done = desk.run(PROGRAM, "get", "--field", "rest_session_file", stdin=b'{"output": "files"}')
    assert done.stdout.decode().removesuffix("\n") in {str(path) for path in desk.home.glob(".govmomi/rest_sessions/*")}
    assert desk.vcenter.session_count == 2


@pytest.mark.parametrize(
    ("stdin", "status"),
    [
        (b"{", 2),
        (b'{"pasword": "x"}', 2),
        (b'{"url": "127.0.0.1:1", "username": "me", "password": "x"}', 5),
        (b'{"url": "\\u0000"}', 2),
    ],
)
def test_an_error_leaves_stdout_empty(desk: Desk, stdin: bytes, status: int) -> None:
    """Whoever takes all of stdout for the value must not get an error for one; it is one line on stderr."""
    done = desk.run(PROGRAM, "get", "--field", "rest_session_id", stdin=stdin)
    assert (done.status, done.stdout, done.stderr.count("\n")) == (status, b"", 1)
    assert desk.vcenter.session_count == 0


def test_a_field_that_the_answer_does_not_have_is_not_found(desk: Desk) -> None:
    """The line on stderr names those that there are."""
    done = desk.run(PROGRAM, "get", "--field", "token", stdin=b"{}")
    assert (done.status, done.stdout) == (3, b"")
    assert '"token"' in done.stderr
    assert "rest_session_id" in done.stderr
    assert desk.vcenter.session_count == 2, "what was logged in for it is in the cache"


def test_a_field_that_the_answer_does_not_have_leaves_no_session_behind(desk: Desk) -> None:
    """With `passthrough` nobody would know the session that was made for it: it is ended."""
    done = desk.run(PROGRAM, "get", "--field", "token", stdin=b'{"passthrough": true}')
    assert (done.status, done.stdout) == (3, b"")
    assert desk.vcenter.session_count == 0


@pytest.mark.parametrize("arguments", [[], ["--protocol", "bazel", "get"]])
def test_a_field_is_of_one_native_answer(desk: Desk, arguments: list[str]) -> None:
    """A conversation has many, and other protocols have answers of their own: neither is begun with `--field`."""
    done = desk.run(PROGRAM, "--field", "username", *arguments, stdin=b'{"action": "get"}\n')
    assert (done.status, done.stdout, done.stderr.count("\n")) == (2, b"", 1)
    assert desk.vcenter.requests == []


# ---- password commands


def rest_session(desk: Desk) -> str:
    """The one that the server has."""
    (session,) = [session for session in desk.vcenter.sessions if session.kind == "rest"]
    return session.id


class Restic:
    """The real restic, whose password is what RESTIC_PASSWORD_COMMAND prints."""

    def __init__(self, desk: Desk, repository: Path) -> None:
        self.desk = desk
        self.environment = desk.environment | {
            "RESTIC_PASSWORD_COMMAND": COMMAND,
            "RESTIC_REPOSITORY": str(repository),
        }

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one of its commands, with nobody at a terminal to ask."""
        return subprocess.run(
            [peers.debian()["restic"], "--no-cache", *arguments],
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def test_restic_takes_the_session_for_its_password(desk: Desk, tmp_path: Path) -> None:
    """The same each time, without the newline; so it opens what it has made, and also with the bare session id.

    Where the command fails restic says so, shows the one line, and uses nothing as a password.
    """
    restic = Restic(desk, tmp_path / "repository")
    assert restic.run("init").returncode == 0
    assert json.loads(restic.run("cat", "config").stdout)["version"]
    by_hand = restic.run("cat", "config", RESTIC_PASSWORD_COMMAND=f"printf %s {rest_session(desk)}")
    assert by_hand.returncode == 0, by_hand.stderr
    assert len(desk.vcenter.logins) == 2, "one for each kind of session"
    failed = restic.run("cat", "config", GOVC_URL="a b")
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert failed.stderr.count("vsphere-session: ") == 1
    assert "Resolving password failed" in failed.stderr


def ansible_vault_secret(script: Path, environment: dict[str, str]) -> bytes:
    """What ansible does with an executable --vault-password-file, emulated: no arguments, stdin as it is, CR and LF stripped.

    Another status than 0, and an empty secret, are errors; so is one that cannot be run.
    """
    done = subprocess.run([script], stdin=subprocess.DEVNULL, capture_output=True, env=environment, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{script} returned non-zero ({done.returncode}): {done.stderr.decode()}")
    secret = done.stdout.strip(b"\r\n")
    if not secret:
        raise RuntimeError(f"invalid vault password was provided from script ({script})")
    return secret


def ansible_pipe_lookup(command: str, environment: dict[str, str]) -> str:
    """What ansible's lookup `pipe` does, emulated: a shell, an empty stdin, white space at the end stripped, 0 or an error."""
    done = subprocess.run(["/bin/sh", "-c", command], input=b"", stdout=subprocess.PIPE, env=environment, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"lookup_plugin.pipe({command}) returned {done.returncode}")
    return done.stdout.decode().rstrip()


def test_ansibles_two_ways_to_run_a_password_command(desk: Desk, tmp_path: Path) -> None:
    """Ansible itself does not run here, its rules do: the secret is the session id and nothing else, or an error."""
    script = tmp_path / "vault-password"
    script.write_text(f"#!/bin/sh\nexec {COMMAND}\n", encoding="utf-8")
    script.chmod(0o755)
    assert ansible_vault_secret(script, desk.environment).decode() == rest_session(desk)
    assert ansible_pipe_lookup(COMMAND, desk.environment) == rest_session(desk)
    with desk.vcenter.offline():
        nobody = desk.environment | {
            "GOVC_URL": desk.vcenter.authority,
            "GOVC_USERNAME": "nobody",
            "GOVC_PASSWORD": "x",
        }
        with pytest.raises(RuntimeError, match=r"returned non-zero \(5\): vsphere-session: the connection to"):
            ansible_vault_secret(script, nobody)
        with pytest.raises(RuntimeError, match="returned 5"):
            ansible_pipe_lookup(COMMAND, nobody)
