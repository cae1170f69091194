"""What ways to log in can be told, by name: fields of a request, and keys of the configuration. On the fast path."""

from __future__ import annotations

METHODS = ("password", "saml", "token", "certificate", "ticket", "extension", "impersonate", "oidc", "api-token")
GRANTS = ("code", "client_credentials", "password")

SECRETS = ("token", "ticket", "ticket_token", "client_secret", "api_token", "idp_token")
"""Given by a request only: there is no place for a secret in the configuration."""
COMMANDS = (
    "password_command",
    "token_command",
    "key_passphrase_command",
    "client_secret_command",
    "api_token_command",
    "idp_token_command",
)
"""Programs that print one: a list of words, or one text that is split as a shell does; no shell runs it."""
PATHS = (
    "token_file",
    "certificate",
    "private_key",
    "ticket_token_file",
    "api_token_file",
    "idp_token_file",
    "login_ca_file",
)
TEXTS = (
    "locale",
    "sts_url",
    "ticket_url",
    "extension",
    "tunnel_port",
    "tunnel_thumbprint",
    "impersonate",
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "client_id",
    "redirect_uri",
    "oidc_scope",
    "tenant",
    "resource",
    "broker",
)
CONFIGURED = (*COMMANDS, *PATHS, *TEXTS)
FIELDS = frozenset(("method", "grant", *SECRETS, *CONFIGURED))

VARIABLES = {
    "certificate": "GOVC_CERTIFICATE",
    "private_key": "GOVC_PRIVATE_KEY",
    "token": "VSPHERE_SESSION_TOKEN",
    "api_token": "VSPHERE_SESSION_API_TOKEN",
}
"""Where the environment says the same. govc's belong to govc's URL, if it names one."""
