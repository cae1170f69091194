"""What the other tests rely on when they use the real peers."""

import hashlib
import ssl
import sys
from pathlib import Path

import pytest

from peers import TerraformWorkspace, VcSim
from support.ports import free_port


@pytest.mark.parametrize("esx", [False, True], ids=["vcenter", "esx"])
def test_govc_caches_the_one_session_that_it_makes(tmp_path: Path, esx: bool) -> None:
    with VcSim(esx=esx) as server:
        govc = server.govc(tmp_path / "home")

        key = govc.ok("session.login", "-l")

        assert [session["key"] for session in server.sessions()] == [key]
        assert [session["userName"] for session in server.sessions()] == [server.user]
        (file,) = govc.soap_files()
        assert key in file.read_text()
        assert govc.rest_files() == []
        assert govc.ok("session.login", "-l") == key


def test_looking_at_the_sessions_leaves_none_behind(tmp_path: Path) -> None:
    with VcSim() as server:
        assert [server.session_count() for _ in range(2)] == [0, 0]

        (alone,) = server.govc(tmp_path / "home").json("session.ls")["sessionList"]
        assert [session["key"] for session in server.sessions()] == [alone["key"]]


def test_govc_caches_a_rest_session_beside(tmp_path: Path) -> None:
    with VcSim() as server:
        govc = server.govc(tmp_path / "home")

        rest_id = govc.ok("session.login", "-r", "-l")

        (file,) = govc.rest_files()
        assert rest_id in file.read_text()
        assert govc.ok("session.login", "-r", "-l") == rest_id


@pytest.mark.parametrize("api", [[], ["-r"]], ids=["soap", "rest"])
def test_a_wrong_password_is_refused(tmp_path: Path, api: list[str]) -> None:
    with VcSim() as server:
        refused = server.govc(tmp_path / "home", password="wrong").run("session.login", *api)

        assert refused.returncode != 0
        assert "Login failure" in refused.stderr
        assert server.session_count() == 0


def test_the_server_ends_an_idle_session(tmp_path: Path) -> None:
    """The session ends by the server's own clock, so ask until it does: the test's time-out is the limit."""
    with VcSim(idle="100ms") as server:
        server.govc(tmp_path / "home").ok("session.login")

        while server.sessions():
            pass


def test_a_restarted_server_does_not_know_the_session(tmp_path: Path) -> None:
    port = free_port()  # nobody else gets it meanwhile
    with VcSim(port=port) as before:
        govc = before.govc(tmp_path / "home")
        key = govc.ok("session.login", "-l")
        before.stop()

        assert "connection refused" in govc.run("session.login").stderr
        with VcSim(port=port) as after:
            again = after.govc(tmp_path / "home")
            assert again.ok("session.login", "-l") != key


def test_the_authority_and_the_thumbprints_are_the_servers_own() -> None:
    with VcSim() as server:
        host, _, port = server.authority.rpartition(":")
        pem = ssl.get_server_certificate((host, int(port)), ca_certs=str(server.ca_file))
        der = ssl.PEM_cert_to_DER_cert(pem)

        assert server.thumbprint == _thumbprint("sha1", der)
        assert server.thumbprint_sha256 == _thumbprint("sha256", der)


def test_terraform_shows_what_the_program_said_to_its_query(tmp_path: Path) -> None:
    program = tmp_path / "echo.py"
    program.write_text("import json, os, sys\njson.dump({**json.load(sys.stdin), **os.environ}, sys.stdout)\n")
    query = {"url": "vc.example", "quoting": '"${x} %{y} \\ é'}
    workspace = TerraformWorkspace(tmp_path, [sys.executable, program], query, {"MARK": "set"})

    workspace.init()
    result = workspace.apply()

    assert query.items() <= result.items()
    assert result["MARK"] == "set"
    assert result["HOME"] == str(workspace.home)


def _thumbprint(algorithm: str, der: bytes) -> str:
    return hashlib.new(algorithm, der).digest().hex(":").upper()
