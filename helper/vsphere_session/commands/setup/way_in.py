"""How somebody logs in: the methods a person is offered, and what each of them has to be told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from vsphere_session.settings import login_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vsphere_session.commands.prompts import Prompts

OFFERED = (
    ("password", "user name and password"),
    ("oidc", "in the browser, at your identity provider"),
    ("certificate", "a certificate with its key"),
    ("saml", "a SAML token for user name and password"),
    ("token", "a SAML token from a file"),
    ("api-token", "an API token of VCF 9.1"),
    ("ticket", "clone tickets from serve-tickets"),
    ("extension", "an extension's certificate"),
    ("impersonate", "as somebody else, for administrators"),
)
_NEEDS = {
    "oidc": (("client_id", "Client id that vCenter or the provider knows"),),
    "certificate": (("certificate", "File with the certificate, PEM"),),
    "token": (("token_file", "File with the token"),),
    "api-token": (("api_token_file", "File with the API token"),),
    "ticket": (("ticket_url", "URL of serve-tickets"),),
    "extension": (("extension", "Key of the extension"), ("certificate", "File with its certificate, PEM")),
    "impersonate": (("impersonate", "User name of the other one"),),
}
"""By method: a field that it cannot do without, and how it is asked for."""
_ELSEWHERE = {
    "token_file": ("token", "token_command"),
    "api_token_file": ("api_token", "api_token_command", "idp_token", "idp_token_file", "idp_token_command"),
    "ticket_url": ("ticket",),
}
"""Other fields that say the same."""
BY_PASSWORD = ("password", "saml", "impersonate")


def options(function: Callable[..., object]) -> Callable[..., object]:
    """An option for each field of a method, such as `--client-id`; secrets are none of them."""
    named = {"grant": click.Choice(login_fields.GRANTS)}
    for field in reversed(("grant", *login_fields.CONFIGURED)):
        kind = "FILE" if field in login_fields.PATHS else "COMMAND" if field in login_fields.COMMANDS else "TEXT"
        option = click.option(
            f"--{field.replace('_', '-')}",
            field,
            metavar=None if field in named else kind,
            type=named.get(field),
            hidden=True,
        )
        function = option(function)
    return function


def given(fields: Mapping[str, object]) -> dict[str, str]:
    """The fields that were given, paths as they are seen from anywhere."""
    found = {name: str(value) for name, value in fields.items() if value is not None and value != ""}
    return {name: _anywhere(name, text) for name, text in found.items()}


def missing(method: str, said: Callable[[str], str], prompts: Prompts) -> dict[str, str]:
    """Ask for what the method cannot do without and nobody has `said`. Raises InvalidRequestError without a terminal."""
    answers = {}
    for field, question in _NEEDS.get(method, ()):
        if not any(map(said, (field, *_ELSEWHERE.get(field, ())))):
            answers[field] = _anywhere(field, prompts.ask(question, f"--{field.replace('_', '-')}"))
    return answers


def _anywhere(name: str, text: str) -> str:
    if name not in (*login_fields.PATHS, "ca_file"):
        return text
    return os.pathsep.join(os.path.abspath(os.path.expanduser(path)) for path in text.split(os.pathsep))
