"""govc works against the simulated vCenter as against a real one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from peers import Govc
from simulated_vcenter import SimulatedVCenter

USER, PASSWORD = "administrator@vsphere.local", "VMware1!"
KINDS = [{}, {"quoted_cookie": False}, {"unified": True}, {"host": "::1"}]


def govc(vc: SimulatedVCenter, home: Path, password: str = PASSWORD) -> Govc:
    return Govc(home, vc.url, USER, password, ca_file=Path(vc.ca_file))


@pytest.mark.parametrize("kind", KINDS)
def test_govc_logs_in_once_and_goes_on_with_its_cache(tmp_path: Path, kind: dict[str, Any]) -> None:
    with SimulatedVCenter(**kind) as vc:
        client = govc(vc, tmp_path)
        soap, rest = client.ok("session.login", "-l"), client.ok("session.login", "-l", "-r")
        assert [session.id for session in vc.sessions] == [soap, rest]
        assert (client.ok("session.login", "-l"), client.ok("session.login", "-l", "-r")) == (soap, rest)
        assert vc.login_attempts == 2
        assert all(session.user_agent.startswith("govc/") for session in vc.sessions)
        client.ok("session.logout", "-r")
        assert vc.session_count == 0


def test_govc_lists_and_removes_sessions(tmp_path: Path) -> None:
    with SimulatedVCenter() as vc:
        client = govc(vc, tmp_path)
        client.ok("session.login")
        vc.add_session(USER)
        (own, other) = vc.sessions
        told = client.json("session.ls")
        assert told["currentSession"]["key"] == own.key
        assert {each["key"] for each in told["sessionList"]} == {own.key, other.key}
        client.ok("session.rm", other.key)
        assert [session.key for session in vc.sessions] == [own.key]
        assert client.run("session.rm", other.key).returncode != 0


@pytest.mark.parametrize("esxi", [False, True])
def test_govc_tells_what_the_server_is(tmp_path: Path, esxi: bool) -> None:
    with SimulatedVCenter(esxi=esxi) as vc:
        about = govc(vc, tmp_path).json("about")["about"]
        assert about["apiType"] == ("HostAgent" if esxi else "VirtualCenter")
        assert bool(about.get("instanceUuid")) is not esxi


def test_govc_finds_an_esxi_host_without_rest_sessions(tmp_path: Path) -> None:
    with SimulatedVCenter(esxi=True) as vc:
        client = govc(vc, tmp_path)
        client.ok("session.login")
        assert "404 Not Found" in client.run("session.login", "-r").stderr


def test_govc_logs_in_again_when_its_session_has_expired(tmp_path: Path) -> None:
    with SimulatedVCenter() as vc:
        client = govc(vc, tmp_path)
        client.ok("session.login", "-r")
        vc.clock.advance(1801)
        client.ok("session.ls")
        client.ok("session.login", "-r")
        assert (vc.login_attempts, vc.session_count) == (4, 2)


def test_govc_is_told_of_a_wrong_password_in_vcenters_words(tmp_path: Path) -> None:
    with SimulatedVCenter() as vc:
        refused = govc(vc, tmp_path, "wrong").run("session.login")
        assert "Cannot complete login due to an incorrect user name or password." in refused.stderr
        assert (vc.login_attempts, vc.session_count) == (1, 0)


def test_govc_takes_a_clone_ticket(tmp_path: Path) -> None:
    with SimulatedVCenter() as vc:
        ticket = govc(vc, tmp_path).ok("session.login", "-clone")
        clone = Govc(tmp_path / "other", vc.url, USER, ca_file=Path(vc.ca_file))
        clone.ok("session.login", "-ticket", ticket)
        assert [session.user for session in vc.sessions] == [USER, USER]
