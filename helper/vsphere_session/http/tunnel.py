"""The way through a proxy: CONNECT over HTTP or HTTPS, or SOCKS. What to send to whom there is Go's: see proxy.py.

An error here is `local` unless the proxy has said that it is the server which cannot be reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.errors import SessionError, UnreachableError, UntrustedError
from vsphere_session.http.authorities import trust_the_platform
from vsphere_session.http.proxied import Talk, failure, has_login, login_wanted, variable_of
from vsphere_session.http.response import ResponseReader
from vsphere_session.http.sockets import ascii_host, broken, dial
from vsphere_session.http.tls import SSLError, client_context, start_tls

if TYPE_CHECKING:
    from vsphere_session.clock import Deadline
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.http.sockets import Socket
    from vsphere_session.http.tls import Stream

_SERVER_IS_AWAY = (502, 503, 504)  # what proxies answer that cannot reach a server


def open_tunnel(endpoint: Endpoint, proxy: Endpoint, deadline: Deadline) -> Stream:
    """A stream to the endpoint; where the proxy `forwards` whole requests, one to the proxy.

    Raises UnreachableError, UntrustedError for a proxy by TLS, InvalidRequestError for a login that cannot be sent.
    """
    talk = Talk(endpoint, proxy, deadline)
    try:
        tcp = dial(proxy, deadline)
    except UnreachableError as error:
        raise _failed(talk, error, "that the proxy is up") from None
    try:
        talk.stream = _start_tls(tcp, talk) if proxy.scheme == "https" else tcp
        try:
            if proxy.scheme in ("socks5", "socks5h"):
                from vsphere_session.http.socks import connect  # noqa: PLC0415  # few have that

                connect(talk)
            elif not forwards(endpoint, proxy):
                _connect(talk)
        except UnreachableError as error:
            if variable_of(proxy) in error.message:
                raise
            raise _failed(talk, error, "that this is the proxy's port") from None
    except BaseException:
        (talk.stream or tcp).close()
        raise
    return talk.stream


def forwards(endpoint: Endpoint, proxy: Endpoint | None) -> bool:
    """Whether requests for the endpoint are given to the proxy as they are, as Go does for `http://` endpoints."""
    return proxy is not None and endpoint.scheme == "http" and proxy.scheme in ("http", "https")


def authorization(proxy: Endpoint) -> str:
    """The value of Proxy-Authorization, empty for a proxy without a login."""
    if not has_login(proxy):
        return ""
    from binascii import b2a_base64  # noqa: PLC0415  # few have that

    return "Basic " + b2a_base64(f"{proxy.username}:{proxy.password or ''}".encode(), newline=False).decode()


def _connect(talk: Talk) -> None:
    host = ascii_host(talk.endpoint.host.partition("%")[0])
    target = f"[{host}]:{talk.endpoint.port}" if ":" in host else f"{host}:{talk.endpoint.port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    login = authorization(talk.proxy)
    if login:
        lines.append(f"Proxy-Authorization: {login}")
    talk.send("\r\n".join([*lines, "", ""]).encode("ascii"))
    response, _ = ResponseReader(talk.receive_byte, talk.proxy.place).read(without_body=True)
    status = response.status
    if status == 200:
        return
    if status == 407:
        raise login_wanted(talk.endpoint, talk.proxy, "407")
    if status in _SERVER_IS_AWAY:
        up = f"that {talk.endpoint.place} is up and can be reached from the proxy"
        raise failure(talk.endpoint, talk.proxy, f"which cannot reach it ({status})", up, local=False)
    raise failure(talk.endpoint, talk.proxy, f"which refuses to connect ({status})")


def _start_tls(tcp: Socket, talk: Talk) -> Stream:
    """TLS to the proxy itself, verified by what the platform trusts and by nothing that is said of the endpoint."""
    proxy, deadline = talk.proxy, talk.deadline
    try:
        context = trust_the_platform(client_context())
        return start_tls(tcp, context, ascii_host(proxy.host.partition("%")[0]), deadline.for_network(proxy.place))
    except SSLError as error:
        from vsphere_session.http.tls_failures import in_words, is_about_trust  # noqa: PLC0415  # only for who fails

        if is_about_trust(error):
            what = f"whose certificate is not trusted ({in_words(error)})"
            check = "let the platform trust the proxy's authority, or name that in SSL_CERT_FILE"
            raise failure(talk.endpoint, proxy, what, check, kind=UntrustedError) from None
        what = f"with which no TLS came about ({in_words(error)})"
        raise failure(talk.endpoint, proxy, what, "that the proxy takes TLS there") from None
    except OSError as error:
        raise _failed(talk, broken(proxy.place, error, deadline), "that the proxy takes TLS there") from None


def _failed(talk: Talk, error: UnreachableError, check: str) -> SessionError:
    return failure(talk.endpoint, talk.proxy, f"and {error.message.partition(';')[0]}", check)
