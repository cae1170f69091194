"""A program as its author's type checker sees it: `types` runs mypy and pyright over it, both strict.

It says of everything that a program is handed what type that is; nothing of it is run.
"""

from __future__ import annotations

import asyncio
from typing import assert_type

import requests
from pyVmomi import vim

from vsphere_session import (
    Endpoint,
    Fleet,
    InteractionRequiredError,
    LoginRefusedError,
    Policy,
    RestClient,
    Session,
    SessionError,
    SoapClient,
    VsphereAuth,
    parse_endpoint,
)
from vsphere_session.login import ApiToken, Certificate, Extension, Impersonate, Login, Oidc, Saml, Ticket, Token

WAYS: list[Login] = [
    ApiToken(api_token_command=["pass", "show", "vcf"], broker="vcf.example.com", tenant="CUSTOMER"),
    Certificate(certificate="robot.pem", private_key="robot.key", key_passphrase_command="pass show robot"),
    Extension(extension="com.example.backup", certificate="extension.crt", private_key="extension.key", tunnel_port=80),
    Impersonate(impersonate="alice@vsphere.local"),
    Oidc(client_id="cli", issuer="https://login.example.com", grant="client_credentials"),
    Saml(sts_url="https://sts.example.com/sts/STSService"),
    Ticket(ticket_url="https://sessions.example.com/session", ticket_token_file="/run/secrets/token"),
    Token(token_file="/run/secrets/token.xml"),
]


FLEET = Fleet(
    "rediss://ci-runner@cache.example.com:6380/vs:ci", key_file="/run/secrets/vsphere-fleet-key", password="…"
)


def session(login: Login | None = None) -> Session:
    """All that a Session can be told."""
    return Session(
        "vc.example.com",
        username="robot@vsphere.local",
        password=lambda: None,
        login=login,
        insecure=False,
        ca_file="/etc/ssl/company.pem",
        thumbprint="",
        passthrough=False,
        reauth=False,
        encrypted=False,
        policy=Policy(verify="always", trust_window=60, idle_limit=1500, max_age=86400),
        fleet=FLEET,
        timeout=30,
        caller="program",
        locale="en",
        secret_store="file",
        environ={"HOME": "/home/robot"},
    )


def use(login: Login | None = None) -> None:
    """All that it hands out."""
    with session(login) as held:
        assert_type(held, Session)
        assert_type(held.endpoint(), Endpoint)
        assert_type(held.service_instance(), vim.ServiceInstance)
        assert_type(held.requests_session(), requests.Session)
        assert_type(held.soap_session_id(), str)
        assert_type(held.rest_session_id(), str)
        held.recheck(held.rest_session_id())
        answer = requests.get("https://vc.example.com/api/session", auth=VsphereAuth(held), timeout=60)
        assert_type(answer.status_code, int)


def by_hand() -> bool:
    """The cache itself."""
    soap, rest = SoapClient(), RestClient()
    cache = session()
    with soap, rest:
        made = cache.login(soap)
        assert_type(cache.load(rest), bool)
        assert_type(soap.service_instance(), vim.ServiceInstance)
        assert_type(rest.requests_session(), requests.Session)
        assert_type(soap.username, str)
        assert_type(parse_endpoint("vc.example.com").url, str)
    return made


def explain() -> str:
    """What can go wrong."""
    try:
        use()
    except (LoginRefusedError, InteractionRequiredError) as refused:
        assert_type(refused.kind, str)
        return refused.message
    except SessionError as error:
        assert_type(error.status, int)
        return str(error)
    return ""


async def waiting() -> str:
    """In asyncio."""
    return await asyncio.to_thread(session().rest_session_id)
