"""Providers that do not answer as they should, and clocks that are wrong: an error that says which, in time, and nothing left."""

from __future__ import annotations

from datetime import datetime

import pytest

from login.broker.site import ALICE, EXCHANGE, TOKEN, Site
from simulated_vcenter import faults, hostile
from support.program import Reply

DISCOVERY = "GET /acs/t/CUSTOMER/.well-known/openid-configuration"
PROVIDERS = "GET /api/vcenter/identity/providers"
SECRET = "canary-of-the-client"


@pytest.fixture
def robot(site: Site) -> Site:
    """The site as its client `robot` comes in."""
    site.broker.register_client("robot", secret=SECRET, pkce_enforced=False)
    site.configure('client_id = "robot"', 'grant = "client_credentials"')
    return site


def failed(robot: Site, *options: str) -> Reply:
    """How a login there ends; it leaves no session, and shows no secret."""
    reply = robot.get("-vv", *options, client_secret=SECRET)
    assert reply.status != 0
    assert SECRET not in reply.stderr + reply.stdout.decode()
    assert "Traceback" not in reply.stderr
    assert robot.vcenter.session_count == 0
    return reply


@pytest.mark.parametrize("where", [PROVIDERS, DISCOVERY, TOKEN, EXCHANGE])
def test_a_redirect_elsewhere_is_not_followed(robot: Site, where: str) -> None:
    robot.vcenter.faults.add(where, faults.redirect("https://evil.invalid/token", 307))
    reply = failed(robot)
    assert reply.status == 5, reply
    assert "redirects to another address; nothing was sent there" in reply.stderr


@pytest.mark.parametrize("where", [PROVIDERS, DISCOVERY, TOKEN, EXCHANGE])
def test_a_web_page(robot: Site, where: str) -> None:
    """As a portal shows it."""
    robot.vcenter.faults.add(where, faults.html())
    assert failed(robot).status == 5


@pytest.mark.parametrize("where", [PROVIDERS, DISCOVERY, TOKEN, EXCHANGE])
def test_an_answer_of_a_gigabyte_is_not_read(robot: Site, where: str) -> None:
    robot.vcenter.faults.add(where, hostile.huge())
    reply = failed(robot)
    assert reply.status == 5, reply


@pytest.mark.parametrize("where", [PROVIDERS, DISCOVERY, TOKEN, EXCHANGE])
def test_no_answer_ends_with_the_time_that_was_given(robot: Site, where: str) -> None:
    robot.vcenter.faults.add(where, faults.stall())
    assert failed(robot, "--timeout", "2").status == 5


def test_a_provider_on_another_host_has_to_be_trusted_for_itself(robot: Site) -> None:
    """What is said of the vCenter's certificate is said of no other host's."""
    robot.configure('client_id = "robot"', 'grant = "client_credentials"', 'issuer = "http://idp.example"')
    reply = failed(robot)
    assert reply.status == 2, reply
    assert "the issuer is for http, and secrets would go to idp.example unencrypted; write https://" in reply.stderr


# ---- clocks


@pytest.mark.parametrize(("minutes", "way"), [(-11, "ahead of"), (11, "behind")])
def test_a_clock_that_is_wrong_by_eleven_minutes(robot: Site, minutes: int, way: str) -> None:
    """It says by how much; the server is asked once."""
    robot.vcenter.clock.advance(minutes * 60)
    reply = failed(robot)
    assert f"(this machine's clock is 11 minutes {way} the server's: correct it)" in reply.stderr, reply
    assert len(robot.vcenter.logins) == 0


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clock_that_is_wrong_by_less_does_no_harm(robot: Site, minutes: int) -> None:
    """The session is used as long as its token is good, and no longer, by this machine's own clock."""
    robot.vcenter.clock.advance(minutes * 60)
    first = robot.ok(client_secret=SECRET)
    assert first["source"] == "login"
    again = robot.ok(client_secret=SECRET)
    assert (again["source"], again["soap_session_id"]) == ("cache", first["soap_session_id"])
    left = datetime.fromisoformat(again["expires_at"]).timestamp() - (robot.vcenter.clock.now() - minutes * 60)
    assert 0 < left <= 300
    assert robot.vcenter.session_count == 2


# ---- the exchange


def test_a_token_for_another_audience(robot: Site) -> None:
    """The error has what the vCenter says, and what to check."""
    robot.vcenter.faults.add(
        EXCHANGE, faults.status(400, b'{"error": "invalid_grant", "error_description": "audience"}')
    )
    reply = failed(robot)
    assert reply.status == 4, reply
    assert (
        "does not take the provider's token (invalid_grant: audience); check that this provider is the vCenter's, that the token is for it, "
        "and that its user has a role there"
    ) in reply.stderr


def test_a_saml_token_for_another_audience(robot: Site) -> None:
    issue = robot.broker.sts.issue_for_test
    robot.broker.sts.issue_for_test = lambda name, **more: issue(name, **more, audience="https://other/sdk")  # type: ignore[method-assign]
    reply = failed(robot)
    assert reply.status == 4, reply
    assert (
        "was not taken. Servers give no reason; it may be for another vCenter, have expired, or its user has no role here"
        in (reply.stderr)
    )
    assert ALICE not in reply.stderr
