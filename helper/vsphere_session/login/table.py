"""The ways to log in, by the name that the configuration has for them. `password` is the cache's own, without any of this."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vsphere_session.login.ground import Ground
    from vsphere_session.login.method import LoginMethod
    from vsphere_session.login.values import Values


def make(name: str, ground: Ground, values: Values) -> LoginMethod:  # noqa: PLR0911  # a table
    """The way to log in of this name. Only its module is imported, in words that a build can follow."""
    # ruff: noqa: PLC0415  # each may cost more than all the rest of a login
    match name:
        case "saml":
            from vsphere_session.login import saml

            return saml.method(ground, values)
        case "token":
            from vsphere_session.login import token

            return token.method(ground, values)
        case "certificate":
            from vsphere_session.login import certificate

            return certificate.method(ground, values)
        case "ticket":
            from vsphere_session.login import ticket

            return ticket.method(ground, values)
        case "extension":
            from vsphere_session.login import extension

            return extension.method(ground, values)
        case "impersonate":
            from vsphere_session.login import impersonate

            return impersonate.method(ground, values)
        case "oidc":
            from vsphere_session.login import oidc

            return oidc.method(ground, values)
        case _:
            from vsphere_session.login import api_token

            return api_token.method(ground, values)
