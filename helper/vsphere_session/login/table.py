"""The ways to log in, by the name that the configuration has for them. `password` is the cache's own, without any of this."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vsphere_session.login.ground import Ground
    from vsphere_session.login.method import LoginMethod
    from vsphere_session.login.values import Values

MODULES = {
    "saml": "saml",
    "token": "token",
    "certificate": "certificate",
    "ticket": "ticket",
    "extension": "extension",
    "impersonate": "impersonate",
    "oidc": "oidc",
    "api-token": "api_token",
}
"""Each has a function `method(ground, values)`."""


def make(name: str, ground: Ground, values: Values) -> LoginMethod:
    """The way to log in of this name; its module is imported now."""
    found: LoginMethod = import_module(f"vsphere_session.login.{MODULES[name]}").method(ground, values)
    return found
