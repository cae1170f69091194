"""Whose session a caller gets, whichever two ways in were used one after the other: its own principal's, made in its own way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from contract.desk import SharedClock
from credential_protocol.messages import Request
from simulated_vcenter import SimulatedVCenter, keys
from simulated_vcenter.identity_provider import IdentityProvider
from simulated_vcenter.sts import Sts
from simulated_vcenter.ticket_server import TicketServer
from vsphere_session.cache.surroundings import Surroundings
from vsphere_session.service.call import Call
from vsphere_session.service.verbs import VERBS
from vsphere_session.settings.config_file import Configuration

ALICE, BOB = "alice@vsphere.local", "bob@vsphere.local"
ADMIN, PASSWORD = "administrator@vsphere.local", "VMware1!"
USERS = {ALICE: PASSWORD, BOB: PASSWORD, ADMIN: PASSWORD}
EXTENSIONS = {ALICE: "com.example.alice", BOB: "com.example.bob"}


@dataclass
class Site:
    """A vCenter that takes every way in, of two users."""

    vcenter: SimulatedVCenter
    ticket_servers: dict[str, TicketServer]
    files: Path
    tokens: dict[str, str]

    def certificate(self, user: str) -> dict[str, str]:
        """The fields for the certificate that is registered for somebody."""
        return {"certificate": str(self.files / f"{user}.pem")}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all pairs: each has a home of its own."""
    files = tmp_path_factory.mktemp("keys")
    provider = IdentityProvider(USERS)
    with SimulatedVCenter(USERS, sts=Sts(), identity_provider=provider, tunnel=True) as vcenter:
        for user in (ALICE, BOB):
            pair = keys.new_pair(user.partition("@")[0])
            (files / f"{user}.pem").write_text(pair.certificate_pem + pair.key_pem)
            vcenter.sts.register_solution_user(user.partition("@")[0], pair.certificate_pem)
            vcenter.register_extension(EXTENSIONS[user], pair.certificate_pem)
        provider.register_client("cli", secret="S3cret!", grants=("password",))
        tokens = {user: provider.issue_api_token(user) for user in (ALICE, BOB)}
        with TicketServer(vcenter, ALICE, token="T") as of_alice, TicketServer(vcenter, BOB, token="T") as of_bob:
            yield Site(vcenter, {ALICE: of_alice, BOB: of_bob}, files, tokens)


def password(_site: Site, user: str) -> dict[str, str]:
    """The default."""
    return {"username": user, "password": PASSWORD}


def saml(_site: Site, user: str) -> dict[str, str]:
    """By the STS."""
    return {"method": "saml", "username": user, "password": PASSWORD}


def token(site: Site, user: str) -> dict[str, str]:
    """Another one each time."""
    return {"token": site.vcenter.sts.issue_for_test(user)}


def certificate(site: Site, user: str) -> dict[str, str]:
    """A solution user's."""
    return site.certificate(user)


def ticket(site: Site, user: str) -> dict[str, str]:
    """From somebody's session manager."""
    server = site.ticket_servers[user]
    return {"ticket_url": server.url, "ticket_token": "T", "login_ca_file": server.ca_file}


def extension(site: Site, user: str) -> dict[str, str]:
    """Each has one of their own."""
    return {"extension": EXTENSIONS[user], "tunnel_port": str(site.vcenter.tunnel_port), **site.certificate(user)}


def impersonate(_site: Site, user: str) -> dict[str, str]:
    """By the administrator, for who has a session."""
    return {"impersonate": user, "username": ADMIN, "password": PASSWORD}


def oidc(_site: Site, user: str) -> dict[str, str]:
    """By a person's password at the provider."""
    client = {"client_id": "cli", "client_secret": "S3cret!", "grant": "password", "tenant": "CUSTOMER"}
    return {"username": user, "password": PASSWORD, **client}


def api_token(site: Site, user: str) -> dict[str, str]:
    """Of the broker."""
    return {"api_token": site.tokens[user]}


Way = Callable[[Site, str], dict[str, str]]
Caller = tuple[Way, str, bool]
WAYS: tuple[Way, ...] = (
    password, saml, token, certificate, ticket, extension, impersonate, oidc, api_token,
)  # fmt: skip
NAMES_ITSELF = (password, saml, impersonate, oidc, extension)
"""Ways that name a user in any case."""
CALLERS = [
    (way, user, named)
    for way in WAYS
    for user in (ALICE, BOB)
    for named in ((True, False) if way not in NAMES_ITSELF else (True,))
]


def fields_of(site: Site, caller: Caller) -> dict[str, str]:
    """What this caller asks with."""
    way, user, named = caller
    fields = way(site, user)
    return {"username": user, **fields} if named and way is not extension else fields


def principal(caller: Caller) -> str:
    """Whom the server knows this caller as."""
    way, user, _ = caller
    return EXTENSIONS[user] if way is extension else user


def ask(site: Site, home: Path, verb: str, fields: dict[str, str]) -> dict[str, str]:
    """The answer for SOAP in this home."""
    around = Surroundings({"HOME": str(home)}, clock=SharedClock(site.vcenter))
    given = {"api": "soap", "ca_file": site.vcenter.ca_file, **fields}
    return VERBS[verb](
        Request(verb, site.vcenter.url, given), Call(around, Configuration("config.toml", {}, {}))
    ).fields


def owner(site: Site, session_id: str) -> str:
    """Whose the session is on the server."""
    (found,) = [session.user for session in site.vcenter.sessions if session.id == session_id]
    return found


def name_of(caller: Caller) -> str:
    """For the test's name."""
    way, user, named = caller
    return f"{way.__name__}-{user.partition('@')[0]}-{'named' if named else 'unnamed'}"


@pytest.mark.sessions_counted_by_hand
@pytest.mark.parametrize("first", [caller for caller in CALLERS if caller[1] == ALICE], ids=name_of)
def test_nobody_gets_the_session_that_another_principal_has_made_or_that_was_made_in_another_way(
    site: Site, tmp_path: Path, first: Caller
) -> None:
    """One after the other in one home, and the first one again: each has their own, and their own again."""
    for number, second in enumerate(CALLERS):
        home = tmp_path / str(number)
        made = ask(site, home, "get", fields_of(site, first))
        assert owner(site, made["soap_session_id"]) == principal(first)
        other = ask(site, home, "get", fields_of(site, second))
        assert owner(site, other["soap_session_id"]) == principal(second)
        again = ask(site, home, "get", fields_of(site, second))
        assert again["soap_session_id"] == other["soap_session_id"], "one's own is in the cache"
        assert (first[:2] == second[:2]) or other["soap_session_id"] != made["soap_session_id"]
        for caller in (first, second):
            ask(site, home, "erase", fields_of(site, caller))
        managers = {server.session_id for server in site.ticket_servers.values()}
        assert {session.id for session in site.vcenter.sessions} == managers, "nothing is left"
