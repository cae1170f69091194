"""The parsers, each with its language, what it may raise, and what holds for every value that it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from credential_protocol import Failure
from credential_protocol.jsontext import decode
from fuzzing import checks_of_documents as documents
from fuzzing import checks_of_engines as engines
from fuzzing import checks_of_fleets as fleets
from fuzzing import checks_of_oauth as oauth
from fuzzing import checks_of_requests as requests
from fuzzing import checks_of_tickets as tickets
from fuzzing import samples
from fuzzing.checks_of_requests import text_of
from fuzzing.mutation import Grammar
from vsphere_session.cache.govmomi_format import read_rest, read_soap
from vsphere_session.commands.serving.requests import BadRequestError
from vsphere_session.endpoint import parse_endpoint
from vsphere_session.fleet import account, document
from vsphere_session.fleet.keys import NotOpenedError, UnknownKeyError
from vsphere_session.http.thumbprint import normal_thumbprint
from vsphere_session.login.oauth.tokens import claims
from vsphere_session.vsphere.dates import unix_seconds
from vsphere_session.vsphere.saml import read_token
from vsphere_session.vsphere.xml import parse_xml


@dataclass(frozen=True)
class Target:
    """A parser under test.

    refusals  the exceptions that `parse` documents; any other is a finding
    check     asserts what is promised of the value that `parse` gave for an input; whatever it raises is a finding
    longest   the bytes at which an input is cut
    """

    name: str
    grammar: Grammar
    refusals: tuple[type[Exception], ...]
    parse: Callable[[bytes], Any]
    check: Callable[[bytes, Any], None]
    longest: int = 1024 * 1024


_OWN_FILE = 2048
"""The reader of TOML is Python's; its time grows with the square of a dotted key, and nobody but the user writes one."""
_FAILURE, _VALUE_ERROR = (Failure,), (ValueError,)
_OF_FLEETS = (document.NewerError, document.BrokenError)
_ALL = (
    Target("native.parse", samples.NATIVE, _FAILURE, requests.parse_native, requests.check_native),
    Target("native.parse_line", samples.NATIVE, _FAILURE, requests.parse_line, requests.check_line),
    Target("git.parse", samples.GIT, _FAILURE, requests.parse_git, requests.check_git),
    Target("docker.parse", samples.DOCKER, _FAILURE, requests.parse_docker, requests.check_docker),
    Target("terraform_cli.parse", samples.TERRAFORM_CLI, _FAILURE, requests.parse_terraform_cli, requests.check_terraform_cli),
    Target("bazel.parse", samples.BAZEL, _FAILURE, requests.parse_bazel, requests.check_bazel),
    Target("kubernetes.parse", samples.KUBERNETES, _FAILURE, requests.parse_kubernetes, requests.check_kubernetes),
    Target("jsontext.decode", samples.JSON, _VALUE_ERROR, lambda data: decode(data, tail=True), documents.check_json),
    Target("endpoint.parse_endpoint", samples.ENDPOINT, _FAILURE, lambda data: parse_endpoint(text_of(data)), requests.check_endpoint),
    Target("govmomi_format.read_soap", samples.CACHE_FILE, (), read_soap, documents.check_soap_file),
    Target("govmomi_format.read_rest", samples.CACHE_FILE, (), read_rest, documents.check_rest_file),
    Target("config_file", samples.CONFIGURATION, _FAILURE, documents.parse_configuration, documents.check_configuration, _OWN_FILE),
    Target("response.ResponseReader", samples.HTTP, _FAILURE, documents.parse_http, documents.check_http),
    Target("xml.parse_xml", samples.XML, _VALUE_ERROR, parse_xml, documents.check_xml),
    Target("saml.read_token", samples.TOKEN, _FAILURE, read_token, documents.check_token),
    Target("sts.Sts", samples.STS, _FAILURE, documents.parse_sts, documents.check_token),
    Target("dates.unix_seconds", samples.TIME, (), lambda data: unix_seconds(text_of(data)), requests.check_time),
    Target("redirect.answer", samples.REDIRECT, (), oauth.parse_redirect, oauth.check_redirect),
    Target("serving.read_head", samples.TICKET_REQUEST, (BadRequestError,), tickets.parse_head, tickets.check_head),
    Target("tokens.claims", samples.ID_TOKEN, _VALUE_ERROR, lambda data: claims(text_of(data)), oauth.check_claims),
    Target("redis_wire.Wire", samples.RESP, engines.REFUSALS, engines.parse_answer, engines.check_answer),
    Target("thumbprint.normal_thumbprint", samples.THUMBPRINT, _FAILURE, lambda data: normal_thumbprint(text_of(data)), requests.check_thumbprint),
    Target("fleet.document.read", samples.PLACE, _OF_FLEETS, document.read, fleets.check_document),
    Target("fleet.account.read", samples.ACCOUNT, _OF_FLEETS, account.read, fleets.check_account),
    Target("fleet.keys.Keys.open", samples.SEALED, (NotOpenedError, UnknownKeyError), fleets.open_sealed, fleets.check_opened),
)  # fmt: skip
TARGETS = {target.name: target for target in _ALL}
