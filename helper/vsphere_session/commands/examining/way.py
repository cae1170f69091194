"""The way to the server: its name, the proxy, the connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.commands.examining.finding import ok, warning
from vsphere_session.errors import SessionError
from vsphere_session.http.connection import open_stream
from vsphere_session.http.proxy import proxy_for
from vsphere_session.http.sockets import look_up, packed_address
from vsphere_session.http.tunnel import forwards

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vsphere_session.commands.examining.case import Case
    from vsphere_session.commands.examining.finding import Finding
    from vsphere_session.http.proxy import Proxy

_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")


def name(case: Case) -> Iterator[Finding]:
    """Whether the server's name has an address."""
    server = case.server()
    proxy = _proxy(case)
    if proxy is not None:
        yield ok(f"{server.host} is looked up behind the proxy")
        return
    addresses = sorted({str(address[0]) for _, address in look_up(server, case.until())})
    if packed_address(server.host) is not None:
        yield ok(f"{server.host} is an address")
        return
    yield ok(f"{server.host} is {', '.join(addresses)}")


def proxy(case: Case) -> Iterator[Finding]:
    """Whether one is used, which, and whether it takes us to the server."""
    server = case.server()
    case.proxy = found = proxy_for(server, case.environ)
    named = [variable for variable in _VARIABLES if case.environ.get(variable)]
    if found is None:
        more = (
            f"; {' and '.join(named)}: not for this one, by NO_PROXY, its scheme, or since it is this machine"
            if named
            else ""
        )
        yield ok(f"none on the way to {server.place}{more}")
        if not named and (case.environ.get("ALL_PROXY") or case.environ.get("all_proxy")):
            yield warning("ALL_PROXY is set and not read, as in Go", "set HTTPS_PROXY")
    else:
        try:
            open_stream(server, found, case.until()).close()
        except SessionError as error:
            if error.local:
                raise
            case.unreachable = error
        yield ok(f"{found.place}, which {found.variable} names, is there")


def connection(case: Case) -> Iterator[Finding]:
    """Whether the server takes connections there."""
    server = case.server()
    if case.unreachable is not None:
        raise case.unreachable
    if case.proxy is None:
        open_stream(server, None, case.until()).close()
    if forwards(server, case.proxy):
        yield ok(f"the proxy is given whole requests for {server.place}, and answers to them itself")
        return
    through = f" through {case.proxy.place}" if case.proxy is not None else ""
    yield ok(f"{server.host} takes connections at port {server.port}{through}")


def _proxy(case: Case) -> Proxy | None:
    try:
        return proxy_for(case.server(), case.environ)
    except SessionError:
        return None
