"""An authenticated `requests.Session` from a cached session."""

from __future__ import annotations

import ssl
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin

import requests
from requests.adapters import HTTPAdapter

from vsphere_session.cache.endpoint_auth import HEADER, EndpointAuth
from vsphere_session.cache.handover import check, context
from vsphere_session.errors import UnsupportedError
from vsphere_session.http.authorities import trust_the_platform
from vsphere_session.http.proxied import has_login, variable_of
from vsphere_session.http.tls import without_old_versions

if TYPE_CHECKING:
    from vsphere_session.http.transport import Transport


def requests_session(transport: Transport, session_id: str) -> requests.Session:
    """A requests.Session with the id of a REST session."""
    check(session_id)
    return EndpointSession(transport, EndpointAuth(transport.endpoint, lambda: session_id))


class EndpointSession(requests.Session):
    """Sends the session id to one endpoint only, also when that redirects; a URL may be a path on it.

    Nothing of the environment counts (proxies, authorities, .netrc), and no cookie is kept: it would go to every port
    of the host.
    """

    def __init__(self, transport: Transport, auth: EndpointAuth) -> None:
        super().__init__()
        self._endpoint_auth = self.auth = auth
        self.trust_env = False
        self.proxies = _requests_proxy(transport)
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self.mount("https://", _ContextAdapter(context(transport)))

    def request(
        self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any
    ) -> requests.Response:  # requests' own signature
        """As in requests; `url` may be a path such as `/api/vcenter/vm`."""
        place = urljoin(self._endpoint_auth.base, url if isinstance(url, str) else url.decode())
        return super().request(method, place, *args, **kwargs)

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """On a redirect: the session id goes to the endpoint only."""
        super().rebuild_auth(prepared_request, response)  # type: ignore[no-untyped-call]
        prepared_request.headers.pop(HEADER, None)
        prepared_request.headers.pop("Cookie", None)
        self._endpoint_auth(prepared_request)


def _requests_proxy(transport: Transport) -> dict[str, str]:
    proxy = transport.proxy
    if proxy is None:
        return {}
    if proxy.scheme not in ("http", transport.endpoint.scheme):
        raise UnsupportedError(
            f"requests cannot go through the proxy {proxy.place} ({variable_of(proxy)}): it knows http:// proxies, and https:// ones for https "
            "endpoints; name the server in NO_PROXY, or use another proxy"
        )
    login = f"{quote(proxy.username, safe='')}:{quote(proxy.password or '', safe='')}@" if has_login(proxy) else ""
    return {transport.endpoint.scheme: f"{proxy.scheme}://{login}{proxy.authority}"}


class _ContextAdapter(HTTPAdapter):
    """Lets one context decide about certificates alone; requests would change it and add its own authorities."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        super().__init__(max_retries=0)

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:  # requests' own signature
        """The keys of urllib3's pool: where to, and the context as it is."""
        place, trust = super().build_connection_pool_key_attributes(request, verify, cert)
        if self._context is None:
            return place, trust
        by_name = None if self._context.check_hostname else False  # None: urllib3 asks the context
        return place, {
            "ssl_context": self._context,
            "cert_reqs": self._context.verify_mode,
            "assert_hostname": by_name,
        }

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:  # requests' own signature
        """A proxy by TLS is verified by what the platform trusts, whatever is said of the endpoint."""
        if proxy.startswith("https://"):
            context = without_old_versions(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
            proxy_kwargs["proxy_ssl_context"] = trust_the_platform(context)
        return super().proxy_manager_for(proxy, **proxy_kwargs)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:  # requests' own signature
        """The context does it."""
