"""TLS on a socket, as `ssl` and `socket` do it for a client, without importing those: that takes longer than a handshake.

`_ssl` is what `ssl` wraps, and this is the only file that imports it; where an interpreter lacks it, or a name of it,
`ssl` itself does. A context of its own has the same defaults as `ssl.SSLContext(PROTOCOL_TLS_CLIENT)`: the certificate
verified, the host name checked; a test compares them. That it speaks TLS 1.2 or newer is no default: it is said here.

On the fast path.
"""

from __future__ import annotations

from vsphere_session.http.sockets import Socket

try:
    from _ssl import (
        CERT_NONE,
        PROTOCOL_TLS_CLIENT,
        MemoryBIO,
        PROTO_TLSv1_2,
        SSLCertVerificationError,
        SSLEOFError,
        SSLError,
        SSLWantReadError,
        get_default_verify_paths,
    )
    from _ssl import _SSLContext as Context
except ImportError:
    import ssl as public
    from ssl import (
        CERT_NONE,
        PROTOCOL_TLS_CLIENT,
        MemoryBIO,
        SSLCertVerificationError,
        SSLEOFError,
        SSLError,
        SSLWantReadError,
    )
    from ssl import SSLContext as Context

    PROTO_TLSv1_2 = public.TLSVersion.TLSv1_2  # type: ignore[misc]  # mypy knows one with `_ssl` only

    def get_default_verify_paths() -> tuple[str, str, str, str]:
        """As in `_ssl`: the variable that names a file, that file where it is not set, and both for a directory."""
        return public.get_default_verify_paths()[2:]


TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from typing import Protocol, TypeVar

    AnyContext = TypeVar("AnyContext", bound=Context)

    class Stream(Protocol):
        """What TCP and TLS have in common: the methods of `socket.socket`, which raise OSError."""

        def settimeout(self, seconds: float | None, /) -> None:
            """Let each of the following take so many seconds, 0 for none at all."""

        def sendall(self, data: bytes, /) -> None:
            """Send all of it."""

        def recv(self, size: int, /) -> bytes:
            """At most so many bytes, none at the end."""

        def close(self) -> None:
            """Close it."""


_X509_V_FLAG_PARTIAL_CHAIN = 0x80000

__all__ = [
    "CERT_NONE",
    "PROTOCOL_TLS_CLIENT",
    "Context",
    "MemoryBIO",
    "SSLCertVerificationError",
    "SSLEOFError",
    "SSLError",
    "SSLWantReadError",
    "Secured",
    "client_context",
    "get_default_verify_paths",
    "start_tls",
    "with_partial_chains",
    "without_old_versions",
]


def client_context() -> Context:
    """A new context for a client, which verifies certificate and host name by TLS 1.2 or newer."""
    return without_old_versions(Context(PROTOCOL_TLS_CLIENT))


def with_partial_chains(context: Context) -> None:
    """Take each certificate that this context trusts as the end of a chain, the server's own and intermediates included."""
    context.verify_flags |= _X509_V_FLAG_PARTIAL_CHAIN


def without_old_versions(context: AnyContext) -> AnyContext:
    """`context`, which speaks TLS 1.2 or newer, however this Python was built and OpenSSL is configured.

    Where those want a still newer one, that stays.
    """
    context.minimum_version = max(context.minimum_version, PROTO_TLSv1_2)
    return context


class Secured:
    """A socket with TLS on it, after the handshake."""

    def __init__(self, tcp: Socket, context: Context, server_name: str) -> None:
        self._tcp = tcp
        self._tls = context._wrap_socket(tcp, False, server_name)  # type: ignore[attr-defined]  # its only way in
        self._tls.do_handshake()
        self.settimeout = tcp.settimeout
        self.recv = self._tls.read
        self.version = self._tls.version
        self.close = tcp.close

    def sendall(self, data: bytes) -> None:
        """Send all of it."""
        view = memoryview(data)
        while view:
            view = view[self._tls.write(view) :]

    def getpeercert(self, binary_form: bool) -> bytes | None:
        """The server's certificate, in DER if it is to be binary."""
        return self._tls.getpeercert(binary_form)  # type: ignore[no-any-return]


def start_tls(
    tcp: Socket, context: Context | ssl.SSLContext, server_name: str, seconds: float
) -> Secured | ssl.SSLSocket:
    """Shake hands within so many seconds for each step, as a client of the server with this name (in ASCII) or address.

    The context may be one of `ssl`'s, too, or whatever has its `wrap_socket`. Raises OSError, of which TLS has its own
    kinds. The TCP socket is closed then, or with what comes back.
    """
    try:
        tcp.settimeout(seconds)
        if hasattr(context, "wrap_socket"):
            return _by_its_own_method(tcp, context, server_name, seconds)  # type: ignore[arg-type]
        return Secured(tcp, context, server_name)
    except BaseException:
        tcp.close()
        raise


def _by_its_own_method(tcp: Socket, context: ssl.SSLContext, server_name: str, seconds: float) -> ssl.SSLSocket:
    import socket as public  # noqa: PLC0415  # whoever has such a context has imported it

    plain = public.socket(tcp.family, tcp.type, tcp.proto, fileno=tcp.detach())
    try:
        plain.settimeout(seconds)
        return context.wrap_socket(plain, server_hostname=server_name)
    except BaseException:
        plain.close()
        raise
