"""vSphere sessions from a cache shared with govc.

    from vsphere_session import Session

    with Session("https://user@vc.example.com/sdk") as session:
        instance = session.service_instance()  # pyVmomi
        http = session.requests_session()  # requests

`Session` is the cache; `SoapClient` and `RestClient` are what it fills, `VsphereAuth` is for sessions of `requests` of your
own, and `vsphere_session.login` has the ways to log in. Everything that can go wrong is a `SessionError` with the
contract's `kind`.
"""

from __future__ import annotations

from vsphere_session.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.cache.client_protocol import Client as Client
    from vsphere_session.cache.clients import RestClient as RestClient
    from vsphere_session.cache.clients import SoapClient as SoapClient
    from vsphere_session.cache.policy import Policy as Policy
    from vsphere_session.endpoint import Endpoint as Endpoint
    from vsphere_session.endpoint import parse_endpoint as parse_endpoint
    from vsphere_session.errors import BusyError as BusyError
    from vsphere_session.errors import InteractionRequiredError as InteractionRequiredError
    from vsphere_session.errors import InvalidRequestError as InvalidRequestError
    from vsphere_session.errors import LoginRefusedError as LoginRefusedError
    from vsphere_session.errors import NotFoundError as NotFoundError
    from vsphere_session.errors import SessionError as SessionError
    from vsphere_session.errors import SessionLimitError as SessionLimitError
    from vsphere_session.errors import StorageError as StorageError
    from vsphere_session.errors import UnreachableError as UnreachableError
    from vsphere_session.errors import UnsupportedError as UnsupportedError
    from vsphere_session.errors import UntrustedError as UntrustedError
    from vsphere_session.library.auth import VsphereAuth as VsphereAuth
    from vsphere_session.library.fleet import Fleet as Fleet
    from vsphere_session.library.session import Session as Session

_EXPORTS = {
    "BusyError": "errors",
    "Client": "cache.client_protocol",
    "Endpoint": "endpoint",
    "Fleet": "library.fleet",
    "InteractionRequiredError": "errors",
    "InvalidRequestError": "errors",
    "LoginRefusedError": "errors",
    "NotFoundError": "errors",
    "Policy": "cache.policy",
    "RestClient": "cache.clients",
    "Session": "library.session",
    "SessionError": "errors",
    "SessionLimitError": "errors",
    "SoapClient": "cache.clients",
    "StorageError": "errors",
    "UnreachableError": "errors",
    "UnsupportedError": "errors",
    "UntrustedError": "errors",
    "VsphereAuth": "library.auth",
    "parse_endpoint": "endpoint",
}

__all__ = [*_EXPORTS, "__version__"]  # noqa: PLE0604  # built from the table, held to it by a test


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: the executable needs few of them."""
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415  # not for a warm answer

    return getattr(import_module(f"{__name__}.{_EXPORTS[name]}"), name)
