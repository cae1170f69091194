"""Tokens that a program has by itself: client credentials, a password, an API token of VCF, a CI system's own token."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from login.broker.site import ALICE, BOB, EXCHANGE, PASSWORD, TOKEN, Site, open_site
from simulated_vcenter import faults
from simulated_vcenter.identity_provider import FOREIGN_AUDIENCE
from support.program import Helper, settle

SECRET = "s:e/c r%et"
CI = "repo:example/infra:ref:refs/heads/main"


@pytest.fixture
def robot(site: Site) -> Site:
    """The site, and a client with a secret, whose account is `robot@vsphere.local`."""
    site.broker.register_client("robot", secret=SECRET, pkce_enforced=False)
    site.configure('client_id = "robot"', 'grant = "client_credentials"')
    return site


def printing(path: Path, *texts: str) -> str:
    """A command that prints these, as the configuration has it."""
    path.write_text(
        "#!/bin/sh\n" + "".join(f"printf '%s\\n' {shlex.quote(text)}\n" for text in texts), encoding="utf-8"
    )
    path.chmod(0o700)
    return json.dumps([str(path)])


def check(site: Site, name: str, **fields: object) -> None:
    """Two calls in two processes have one session of each kind, for as long as the token is good and no longer."""
    first = site.ok(**fields)
    assert first["source"] == "login"
    assert name in first["username"].lower(), first
    ends = site.vcenter.clock.now() + 300
    settle(site.helper)
    for again in (site.ok(**fields), site.ok(**fields)):  # the second one may be remembered
        assert again["source"] == "cache"
        assert again["soap_session_id"] == first["soap_session_id"]
        assert datetime.fromisoformat(again["expires_at"]).timestamp() <= ends
    assert site.vcenter.session_count == 2


# ---- client credentials


def test_a_client_with_its_secret_in_the_request(robot: Site) -> None:
    check(robot, "robot", client_secret=SECRET)
    assert robot.helper.sessions_in_files == set()  # nobody is named: kept apart


def test_a_client_with_its_secret_by_a_command(robot: Site, tmp_path: Path) -> None:
    command = printing(tmp_path / "secret", SECRET)
    robot.configure('client_id = "robot"', 'grant = "client_credentials"', f"client_secret_command = {command}")
    check(robot, "robot")


def test_a_client_with_its_secret_in_the_store(robot: Site) -> None:
    """Stored once under the client's id; whoever is named is compared with what the server says."""
    robot.configure('client_id = "robot"', 'grant = "client_credentials"', 'username = "robot@vsphere.local"')
    robot.helper.ok("store", {"url": robot.vcenter.authority, "username": "robot", "password": SECRET})
    check(robot, "robot")
    assert len(robot.helper.sessions_in_files) == 2
    assert robot.kept == [SECRET]


def test_a_client_without_its_secret(robot: Site) -> None:
    reply = robot.get()
    assert (reply.status, reply.kind) == (3, "not-found")
    assert reply.fields["message"].startswith(
        "there is no secret for the client robot; give client_secret_command, or "
    )
    assert robot.asked("client_credentials") == 0


def test_a_wrong_secret_is_tried_once(robot: Site) -> None:
    """And another one at once."""
    for _ in range(2):
        reply = robot.get(client_secret="wrong")
        assert (reply.status, reply.kind) == (4, "login-refused")
        assert "wrong" not in reply.fields["message"].replace("called wrong", "")
    assert robot.asked("client_credentials") == 1
    check(robot, "robot", client_secret=SECRET)


def test_a_client_that_is_somebody_else_than_was_named(robot: Site) -> None:
    reply = robot.get(client_secret=SECRET, username=ALICE)
    assert (reply.status, reply.kind) == (4, "login-refused")
    assert robot.vcenter.session_count == 0


# ---- a person's password at the provider


@pytest.fixture
def by_password(site: Site) -> Site:
    """The site, where people log in by their password at the provider."""
    site.configure('client_id = "cli"', 'grant = "password"', f'username = "{ALICE}"')
    return site


def test_a_password_at_the_provider(by_password: Site) -> None:
    by_password.helper.ok("store", {"url": by_password.vcenter.authority, "username": ALICE, "password": PASSWORD})
    check(by_password, "alice")
    assert by_password.kept == [PASSWORD]  # the refresh token that comes with it is of no use here


def test_a_wrong_password_at_the_provider_is_tried_once(by_password: Site) -> None:
    """It counts towards a lock-out, whichever way it is sent."""
    for _ in range(2):
        reply = by_password.get(password="wrong-one")
        assert (reply.status, reply.kind) == (4, "login-refused")
    assert by_password.asked("password") == 1
    assert by_password.get(password="wrong-one", method="password", api="soap").kind == "login-refused"
    assert by_password.vcenter.login_attempts == 0
    check(by_password, "alice", password=PASSWORD)


# ---- API tokens


def test_an_api_token_in_the_request(site: Site) -> None:
    site.configure()
    token = site.broker.issue_api_token(ALICE)
    check(site, "alice", api_token=token)


def test_an_api_token_in_a_file(site: Site, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{site.broker.issue_api_token(ALICE)}\n", encoding="utf-8")
    site.configure(f'api_token_file = "{tmp_path / "token"}"', f'username = "{ALICE}"')
    check(site, "alice")
    assert len(site.helper.sessions_in_files) == 2


def test_an_api_token_by_a_command(site: Site, tmp_path: Path) -> None:
    site.configure(f"api_token_command = {printing(tmp_path / 'token', site.broker.issue_api_token(ALICE))}")
    check(site, "alice")


def test_an_api_token_in_the_environment(site: Site) -> None:
    site.configure()
    site.helper.environment["VSPHERE_SESSION_API_TOKEN"] = site.broker.issue_api_token(ALICE)
    check(site, "alice")


def test_an_api_token_with_the_token_endpoint_named(site: Site, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(site.broker.issue_api_token(ALICE), encoding="utf-8")
    endpoint = f"https://{site.vcenter.authority}/acs/t/CUSTOMER/token"
    site.configure(f'api_token_file = "{tmp_path / "token"}"', f'token_endpoint = "{endpoint}"')
    check(site, "alice")


def test_an_api_token_that_has_expired(site: Site) -> None:
    site.configure()
    token = site.broker.issue_api_token(ALICE, life=60)
    site.vcenter.clock.advance(61)
    for text in (
        "the API token has expired, was revoked or is another broker's: make a new one there",
        "was not asked again",
    ):
        reply = site.get(api_token=token)
        assert (reply.status, reply.kind) == (4, "login-refused")
        assert text in reply.stderr
        assert token not in reply.stderr
    assert site.asked("urn%3Acustom%3Avcf%3Aparams%3Aoauth%3Agrant-type%3Aapi-token") == 1
    assert site.vcenter.session_count == 0


def test_two_api_tokens_have_sessions_of_their_own(site: Site) -> None:
    """Where nobody is named."""
    site.configure()
    of_alice, of_bob = (site.ok(api_token=site.broker.issue_api_token(name)) for name in (ALICE, BOB))
    assert of_alice["username"] != of_bob["username"]
    assert of_alice["soap_session_id"] != of_bob["soap_session_id"]
    assert site.vcenter.session_count == 4


# ---- a CI system's own token


@pytest.mark.parametrize("given", ["idp_token", "idp_token_file", "idp_token_command"])
def test_a_token_of_a_ci_system(site: Site, tmp_path: Path, given: str) -> None:
    site.broker.mapped[CI] = BOB
    token = site.broker.issue_foreign_jwt(CI)
    if given == "idp_token":
        site.configure()
        check(site, "bob", idp_token=token)
        return
    (tmp_path / "token").write_text(token, encoding="utf-8")
    path = json.dumps(str(tmp_path / "token"))
    value = path if given == "idp_token_file" else printing(tmp_path / "command", token)
    site.configure(f"{given} = {value}", f'username = "{BOB}"')
    check(site, "bob")


@pytest.mark.parametrize("wrong", ["audience", "expired", "nobody"])
def test_a_token_of_a_ci_system_that_is_not_taken(site: Site, wrong: str) -> None:
    site.configure()
    site.broker.mapped.update({} if wrong == "nobody" else {CI: BOB})
    audience = "https://elsewhere.example" if wrong == "audience" else FOREIGN_AUDIENCE
    token = site.broker.issue_foreign_jwt(CI, audience=audience)
    site.vcenter.clock.advance(301 if wrong == "expired" else 0)
    reply = site.get(idp_token=token)
    assert (reply.status, reply.kind) == (4, "login-refused")
    assert (
        "the JWT has expired, or the broker does not trust who issued it: check its audience and the broker's providers"
        in reply.stderr
    )
    assert not any(part in reply.stderr for part in token.split("."))
    assert site.vcenter.session_count == 0


# ---- the exchange


@pytest.fixture(params=["raw", "base64", "either"])
def of_a_kind(request: pytest.FixtureRequest, helper: Helper) -> Iterator[Site]:
    """Sites whose vCenter wants the provider's token in one form, and answers in the other alphabet of base64."""
    with open_site(helper, subject_token=request.param, url_safe=True) as site:
        yield site


def test_vcenters_that_want_the_token_as_it_is_or_in_base64(of_a_kind: Site) -> None:
    of_a_kind.configure()
    check(of_a_kind, "alice", api_token=of_a_kind.broker.issue_api_token(ALICE))


@pytest.mark.parametrize("status", [404, 405])
def test_a_vcenter_that_has_the_older_exchange_only(site: Site, status: int) -> None:
    site.configure()
    site.vcenter.faults.add(EXCHANGE, faults.status(status))
    check(site, "alice", api_token=site.broker.issue_api_token(ALICE))


def test_a_vcenter_without_any_exchange(site: Site) -> None:
    site.configure()
    for path in (EXCHANGE, "POST /rest/vcenter/tokenservice/token-exchange"):
        site.vcenter.faults.add(path, faults.status(404))
    reply = site.get(api_token=site.broker.issue_api_token(ALICE))
    assert (reply.status, reply.kind) == (10, "unsupported")
    assert "takes no provider's token (404): it is older than 7.0, or no vCenter" in reply.stderr


def test_a_broker_that_is_away(site: Site) -> None:
    site.configure()
    site.vcenter.faults.add(TOKEN, faults.reset())
    reply = site.get(api_token=site.broker.issue_api_token(ALICE))
    assert (reply.status, reply.kind) == (5, "unreachable")
    assert site.vcenter.session_count == 0
