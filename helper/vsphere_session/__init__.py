"""vSphere sessions from a cache shared with govc.

    from vsphere_session import Session, SoapClient, RestClient

`Session` is the cache; `SoapClient` and `RestClient` are what it fills. Everything that can go wrong is a
`SessionError` with the contract's `kind`.
"""

from __future__ import annotations

from vsphere_session.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.cache.client_protocol import Client as Client
    from vsphere_session.cache.clients import RestClient as RestClient
    from vsphere_session.cache.clients import SoapClient as SoapClient
    from vsphere_session.cache.policy import Policy as Policy
    from vsphere_session.cache.session import Session as Session
    from vsphere_session.endpoint import Endpoint as Endpoint
    from vsphere_session.endpoint import parse_endpoint as parse_endpoint
    from vsphere_session.errors import SessionError as SessionError

_EXPORTS = {
    "Client": "cache.client_protocol",
    "Endpoint": "endpoint",
    "Policy": "cache.policy",
    "RestClient": "cache.clients",
    "Session": "cache.session",
    "SessionError": "errors",
    "SoapClient": "cache.clients",
    "parse_endpoint": "endpoint",
}

__all__ = [*_EXPORTS, "__version__"]  # noqa: PLE0604  # built from the table, held to it by a test


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: the executable needs few of them."""
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415  # not for a warm answer

    return getattr(import_module(f"{__name__}.{_EXPORTS[name]}"), name)
