"""The real Terraform: its own logins come from the program when it fetches a module, and `logout` forgets them."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from pathlib import Path

import pytest

import peers
from interop.desk import Desk
from interop.web import Page, Web
from support.pages import snippet
from support.program import Reply

PROGRAM = "terraform-credentials-vsphere"


class Terraform:
    """Terraform with the program as its credentials helper, set up as on the page: with an option before the verb."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.directory = desk.home / "root-module"
        self.directory.mkdir()
        self.plugin = desk.home / ".terraform.d" / "plugins" / PROGRAM
        linked = desk.shell(snippet("terraform-cli", "link"))
        assert linked.status == 0, linked
        configuration = desk.home / "terraform.rc"
        configuration.write_text(snippet("terraform-cli", "config"), encoding="utf-8")
        self.environment = {
            **desk.environment,
            "TF_CLI_CONFIG_FILE": str(configuration),
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_ARGS_init": "-no-color",
        }

    def run(self, *arguments: str, **environment: str) -> Reply:
        """One Terraform command in the root module."""
        return Reply(
            subprocess.run(
                [*peers.terraform(), *arguments],
                cwd=self.directory,
                env=self.environment | environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=120,
            )
        )

    def recorder(self) -> Path:
        """Have the calls noted in the file returned here."""
        log = self.desk.recorder(PROGRAM)
        self.plugin.unlink()
        self.plugin.symlink_to(self.desk.bin / PROGRAM)
        return log

    def wants_module(self, source: str) -> None:
        """The root module calls one module of a registry."""
        text = f'module "c" {{\n  source = "{source}"\n}}\n'
        (self.directory / "main.tf").write_text(text, encoding="utf-8")


@pytest.fixture
def terraform(desk: Desk) -> Terraform:
    """Terraform at the desk."""
    return Terraform(desk)


def _module() -> bytes:
    """A module as a tar.gz."""
    text = b'output "there" {\n  value = "yes"\n}\n'
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo("main.tf")
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    return packed.getvalue()


def _registry(path: str, authorization: str) -> Page:
    """A registry with one module, for the token `t0ken`."""
    if path == "/.well-known/terraform.json":
        return 200, {"Content-Type": "application/json"}, b'{"modules.v1": "/v1/modules/"}'
    if path == "/c.tar.gz":
        return 200, {"Content-Type": "application/gzip"}, _module()
    if authorization != "Bearer t0ken":
        return 401, {}, b"{}"
    if path.endswith("/versions"):
        listing = {"modules": [{"versions": [{"version": "1.0.0"}]}]}
        return 200, {"Content-Type": "application/json"}, json.dumps(listing).encode()
    return 204, {"X-Terraform-Get": "/c.tar.gz"}, b""


# ---- a host that is no vSphere


def test_init_fetches_a_module_with_the_stored_token(terraform: Terraform) -> None:
    log = terraform.recorder()
    with Web(_registry) as web:
        terraform.wants_module(f"{web.authority}/a/b/c")
        names = {"registry.example.com": web.authority, "…": "t0ken"}
        stored = terraform.desk.shell(snippet("terraform-cli", "store", names))
        assert (stored.status, stored.stdout, stored.stderr) == (0, b"", "")
        reply = terraform.run("init", SSL_CERT_FILE=web.ca_file)
        assert reply.status == 0, reply
        assert log.read_text().splitlines()[1:] == [f"--secret-store file get {web.authority}"]
    assert list((terraform.directory / ".terraform" / "modules").glob("c/main.tf"))
    assert terraform.desk.vcenter.requests == []


def test_init_without_a_token_says_what_the_registry_says(terraform: Terraform) -> None:
    """That nothing is stored is no error of the helper's."""
    with Web(_registry) as web:
        terraform.wants_module(f"{web.authority}/a/b/c")
        reply = terraform.run("init", SSL_CERT_FILE=web.ca_file)
        assert {authorization for _, authorization in web.seen} == {""}
    assert reply.status == 1
    assert PROGRAM not in reply.stderr


def test_logout_forgets_the_token(terraform: Terraform) -> None:
    log = terraform.recorder()
    terraform.desk.run(PROGRAM, "store", "registry.example.com:8443", stdin=b'{"token":"t0ken"}')
    reply = terraform.run("logout", "registry.example.com:8443")
    assert reply.status == 0, reply
    assert "--secret-store file forget registry.example.com:8443" in log.read_text().splitlines()
    assert terraform.desk.run(PROGRAM, "get", "registry.example.com:8443").stdout == b"{}\n"


# ---- a host that is configured as vSphere


def test_a_vsphere_host_answers_with_its_rest_session_and_logout_ends_it(terraform: Terraform) -> None:
    vcenter = terraform.desk.vcenter
    terraform.wants_module(f"{vcenter.authority}/a/b/c")
    assert terraform.run("init", SSL_CERT_FILE=vcenter.ca_file).status == 1  # a vCenter is no registry
    (session,) = vcenter.sessions
    assert session.kind == "rest"
    discovery = [request for request in vcenter.requests if request.path == "/.well-known/terraform.json"]
    assert [request.headers.get("authorization") for request in discovery] == [f"Bearer {session.id}"]
    reply = terraform.run("logout", vcenter.authority)
    assert reply.status == 0, reply
    assert vcenter.session_count == 0
    assert vcenter.login_attempts == 1


def test_why_there_is_no_token_is_in_terraforms_log(terraform: Terraform) -> None:
    """Terraform goes on without one."""
    authority = terraform.desk.vcenter.authority
    terraform.wants_module(f"{authority}/a/b/c")
    with terraform.desk.vcenter.offline():
        reply = terraform.run("init", TF_LOG="WARN")
    assert snippet("terraform-cli", "error", {"vc.example.com": authority}) in reply.stderr


def test_a_token_for_a_vsphere_host_is_refused_because_it_has_no_user(terraform: Terraform) -> None:
    """Stored as a login it would be sent to vCenter as a password, until the account locks out."""
    authority = terraform.desk.vcenter.authority
    secrets = _secrets(terraform.desk.home)
    reply = terraform.desk.run(PROGRAM, "store", authority, stdin=b'{"token":"t0ken"}')
    assert (reply.status, reply.stdout) == (10, b"")
    assert "the login has no user" in reply.stderr
    assert _secrets(terraform.desk.home) == secrets


def _secrets(home: Path) -> bytes:
    return (home / ".local" / "state" / "vsphere-session" / "secrets.json").read_bytes()


# ---- the protocol, without Terraform between


@pytest.mark.parametrize(
    "arguments",
    [(), ("get",)],
)
def test_what_is_no_verb_and_host_gets_a_usage_on_stderr(desk: Desk, arguments: tuple[str, ...]) -> None:
    reply = desk.run(PROGRAM, *arguments)
    assert (reply.status, reply.stdout) == (1, b"")
    assert reply.stderr.startswith(f"usage: {PROGRAM} get|store|forget HOST")


@pytest.mark.parametrize(
    "arguments", [("erase", "example.com"), ("list", "example.com"), ("get", "example.com", "more")]
)
def test_another_verb_is_an_error_that_names_the_three(desk: Desk, arguments: tuple[str, ...]) -> None:
    reply = desk.run(PROGRAM, *arguments)
    assert (reply.status, reply.stdout) == (2, b"")
    assert "is not known; use get, store or forget" in reply.stderr


@pytest.mark.parametrize("host", ["", "a/b", "me@vc", "a\tb", "https://vc"])
def test_a_host_is_host_or_host_and_port(desk: Desk, host: str) -> None:
    reply = desk.run(PROGRAM, "get", host)
    assert (reply.status, reply.stdout) == (2, b"")
    assert reply.stderr.startswith("vsphere-session: ")


@pytest.mark.parametrize("stdin", [b"", b"{}", b'{"token":""}', b'{"token":1}x', b"[]", b'{"other":"x"}', b"\xff"])
def test_what_has_no_token_is_not_stored(desk: Desk, stdin: bytes) -> None:
    reply = desk.run(PROGRAM, "store", "example.com", stdin=stdin)
    assert (reply.status, reply.stdout) == (2, b"")
    assert reply.stderr.count("\n") == 1
    assert desk.run(PROGRAM, "get", "example.com").stdout == b"{}\n"


def test_difficult_characters_in_a_token_come_back_as_they_were(desk: Desk) -> None:
    token = " \"\\'${x}é😀\u2028 "
    assert desk.run(PROGRAM, "store", "example.com", stdin=json.dumps({"token": token}).encode()).status == 0
    reply = desk.run(PROGRAM, "get", "example.com")
    assert json.loads(reply.stdout) == {"token": token}
    assert reply.stderr == ""


def test_another_port_is_another_host(desk: Desk) -> None:
    desk.run(PROGRAM, "store", "example.com:8443", stdin=b'{"token":"t"}')
    assert desk.run(PROGRAM, "get", "example.com").stdout == b"{}\n"


def test_forgetting_what_is_not_there_is_no_error(desk: Desk) -> None:
    reply = desk.run(PROGRAM, "forget", "example.com")
    assert (reply.status, reply.stdout, reply.stderr) == (0, b"", "")
