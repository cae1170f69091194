"""The ways to log in as a Python program names them: `Session(url, login=Certificate(certificate=..., private_key=...))`.

Their fields are those of a request and of the configuration (docs/logins.md), by the same names. A command is a list of
words, or one text that is split as a shell does.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    Command = str | Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Login:
    """One way to log in; its subclasses are the ways that there are. No secret shows in its repr."""

    method: ClassVar[str] = ""

    def values(self) -> dict[str, object]:
        """What is said of it, by name."""
        said = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True, kw_only=True)
class Saml(Login):
    """The password goes to vCenter's STS, and its SAML token to vCenter."""

    method = "saml"

    sts_url: str = ""
    login_ca_file: str = ""


@dataclass(frozen=True, kw_only=True)
class Token(Login):
    """A SAML token that the program has, or that a file or a command has; with a key where it is for the key's holder."""

    method = "token"

    token: str = field(default="", repr=False)
    token_file: str = ""
    token_command: Command = ""
    certificate: str = ""
    private_key: str = ""
    key_passphrase_command: Command = ""


@dataclass(frozen=True, kw_only=True)
class Certificate(Login):
    """The certificate of a solution user, or of a person with a password; `private_key` where that is another file."""

    method = "certificate"

    certificate: str
    private_key: str = ""
    key_passphrase_command: Command = ""
    sts_url: str = ""
    login_ca_file: str = ""


@dataclass(frozen=True, kw_only=True)
class Ticket(Login):
    """A clone ticket: one use, for one session of who gave it; or where to fetch one."""

    method = "ticket"

    ticket: str = field(default="", repr=False)
    ticket_url: str = ""
    ticket_token: str = field(default="", repr=False)
    ticket_token_file: str = ""
    login_ca_file: str = ""


@dataclass(frozen=True, kw_only=True)
class Extension(Login):
    """The certificate of an extension of vCenter, whose key `extension` is."""

    method = "extension"

    extension: str
    certificate: str
    private_key: str = ""
    key_passphrase_command: Command = ""
    tunnel_port: int = 0
    tunnel_thumbprint: str = ""


@dataclass(frozen=True, kw_only=True)
class Impersonate(Login):
    """The session is of the user `impersonate`; the user of the URL logs in for it, by password."""

    method = "impersonate"

    impersonate: str


@dataclass(frozen=True, kw_only=True)
class Oidc(Login):
    """An identity provider; `grant` is `code` (a person, once, by `vsphere-session login`), `client_credentials` or `password`."""

    method = "oidc"

    client_id: str
    grant: str = ""
    issuer: str = ""
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    client_secret: str = field(default="", repr=False)
    client_secret_command: Command = ""
    redirect_uri: str = ""
    oidc_scope: str = ""
    resource: str = ""
    broker: str = ""
    tenant: str = ""
    login_ca_file: str = ""


@dataclass(frozen=True, kw_only=True)
class ApiToken(Login):
    """An API token of VCF 9.1 (`api_token`), or a CI system's own (`idp_token`), for the broker to exchange."""

    method = "api-token"

    api_token: str = field(default="", repr=False)
    api_token_file: str = ""
    api_token_command: Command = ""
    idp_token: str = field(default="", repr=False)
    idp_token_file: str = ""
    idp_token_command: Command = ""
    token_endpoint: str = ""
    broker: str = ""
    tenant: str = ""
    login_ca_file: str = ""
