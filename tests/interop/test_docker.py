"""docker's own protocol, with docker's CLI: login calls `store`, a manifest `get`, logout `erase`."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from interop.desk import Desk
from interop.registry import Registry
from support.pages import snippet
from support.program import PASSWORD, USER, Reply

PROGRAM = "docker-credential-vsphere"
NOT_FOUND = snippet("docker", "not-found").encode()


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry with one account."""
    with Registry({"someone": "s3cret"}) as server:
        yield server


class Docker:
    """docker's CLI with the page's configuration, in which this program helps for the registry."""

    def __init__(self, desk: Desk, registry: Registry) -> None:
        self.desk = desk
        self.registry = registry
        self.calls = desk.recorder(PROGRAM)
        self.config = desk.home / "docker"
        self.config.mkdir()
        text = snippet("docker", "config", {"registry.example.com": registry.authority})
        (self.config / "config.json").write_text(text, encoding="utf-8")

    def run(self, *arguments: str, stdin: bytes = b"") -> Reply:
        """Run docker."""
        trust = {"SSL_CERT_FILE": str(self.registry.ca_file)}
        return self.desk.run("docker", *arguments, stdin=stdin, DOCKER_CONFIG=str(self.config), **trust)

    def called(self) -> list[str]:
        """The verbs that docker has called since the last time."""
        verbs = self.calls.read_text(encoding="utf-8").split()
        self.calls.write_text("", encoding="utf-8")
        return verbs


def ask(desk: Desk, verb: str, server: str) -> Reply:
    return desk.run(PROGRAM, verb, stdin=f"{server}\n".encode())


def test_dockers_login_manifest_and_logout(desk: Desk, registry: Registry) -> None:
    """For a registry the helper is an ordinary secret store: what login keeps, a manifest uses and logout forgets."""
    docker = Docker(desk, registry)

    done = docker.run("login", "-u", "someone", "--password-stdin", registry.authority, stdin=b"s3cret")
    assert done.status == 0, done
    assert "store" in docker.called()
    assert json.loads(ask(desk, "get", registry.authority).stdout)["Secret"] == "s3cret"
    assert b"s3cret" not in (docker.config / "config.json").read_bytes()

    docker.called()
    registry.logins.clear()
    done = docker.run("manifest", "inspect", f"{registry.authority}/some/image:latest")
    assert done.status == 0, done
    assert "get" in docker.called()
    assert ("someone", "s3cret") in registry.logins

    done = docker.run("logout", registry.authority)
    assert done.status == 0, done
    assert "erase" in docker.called()
    assert ask(desk, "get", registry.authority).stdout == NOT_FOUND
    assert desk.vcenter.requests == [], "a registry is no vCenter"


def test_docker_says_that_there_is_no_login_where_none_is_stored(desk: Desk, registry: Registry) -> None:
    """The helper's "not found" is the one that docker knows: it goes on without a login, and the registry says no."""
    docker = Docker(desk, registry)
    done = docker.run("manifest", "inspect", f"{registry.authority}/some/image:latest")
    assert done.status != 0, done
    assert set(docker.called()) == {"get"}, "docker asked, and changed nothing"
    assert registry.logins == [], "docker went on without a login"
    assert "error getting credentials" not in done.stderr, done


def test_docker_logs_in_to_a_host_with_a_session_as_password(desk: Desk) -> None:
    """For a host that is a vCenter docker is given the REST session; its "store" of it stores nothing."""
    server = desk.vcenter.authority
    answer = json.loads(ask(desk, "get", server).stdout)
    (session,) = desk.vcenter.sessions
    assert answer == {"ServerURL": server, "Username": USER, "Secret": session.id}
    assert ask(desk, "get", server).stdout == json.dumps(answer, separators=(",", ":")).encode() + b"\n"

    stored = desk.run(PROGRAM, "store", stdin=json.dumps(answer).encode())
    assert (stored.status, stored.stdout, stored.stderr) == (0, b"", "")
    assert desk.vcenter.session_count == 1
    desk.vcenter.end_all()
    fresh = json.loads(ask(desk, "get", server).stdout)
    assert fresh["Secret"] != "", "the password in the secret store is still the user's"


def test_the_path_decides_which_session(desk: Desk) -> None:
    """Below `/sdk` it is the SOAP session's id, anywhere else the REST session's; the key comes back as it was sent."""
    kinds = {}
    for key in (f"https://{desk.vcenter.authority}/sdk", f"https://{desk.vcenter.authority}/v2/"):
        answer = json.loads(ask(desk, "get", key).stdout)
        assert answer["ServerURL"] == key
        kinds[answer["Secret"]] = key.rpartition(":")[2].partition("/")[2]
    known = {session.id: session.kind for session in desk.vcenter.sessions}
    assert {known[secret]: path for secret, path in kinds.items()} == {"soap": "sdk", "rest": "v2/"}
    assert desk.vcenter.session_count == 2


def test_erase_ends_the_session(desk: Desk) -> None:
    """`erase` of a vCenter ends the session that `get` handed out, on the server as well; a second time is no error."""
    server = desk.vcenter.authority
    assert ask(desk, "get", server).status == 0
    assert desk.vcenter.session_count == 1
    for _ in range(2):
        erased = ask(desk, "erase", server)
        assert (erased.status, erased.stdout, erased.stderr) == (0, b"", "")
        assert desk.vcenter.session_count == 0


def test_what_login_stores_for_a_vcenter_logs_in_and_logout_ends_it(desk: Desk) -> None:
    """A login for a vCenter that has no user in the configuration: `get` uses it, and `erase` without a user finds it."""
    server = desk.vcenter.authority
    desk.config.write_text(
        f'secret_store = "file"\n[endpoint."{server}"]\nca_file = "{desk.vcenter.ca_file}"\n', encoding="utf-8"
    )
    login = {"ServerURL": server, "Username": USER, "Secret": PASSWORD}
    assert desk.run(PROGRAM, "store", stdin=json.dumps(login).encode()).status == 0
    assert json.loads(ask(desk, "get", server).stdout)["Username"] == USER
    assert desk.vcenter.session_count == 1
    assert ask(desk, "erase", server).status == 0
    assert desk.vcenter.session_count == 0


@pytest.mark.parametrize(
    ("verb", "stdin", "text"),
    [
        ("get", b"nowhere.example.com", "credentials not found in native keychain"),
        ("get", b" \n", "no credentials server URL"),
        ("erase", b"", "no credentials server URL"),
        ("store", b"{}", "no credentials server URL"),
        ("store", b'{"ServerURL": "", "Username": "u", "Secret": "s"}', "no credentials server URL"),
        ("store", b'{"ServerURL": "a.example.com", "Secret": "s"}', "no credentials username"),
        ("rename", b"", f"{PROGRAM}: unknown action: rename"),
    ],
)
def test_errors_are_the_texts_that_clients_match(desk: Desk, verb: str, stdin: bytes, text: str) -> None:
    """On stdout, with status 1; what is a mistake is in the log, too, which clients pass through to the user."""
    done = desk.run(PROGRAM, verb, stdin=stdin)
    log = "" if "not found" in text else f"vsphere-session: {text}\n"
    assert (done.status, done.stdout, done.stderr) == (1, f"{text}\n".encode(), log)


def test_erase_of_what_is_not_there_is_no_error(desk: Desk) -> None:
    """Docker's CLI erases several spellings of a key at logout and warns of each that fails."""
    done = ask(desk, "erase", "nowhere.example.com")
    assert (done.status, done.stdout, done.stderr) == (0, b"", "")


@pytest.mark.parametrize(
    "secret", ["two\nlines", "tab\there", ' "quoted" \\ ', "pässword €", "\u2028", "x" * 60_000, ""]
)
def test_a_secret_is_any_text(desk: Desk, secret: str) -> None:
    """It is JSON that carries it, so it comes back as it was: line breaks, quotes, any script, an empty one."""
    login = {"ServerURL": "https://index.docker.io/v1/", "Username": "<token>", "Secret": secret}
    stored = desk.run(PROGRAM, "store", stdin=json.dumps(login).encode())
    assert (stored.status, stored.stdout, stored.stderr) == (0, b"", "")
    assert json.loads(ask(desk, "get", login["ServerURL"]).stdout) == login


def test_store_ignores_what_it_does_not_know(desk: Desk) -> None:
    """A client of a later version may send more."""
    login = {"ServerURL": "a.example.com", "Username": "u", "Secret": "s", "Labels": {"one": [1, None]}}
    assert desk.run(PROGRAM, "store", stdin=json.dumps(login).encode()).status == 0
    assert json.loads(ask(desk, "get", "a.example.com").stdout)["Secret"] == "s"


@pytest.mark.parametrize(
    "login",
    [
        '{"ServerURL": ["h"], "Username": "u", "Secret": "s"}',
        '{"ServerURL": "h", "Username": "u", "Secret": true}',
        '{"ServerURL": "h", "Username": "u\\nv", "Secret": "s"}',
        '{"ServerURL": "h", "Username": "u", "Secret": "\\ud800"}',
        "[]",
        '"x"',
    ],
)
def test_store_refuses_what_is_no_login(desk: Desk, login: str) -> None:
    """A list or `true` is never kept as text, and a server or user is one line."""
    done = desk.run(PROGRAM, "store", stdin=login.encode())
    assert done.status == 1
    assert done.stdout.count(b"\n") == 1
    assert desk.run(PROGRAM, "list").stdout == b"{}\n"


def test_list_shows_users_by_server(desk: Desk) -> None:
    """What was stored, without secrets; a server's new user takes the place of the old one."""
    for server, user in [("a.example.com", "old"), ("a.example.com", "new"), ("https://b.example.com/v1/", "u")]:
        login = {"ServerURL": server, "Username": user, "Secret": "s"}
        assert desk.run(PROGRAM, "store", stdin=json.dumps(login).encode()).status == 0
    listed = desk.run(PROGRAM, "list", stdin=b"unused")
    assert json.loads(listed.stdout) == {"a.example.com": "new", "https://b.example.com/v1/": "u"}


@pytest.mark.parametrize("verb", ["list", "version", "--version", "-v", "--help", "-h"])
def test_stdin_is_left_alone_where_there_is_no_request(desk: Desk, verb: str) -> None:
    """Some clients leave the pipe open there: the program answers all the same, and does not wait."""
    process = desk.start(PROGRAM, verb)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        out = process.stdout.read()  # stdin is open all this time
        assert process.wait(timeout=60) == 0
        assert out.endswith(b"\n")
        assert process.stderr.read() == b""
    finally:
        process.kill()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()


def test_version_is_a_name_a_package_and_a_number(desk: Desk) -> None:
    """As in docker's own helpers."""
    name, package, number = desk.run(PROGRAM, "version").stdout.decode().split()
    assert (name, package) == (PROGRAM, "(vsphere-session)")
    assert number[0].isdigit()


@pytest.mark.parametrize("arguments", [[], ["get", "more"]])
def test_one_argument_or_the_usage(desk: Desk, arguments: list[str]) -> None:
    """On stdout with status 1, as docker's own helpers do."""
    done = desk.run(PROGRAM, *arguments)
    assert (done.status, done.stdout.split(b":")[0]) == (1, b"Usage")


def test_an_unreachable_vcenter_is_an_error_and_not_a_missing_login(desk: Desk) -> None:
    """A client that reads "not found" would go on without a login; any other text it shows to its user."""
    with desk.vcenter.offline():
        done = ask(desk, "get", desk.vcenter.authority)
    assert done.status == 1
    assert done.stdout.decode() == snippet("docker", "error", {"vc.example.com": desk.vcenter.authority})
    assert done.stdout != NOT_FOUND
    assert PASSWORD.encode() not in done.stdout
