"""Tickets from `serve-tickets` for the `ticket` method of another home: the pod beside, with three lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands.serving import TOKEN, Serving, logins
from login.three_lines import configure, got, hidden, refused
from peers import VcSim
from simulated_vcenter import SimulatedVCenter
from support.program import USER, Helper


@pytest.fixture
def beside(tmp_path: Path) -> Helper:
    """The program in another home."""
    home = tmp_path / "beside"
    home.mkdir(mode=0o700)
    return Helper(home)


def three_lines(serving: Serving) -> str:
    return (
        f'ticket_url = "{serving.url}"\nticket_token_file = "{serving.token_file}"\nlogin_ca_file = "{serving.ca_file}"'
    )


def test_a_session_of_ones_own_without_any_password(
    helper: Helper, beside: Helper, vcenter: SimulatedVCenter, tmp_path: Path
) -> None:
    with Serving(helper, vcenter, tmp_path) as serving:
        configure(beside, vcenter, three_lines(serving), {"GOVC_USERNAME": USER})
        first, again = got(beside), got(beside)
        assert (first["source"], again["source"]) == ("login", "cache")
        assert [session.user for session in vcenter.sessions] == [USER, USER]
        vcenter.end(first["soap_session_id"])
        renewed = got(beside, verify="always")
        assert (renewed["source"], renewed["soap_session_id"] != first["soap_session_id"]) == ("login", True)
        assert serving.log.count("200, a ticket for the token file") == 2
        assert TOKEN not in serving.log
    assert vcenter.session_count == 2
    assert not hidden(beside.home)


def test_the_real_simulator_makes_the_session(helper: Helper, beside: Helper, vcsim: VcSim, tmp_path: Path) -> None:
    with Serving(helper, vcsim, tmp_path) as serving:
        configure(beside, vcsim, three_lines(serving), {"GOVC_USERNAME": USER})
        assert got(beside)["source"] == "login"
        assert vcsim.session_count() == 2


def test_a_server_whose_vcenter_is_away_is_told_as_such_on_both_sides(
    helper: Helper, beside: Helper, vcenter: SimulatedVCenter, tmp_path: Path
) -> None:
    """The other vCenter is there: only the server's own is away."""
    with SimulatedVCenter() as other, Serving(helper, vcenter, tmp_path) as serving:
        configure(beside, other, three_lines(serving), {"GOVC_USERNAME": USER})
        with vcenter.offline():
            assert "answered with HTTP status 503" in refused(beside, "unreachable")
        assert "503, the connection to" in serving.log
        text = refused(beside, "login-refused")
        assert text.endswith("look whether the session manager is for this vCenter")
        assert other.session_count == 0


def test_the_server_uses_a_login_from_the_store_too(helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path) -> None:
    stored = {"url": vcenter.authority, "username": USER, "password": logins(vcenter)["GOVC_PASSWORD"]}
    helper.ok("store", stored, "--secret-store", "file")
    environment = {"GOVC_PASSWORD": ""}
    with Serving(helper, vcenter, tmp_path, "--secret-store", "file", environment=environment) as serving:
        assert "logged in" in serving.log
        assert vcenter.session_count == 1
