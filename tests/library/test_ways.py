"""The ways to log in as a Python program names them: the same sessions as the executable's, from the same cache."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from crypto.keys import certificate, kind, rsa_key
from login.way import Way
from simulated_vcenter import SimulatedVCenter, keys
from simulated_vcenter.selftest.certificate_files import written
from simulated_vcenter.sts import Sts
from simulated_vcenter.ticket_server import TicketServer
from support.program import PASSWORD, USER, Helper
from vsphere_session import InvalidRequestError, NotFoundError, Session
from vsphere_session.login import (
    ApiToken,
    Certificate,
    Extension,
    Impersonate,
    Login,
    Oidc,
    Saml,
    Ticket,
    Token,
    ways,
)
from vsphere_session.settings import login_fields
from vsphere_session.settings.login_settings import LoginSettings
from vsphere_session.settings.login_sources import Level, LoginValues
from vsphere_session.storage.reading import Reader

ALICE = "alice@vsphere.local"
WAYS = (ApiToken, Certificate, Extension, Impersonate, Oidc, Saml, Ticket, Token)


def session(helper: Helper, server: SimulatedVCenter, login: Login | str, **given: Any) -> Session:
    """A Session in the helper's home."""
    return Session(server.url, login=login, ca_file=server.ca_file, environ=helper.environment, **given)


def test_every_way_to_log_in_has_a_class_whose_fields_are_the_settings() -> None:
    """But for the ordinary password. A field that is missing here, or that no setting is, is found."""
    assert {way.method for way in WAYS} == set(login_fields.METHODS) - {"password"}
    taken = {each.name for way in WAYS for each in fields(way)}
    assert taken <= login_fields.FIELDS
    assert login_fields.FIELDS - taken == {"method", "locale", "password_command"}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_said_of_a_way_is_of_that_way(way: type[Login]) -> None:
    """Each of its fields by itself means no other way."""
    needed: dict[str, str] = {each.name: "x" for each in fields(way) if each.default is MISSING}
    for each in fields(way):
        said = way(**{**needed, each.name: "x"}).values()
        level = Level("login", {"method": way.method, **{name: str(text) for name, text in said.items()}})
        assert LoginSettings(LoginValues([level], Reader(), {}, 1)).name == way.method


@pytest.mark.parametrize("way", WAYS)
def test_no_secret_shows_in_a_repr(way: type[Login]) -> None:
    given = {each.name: f"<{each.name}>" for each in fields(way)}
    shown = repr(way(**given))
    assert not [name for name in login_fields.SECRETS if f"<{name}>" in shown]


def test_the_names_are_there_to_be_imported() -> None:
    import vsphere_session.login as room

    assert {name: getattr(room, name) for name in room.__all__} == {name: getattr(ways, name) for name in room.__all__}
    with pytest.raises(AttributeError, match="has no attribute 'Kerberos'"):
        _ = room.Kerberos


def test_a_certificate_logs_in_and_the_executable_finds_the_session(helper: Helper) -> None:
    """Nobody is named: the session is where such sessions are, for both."""
    own, key = certificate(rsa_key()), kind("PKCS#8")
    with SimulatedVCenter(sts=Sts()) as vcenter:
        vcenter.sts.register_solution_user("robot-1", own)
        way = Way(helper, vcenter)
        paths = [str(way.file("given-certificate.pem", own)), str(way.file("given-key.pem", key))]
        with session(helper, vcenter, Certificate(certificate=paths[0], private_key=paths[1])) as held:
            ids = held.soap_session_id(), held.rest_session_id()
        way.configure(f"certificate = {json.dumps(paths[0])}", f"private_key = {json.dumps(paths[1])}")
        found = way.ok()
        assert (found["soap_session_id"], found["rest_session_id"], found["source"]) == (*ids, "cache")


def test_files_are_read_again_at_each_login(helper: Helper) -> None:
    """A certificate that has been replaced while the program ran is the one that is used."""
    with SimulatedVCenter(sts=Sts()) as vcenter:
        way = Way(helper, vcenter)
        first, second = certificate(rsa_key()), certificate(rsa_key(number=1))
        vcenter.sts.register_solution_user("robot-1", first)
        path = way.file("given-robot.pem", first + kind("PKCS#8"))
        login = Certificate(certificate=str(path))
        with session(helper, vcenter, login, passthrough=True) as held:
            held.soap_session_id()
            vcenter.end_all()
            vcenter.sts.register_solution_user("robot-1", second)
            path.write_bytes(second + kind("PKCS#8", rsa_key(number=1)))
            held.recheck()
            held.soap_session_id()
        assert [each.user for each in vcenter.logins] == ["robot-1@vsphere.local"] * 2


@pytest.mark.parametrize("login", ["saml", Saml()], ids=["by name", "as an object"])
def test_the_sts(helper: Helper, login: Login | str) -> None:
    with SimulatedVCenter(sts=Sts()) as vcenter:
        with session(helper, vcenter, login, username=USER, password=PASSWORD) as held:
            assert held.rest_session_id()
        assert [each.user for each in vcenter.sessions] == [USER]


def test_a_ticket(helper: Helper, vcenter: SimulatedVCenter) -> None:
    with TicketServer(vcenter, USER, token="a-token") as manager:
        login = Ticket(ticket_url=manager.url, ticket_token="a-token", login_ca_file=str(manager.ca_file))
        with session(helper, vcenter, login, username=USER) as held:
            assert held.soap_session_id()
        vcenter.end(manager.session_id)


def test_an_extension(helper: Helper, tmp_path: Path) -> None:
    own = keys.new_pair("backup")
    files = written(own, tmp_path)
    with SimulatedVCenter(tunnel=True) as vcenter:
        vcenter.register_extension("com.example.backup", own.certificate_pem)
        login = Extension(
            extension="com.example.backup",
            certificate=str(files.certificate),
            private_key=str(files.key),
            tunnel_port=int(vcenter.tunnel_port),
        )
        with session(helper, vcenter, login) as held:
            assert held.url.username == "com.example.backup"
            assert held.soap_session_id()


def test_as_somebody_else(helper: Helper) -> None:
    """The session is theirs; the password is that of who logs in."""
    with SimulatedVCenter({USER: PASSWORD, ALICE: "x"}) as vcenter:
        own = vcenter.add_session(ALICE)
        with session(helper, vcenter, Impersonate(impersonate=ALICE), username=USER, password=PASSWORD) as held:
            assert held.url.username == ALICE
            assert held.soap_session_id()
        assert [each.user for each in vcenter.sessions if each.id != own] == [ALICE]
        vcenter.end(own)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Token, "there is no token; give token, token_file or token_command"),
        (lambda: ApiToken(api_token_file="/nowhere"), "cannot read the api_token_file /nowhere"),
    ],
    ids=["no token", "no file"],
)
def test_what_is_missing_is_said(
    helper: Helper, vcenter: SimulatedVCenter, make: Callable[[], Login], message: str
) -> None:
    with pytest.raises(Exception, match=message), session(helper, vcenter, make()) as held:  # either
        held.soap_session_id()


def test_a_service_of_an_identity_provider_needs_its_secret(helper: Helper, vcenter: SimulatedVCenter) -> None:
    """Which may be in the secret store; here it is nowhere."""
    there = "https://login.example.com"
    login = Oidc(
        client_id="cli", authorization_endpoint=f"{there}/a", token_endpoint=f"{there}/t", grant="client_credentials"
    )
    with session(helper, vcenter, login) as held, pytest.raises(NotFoundError, match="no secret for the client cli"):
        held.soap_session_id()


def test_two_sources_of_one_secret_are_a_mistake(helper: Helper, vcenter: SimulatedVCenter) -> None:
    with pytest.raises(InvalidRequestError, match="gives both"):
        session(helper, vcenter, Token(token="<a/>", token_file="/run/token"))
