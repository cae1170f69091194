"""An authenticated pyVmomi `ServiceInstance` from a cached session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyVim.connect import SmartConnect

from vsphere_session.cache.handover import check, context
from vsphere_session.errors import UnsupportedError
from vsphere_session.http.proxied import has_login, variable_of

if TYPE_CHECKING:
    from pyVmomi import vim

    from vsphere_session.http.transport import Transport


def service_instance(transport: Transport, session_id: str, *, timeout: float | None = None) -> vim.ServiceInstance:
    """A ServiceInstance on a SOAP session. `SmartConnect` itself asks the server nothing about it (pyvmomi#537).

    `timeout`: seconds that the server may be silent; for ever where none are said.
    """
    check(session_id)
    endpoint = transport.endpoint
    instance: vim.ServiceInstance = SmartConnect(  # type: ignore[no-untyped-call]
        protocol=endpoint.scheme,
        host=endpoint.host,
        port=endpoint.port,
        path=endpoint.path,
        sessionId=session_id,
        sslContext=context(transport),
        httpConnectionTimeout=timeout,
        **_pyvmomi_proxy(transport),
    )
    return instance


def _pyvmomi_proxy(transport: Transport) -> dict[str, Any]:
    """CONNECT to an HTTP proxy is what pyVmomi knows; it sends a login for that to the server, too."""
    proxy = transport.proxy
    if proxy is None:
        return {}
    if proxy.scheme != "http" or has_login(proxy) or transport.endpoint.scheme != "https":
        raise UnsupportedError(
            f"pyVmomi cannot go through the proxy {proxy.place} ({variable_of(proxy)}): it knows http:// proxies without a login, for https "
            "endpoints; name the server in NO_PROXY, or use another proxy"
        )
    return {"httpProxyHost": proxy.host, "httpProxyPort": proxy.port}
