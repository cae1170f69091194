"""The real git: fill, approve and reject for hosts that are vSphere and that are not, and a clone over https."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import unquote

import pytest

from interop.desk import Desk
from interop.web import Page, Web
from support.pages import snippet
from support.program import PASSWORD, USER, Reply

HOST = "protocol=https\nhost=example.com\n"
LOGIN = "username=me\npassword=secret\n"
QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_ASKPASS": "", "SSH_ASKPASS": "", "LC_ALL": "C"}


class Git:
    """git with the program as its only credential helper, configured as on the page, and nobody to ask."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.config = desk.home / ".gitconfig"
        self.config.write_text(snippet("git", "any-host"), encoding="utf-8")

    def run(self, *arguments: str, stdin: str = "", **environment: str) -> Reply:
        """One git command, whatever comes of it."""
        return self.desk.run("git", *arguments, stdin=stdin.encode(), **{**QUIET, **environment})

    def fill(self, request: str, *options: str) -> dict[str, str]:
        """What git fills in; nothing is on stderr."""
        reply = self.run(*options, "credential", "fill", stdin=request)
        assert (reply.status, reply.stderr) == (0, ""), reply
        return dict(line.split("=", 1) for line in reply.stdout.decode().splitlines())

    def tell(self, verb: str, request: str, *options: str) -> None:
        """Approve or reject, in silence."""
        reply = self.run(*options, "credential", verb, stdin=request)
        assert (reply.status, reply.stdout, reply.stderr) == (0, b"", ""), reply

    def finds_nothing(self, request: str, *options: str) -> str:
        """Git goes on to ask its user, whom it may not ask; what was on stderr before that."""
        reply = self.run(*options, "credential", "fill", stdin=request)
        assert (reply.status, reply.stdout) == (128, b""), reply
        *before, last = reply.stderr.splitlines()
        assert "terminal prompts disabled" in last
        return "\n".join(before)


@pytest.fixture
def git(desk: Desk) -> Git:
    """Git at the desk."""
    return Git(desk)


def lines(fields: dict[str, str]) -> str:
    """What git writes for these attributes."""
    return "".join(f"{name}={value}\n" for name, value in fields.items())


# ---- a host that is no vSphere


def test_what_git_approves_it_fills_and_what_it_rejects_is_gone(git: Git) -> None:
    assert git.finds_nothing(HOST) == ""
    git.tell("approve", HOST + LOGIN)
    assert git.fill(HOST) == {"protocol": "https", "host": "example.com", "username": "me", "password": "secret"}
    git.tell("reject", HOST + "username=me\npassword=another\n")
    assert git.fill(HOST)["password"] == "secret"
    git.tell("reject", HOST + LOGIN)
    assert git.finds_nothing(HOST) == ""


def test_a_host_that_is_no_vsphere_costs_no_login_and_no_network(git: Git) -> None:
    git.tell("approve", HOST + LOGIN)
    git.fill(HOST)
    git.tell("reject", HOST + LOGIN)
    assert git.desk.vcenter.requests == []


def test_paths_are_told_apart_where_git_uses_them(git: Git) -> None:
    option = ("-c", "credential.useHttpPath=true")
    git.tell("approve", f"{HOST}path=a.git\n{LOGIN}", *option)
    assert git.fill(f"{HOST}path=a.git\n", *option)["password"] == "secret"
    assert git.finds_nothing(f"{HOST}path=b.git\n", *option) == ""


# ---- a host that is configured as vSphere


def test_fill_logs_in_once_approve_stores_nothing_reject_ends_the_session(git: Git) -> None:
    vcenter, home = git.desk.vcenter, git.desk.home
    request = f"protocol=https\nhost={vcenter.authority}\n"
    before = _stored(home)

    filled = git.fill(request)
    assert filled["username"] == USER
    assert [(session.kind, session.id) for session in vcenter.sessions] == [("rest", filled["password"])]

    git.tell("approve", lines(filled))
    assert _stored(home) == before
    assert git.fill(request) == filled
    assert vcenter.login_attempts == 1

    git.tell("reject", lines({**filled, "password": "another"}))
    assert vcenter.session_count == 1
    git.tell("reject", lines(filled))
    assert vcenter.session_count == 0
    assert _stored(home) == before

    assert git.fill(request)["password"] != filled["password"]
    assert vcenter.login_attempts == 2


def test_a_login_that_the_user_typed_is_kept_and_opens_sessions(git: Git) -> None:
    """Where none is stored git asks its user, and approves what the user typed; it may reject it later, too."""
    vcenter, home = git.desk.vcenter, git.desk.home
    request = f"protocol=https\nhost={vcenter.authority}\n"
    git.desk.helper.ok("erase", {"url": vcenter.authority, "username": USER, "scope": "password"})
    assert git.finds_nothing(request) == ""
    typed = f"{request}username={USER}\npassword={PASSWORD}\n"
    git.tell("approve", typed)
    filled = git.fill(request)
    assert [session.id for session in vcenter.sessions] == [filled["password"]]
    git.tell("reject", typed.replace(PASSWORD, "another"))
    assert PASSWORD.encode() in _stored(home)["secrets.json"]
    git.tell("reject", typed)
    assert PASSWORD.encode() not in _stored(home)["secrets.json"]
    git.tell("reject", lines(filled))
    assert vcenter.session_count == 0
    assert git.finds_nothing(request) == ""


def test_the_pages_configuration_is_for_the_one_host(git: Git) -> None:
    """And `git credential fill` gives the session to whoever asks it."""
    vcenter = git.desk.vcenter
    git.config.write_text(snippet("git", "config", {"vc.example.com": vcenter.authority}), encoding="utf-8")
    reply = git.desk.shell(snippet("git", "fill", {"vc.example.com": vcenter.authority}), **QUIET)
    (session,) = vcenter.sessions
    assert f"password={session.id}\n" in reply.stdout.decode()
    calls = git.desk.recorder("git-credential-vsphere")
    git.finds_nothing(HOST)
    assert calls.read_text() == ""


def test_below_sdk_the_password_is_the_soap_id(git: Git) -> None:
    """Where git tells the path."""
    option = ("-c", "credential.useHttpPath=true")
    vcenter = git.desk.vcenter
    filled = git.fill(f"protocol=https\nhost={vcenter.authority}\npath=sdk\n", *option)
    assert [(session.kind, session.id) for session in vcenter.sessions] == [("soap", filled["password"])]
    git.tell("reject", lines(filled), *option)
    assert vcenter.session_count == 0


def test_no_session_and_no_login_goes_to_the_same_host_without_tls(git: Git) -> None:
    vcenter = git.desk.vcenter
    assert git.finds_nothing(f"protocol=http\nhost={vcenter.authority}\n") == ""
    assert vcenter.requests == []


@pytest.mark.parametrize("request_form", ["protocol=https\nhost=evil.tld@{}\n", "url=https://evil.tld%40{}/\n"])
def test_a_host_with_an_at_sign_in_it_gets_no_session(git: Git, request_form: str) -> None:
    """It is not the user `evil.tld` at the host that is vSphere."""
    git.finds_nothing(request_form.format(git.desk.vcenter.authority))
    assert git.desk.vcenter.requests == []


def test_a_host_with_a_cr_gets_no_answer_also_where_git_lets_it_pass(git: Git) -> None:
    git.tell("approve", HOST + LOGIN)
    reply = git.run(
        "-c", "credential.protectProtocol=false", "credential", "fill", stdin="url=https://example.com%0d.tld/\n"
    )
    assert reply.status == 128
    assert b"secret" not in reply.stdout


def test_a_server_that_is_gone_is_told_once_and_git_goes_on_to_ask(git: Git) -> None:
    with git.desk.vcenter.offline():
        said = git.finds_nothing(f"protocol=https\nhost={git.desk.vcenter.authority}\n")
    assert f"{said}\n" == snippet("git", "error", {"vc.example.com": git.desk.vcenter.authority})


def _stored(home: Path) -> dict[str, bytes]:
    state = home / ".local" / "state" / "vsphere-session"
    return {p.name: p.read_bytes() for p in [state / "secrets.json", *state.glob("logins/*")]}


# ---- a clone over https


@pytest.fixture
def repository(git: Git) -> Path:
    """A bare repository with one commit, as files for a web server."""
    work, bare = git.desk.home / "work", git.desk.home / "bare.git"
    who = ("-c", "user.name=me", "-c", "user.email=me@example.com", "-c", "init.defaultBranch=main")
    steps = [
        ("init", "-q", str(work)),
        ("-C", str(work), *who, "commit", "-q", "--allow-empty", "-m", "the first"),
        ("clone", "-q", "--bare", str(work), str(bare)),
        ("-C", str(bare), "update-server-info"),
    ]
    for step in steps:
        reply = git.run(*who, *step)
        assert reply.status == 0, reply
    return bare


def _page(repository: Path, path: str, authorization: str) -> Page:
    """A file of the repository, for `me` with the password `secret`."""
    if authorization != "Basic " + base64.b64encode(b"me:secret").decode():
        return 401, {"WWW-Authenticate": 'Basic realm="here"'}, b""
    file = repository / unquote(path).removeprefix("/bare.git/")
    return (200, {}, file.read_bytes()) if file.is_file() else (404, {}, b"")


def _verbs(log: Path) -> list[str]:
    """What git asked; its options come before that."""
    return [line.split()[-1] for line in log.read_text().splitlines()]


def test_a_clone_over_https_uses_the_stored_login_and_confirms_it(git: Git, repository: Path) -> None:
    log = git.desk.recorder("git-credential-vsphere")
    with Web(lambda path, authorization: _page(repository, path, authorization)) as web:
        git.tell("approve", f"protocol=https\nhost={web.authority}\n{LOGIN}")
        target = git.desk.home / "clone"
        reply = git.run("clone", f"https://{web.authority}/bare.git", str(target), GIT_SSL_CAINFO=web.ca_file)
    assert reply.status == 0, reply
    assert git.run("-C", str(target), "log", "--format=%s").stdout == b"the first\n"
    assert _verbs(log) == ["store", "get", "store"]
    assert git.desk.vcenter.requests == []


def test_a_login_that_the_server_refuses_is_forgotten(git: Git, repository: Path) -> None:
    log = git.desk.recorder("git-credential-vsphere")
    with Web(lambda path, authorization: _page(repository, path, authorization)) as web:
        host = f"protocol=https\nhost={web.authority}\n"
        git.tell("approve", f"{host}username=me\npassword=outdated\n")
        target = git.desk.home / "clone"
        reply = git.run("clone", f"https://{web.authority}/bare.git", str(target), GIT_SSL_CAINFO=web.ca_file)
        assert reply.status == 128, reply
        assert "Authentication failed" in reply.stderr
        assert _verbs(log) == ["store", "get", "erase"]
        assert git.finds_nothing(host) == ""
