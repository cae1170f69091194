"""`cert`: the certificate that a server shows, so that it can be compared with its console, and pinned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vsphere_session.commands.options import command, host_argument, json_option, request_of
from vsphere_session.errors import InvalidRequestError
from vsphere_session.http.presented import presented
from vsphere_session.http.proxy import proxy_for
from vsphere_session.service.addressed import addressed

if TYPE_CHECKING:
    from vsphere_session.commands.invocation import Invocation
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.http.presented import Certificate


@command(
    "Show the certificate of a server, which is asked for nothing else. It is not verified: compare the fingerprint with the "
    "server's console before you pin it (thumbprint in the configuration).",
    "vsphere-session cert vc.example.com\nvsphere-session cert vc.example.com --known-hosts >>~/.govmomi/known_hosts",
)
@host_argument
@click.option("--chain", is_flag=True, help="Show the certificates behind it, too.")
@click.option("--pem", is_flag=True, help="Print PEM alone.")
@click.option(
    "--known-hosts", is_flag=True, help="Print the line for govc's file of known hosts (GOVC_TLS_KNOWN_HOSTS)."
)
@json_option
def cert_command(
    invocation: Invocation, *, host: str | None, chain: bool, pem: bool, known_hosts: bool, as_json: bool
) -> None:
    """See above."""
    if pem + known_hosts + as_json > 1:
        raise InvalidRequestError("--pem, --known-hosts and --json are three ways to print it; choose one")
    call = invocation.call()
    endpoint = addressed(request_of(invocation, host), call)
    call.around.connecting()
    found = presented(endpoint, call.around.until(), proxy_for(endpoint, call.around.environ))
    shown, screen = found if chain else found[:1], invocation.screen
    if pem:
        screen.raw("".join(one.pem for one in shown))
    elif known_hosts:
        screen.raw(f"{_known_host(endpoint)} {found[0].sha256}\n")
    elif as_json:
        screen.json([_fields(one) for one in shown])
    else:
        for number, one in enumerate(shown):
            if number:
                screen.line()
            screen.facts(facts(one))


def facts(certificate: Certificate) -> list[tuple[str, str]]:
    """What a person compares."""
    issuer = "itself (self-signed)" if certificate.self_signed else certificate.issuer
    return [
        ("Subject", certificate.subject),
        ("Names", ", ".join(certificate.names) or "none"),
        ("Issued by", issuer),
        ("Valid", f"{certificate.since:%Y-%m-%d} to {certificate.until:%Y-%m-%d}"),
        ("SHA-256", certificate.sha256),
        ("SHA-1", certificate.sha1),
    ]


def _fields(certificate: Certificate) -> dict[str, object]:
    return {
        "subject": certificate.subject,
        "names": list(certificate.names),
        "issuer": certificate.issuer,
        "not_before": f"{certificate.since:%Y-%m-%dT%H:%M:%SZ}",
        "not_after": f"{certificate.until:%Y-%m-%dT%H:%M:%SZ}",
        "sha256": certificate.sha256,
        "sha1": certificate.sha1,
        "pem": certificate.pem,
    }


def _known_host(endpoint: Endpoint) -> str:
    """As govc writes it: with the port, an address of IPv6 in brackets."""
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    return f"{host}:{endpoint.port}"
