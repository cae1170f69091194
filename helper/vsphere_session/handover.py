"""An authenticated pyVmomi `ServiceInstance` or `requests.Session` from a cached session.

Neither of them checks a thumbprint the way this package does, so both get a context that accepts exactly the
certificate that was checked here.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import requests
from pyVim.connect import SmartConnect
from requests.adapters import HTTPAdapter

from vsphere_session.wire.connection import peer_certificate

if TYPE_CHECKING:
    from pyVmomi import vim

    from vsphere_session.clients import RestClient, SoapClient
    from vsphere_session.wire.transport import Transport


def service_instance(client: SoapClient) -> vim.ServiceInstance:
    """A ServiceInstance on the client's session. `SmartConnect` itself asks the server nothing about it (pyvmomi#537)."""
    endpoint = client.transport.endpoint
    instance: vim.ServiceInstance = SmartConnect(  # type: ignore[no-untyped-call]
        protocol=endpoint.scheme,
        host=endpoint.host,
        port=endpoint.port,
        path=endpoint.path,
        sessionId=client.session_id,
        sslContext=_context(client.transport),
    )
    return instance


def requests_session(client: RestClient) -> requests.Session:
    """A requests.Session with the client's session id."""
    return EndpointSession(client.transport, client.session_id)


class EndpointSession(requests.Session):
    """Sends the session id to one endpoint only, also when that redirects; a URL may be a path on it."""

    HEADER = "vmware-api-session-id"

    def __init__(self, transport: Transport, session_id: str) -> None:
        super().__init__()
        endpoint = transport.endpoint
        self._base = f"{endpoint.scheme}://{endpoint.authority}/"
        self._session_id = session_id
        self.auth = self._authenticate
        self.mount("https://", _ContextAdapter(_context(transport)))

    def request(
        self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any
    ) -> requests.Response:  # requests' own signature
        """As in requests; `url` may be a path such as `/api/vcenter/vm`."""
        return super().request(
            method, urljoin(self._base, url if isinstance(url, str) else url.decode()), *args, **kwargs
        )

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """On a redirect: the session id goes to the endpoint only."""
        super().rebuild_auth(prepared_request, response)  # type: ignore[no-untyped-call]
        prepared_request.headers.pop(self.HEADER, None)
        self._authenticate(prepared_request)

    def _authenticate(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        here, there = urlsplit(self._base), urlsplit(request.url or "")
        if (here.scheme, here.netloc.lower()) == (there.scheme, there.netloc.lower()):
            request.headers[self.HEADER] = self._session_id
        return request


class _ContextAdapter(HTTPAdapter):
    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # requests' own signature
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:  # requests' own signature
        """The context decides alone; requests would put its own bundle of authorities into it."""


def _context(transport: Transport) -> ssl.SSLContext | None:
    endpoint, trust = transport.endpoint, transport.trust
    if endpoint.scheme != "https":
        return None
    if transport.ssl_context is not None:
        return transport.ssl_context
    if not trust.thumbprint:
        return trust.context()
    certificate = peer_certificate(endpoint, transport.until(), transport.proxy)
    trust.check_pin(certificate, endpoint.place)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the pinned certificate is its own authority
    context.load_verify_locations(cadata=certificate)
    return context
