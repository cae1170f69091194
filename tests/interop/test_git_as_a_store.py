"""What git's suite does not ask of a helper that is an ordinary secret store: other states, odd secrets, broken requests."""

from __future__ import annotations

import json

import pytest

from interop.git_helper import GitHelper, home_of, login, url
from support.program import Helper

HOST = url("https://example.com")
AUTHTYPE = "capability[]=authtype"
BEARER = (AUTHTYPE, "authtype=Bearer")
GIT = url("https://git.example.com")


@pytest.fixture
def git(helper: Helper) -> GitHelper:
    """The program as git's helper, with nothing stored."""
    return GitHelper(helper)


# ---- what is kept and what is not


def test_state_of_other_helpers_is_ignored(git: GitHelper) -> None:
    """It neither comes back nor is kept."""
    state = ("capability[]=state", "state[]=other:1", "continue=1")
    git.store(*state, *HOST, *login("user", "pass"))
    assert git.get(*state, *HOST) == login("user", "pass")


def test_a_credential_distinct_from_input_is_not_erased(git: GitHelper) -> None:
    git.store(*BEARER, "credential=new", *GIT)
    git.erase(*BEARER, "credential=old", *GIT)
    assert git.get(AUTHTYPE, *GIT) == [*BEARER, "credential=new"]
    git.erase(*BEARER, "credential=new", *GIT)
    assert git.get(AUTHTYPE, *GIT) == []


@pytest.mark.parametrize("half", [("username=user",), ("password=pass",), ()])
def test_half_a_login_is_not_stored(git: GitHelper, half: tuple[str, ...]) -> None:
    git.store(*HOST, *half)
    assert git.get(*HOST) == []


def test_difficult_characters_come_back_as_they_were(git: GitHelper) -> None:
    """Including those at which other readers of lines break."""
    secret = " \t=&%\"'\\\v\f\x1c\x85\u2028\u2029é😀 "
    reply_lines = [f"username={secret}", f"password={secret}"]
    git.store(*HOST, *reply_lines)
    reply = git.run("get", stdin="".join(f"{line}\n" for line in HOST).encode())
    assert reply.stdout.decode().split("\n") == [*reply_lines, ""]


def test_the_passphrase_of_a_client_certificate_is_kept_by_its_path(git: GitHelper) -> None:
    request = ("protocol=cert", "host=", "path=/home/me/key.pem", "username=")
    assert git.get(*request) == []
    git.store(*request, "password=phrase")
    assert git.get(*request) == login("", "phrase")
    assert git.get("protocol=cert", "host=", "path=/home/me/other.pem", "username=") == []


# ---- what is broken

BROKEN = [
    b"protocol=https\nhost=example.com\r.evil.tld\n\n",
    b"protocol=https\nhost=example.com\0\n\n",
    b"protocol=https\nhost=example.com\npath=" + b"x" * 65_535 + b"\n\n",
    b"protocol=https\nhost=example.com",
    b"protocol=https\n",
    b"host=example.com\n\n",
    b"\n",
    b"",
]


@pytest.mark.parametrize("operation", ["get", "erase"])
@pytest.mark.parametrize("stdin", BROKEN, ids=["CR", "NUL", "long", "cut", "no host", "no protocol", "blank", "empty"])
def test_a_request_that_is_not_whole_prints_nothing_and_erases_nothing(
    git: GitHelper, stdin: bytes, operation: str
) -> None:
    git.store(*HOST, *login("user", "pass"))
    reply = git.run(operation, stdin=stdin)
    assert (reply.stdout, reply.status) == (b"", 2)
    assert reply.stderr.startswith("vsphere-session: ")
    assert reply.stderr.count("\n") == 1
    assert git.get(*HOST) == login("user", "pass")


def test_a_damaged_index_is_told_and_names_the_file(git: GitHelper) -> None:
    """Which of the hosts it was about cannot be known."""
    git.store(*HOST, *login("user", "pass"))
    (index,) = (home_of(git) / ".local" / "state" / "vsphere-session" / "logins").iterdir()
    index.write_bytes(b"{")
    reply = git.run("get", stdin=b"protocol=https\nhost=other.tld\n\n")
    assert (reply.stdout, reply.status) == (b"", 9)
    assert str(index) in reply.stderr


def test_a_damaged_secret_is_nothing_found_and_can_be_stored_anew(git: GitHelper) -> None:
    git.store(*HOST, *login("user", "pass"))
    path = home_of(git) / ".local" / "state" / "vsphere-session" / "secrets.json"
    for damaged in ("{", "[]", '{"password": 1}'):
        path.write_text(json.dumps({"git:https://example.com": {"user": damaged}}))
        assert git.get(*HOST) == []
    git.store(*HOST, *login("user", "new"))
    assert git.get(*HOST) == login("user", "new")


def test_an_unknown_operation_is_silent(git: GitHelper) -> None:
    reply = git.run("frobnicate", stdin=b"protocol=https\n")
    assert (reply.stdout, reply.stderr, reply.status) == (b"", "", 0)


def test_the_capabilities_are_told(git: GitHelper) -> None:
    reply = git.run("capability")
    assert (reply.stdout, reply.stderr, reply.status) == (b"version 0\ncapability authtype\n", "", 0)


@pytest.mark.parametrize("arguments", [("--frobnicate", "get"), ("--config", "/nowhere.toml", "get")])
def test_options_that_are_wrong_are_told_on_stderr_alone(git: GitHelper, arguments: tuple[str, ...]) -> None:
    """Git would read an error on stdout as an answer."""
    reply = git.run(*arguments, stdin=b"protocol=https\nhost=a\n\n")
    assert reply.stdout == b""
    assert reply.status != 0
    assert reply.stderr.startswith("vsphere-session: ")


def test_a_broken_configuration_is_told_on_stderr_alone(helper: Helper) -> None:
    reply = GitHelper(helper, settings="this is no TOML").run("get", stdin=b"protocol=https\nhost=a\n\n")
    assert reply.stdout == b""
    assert reply.status == 2
    assert reply.stderr.startswith("vsphere-session: ")
