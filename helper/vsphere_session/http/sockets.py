"""Sockets and the look-up of names, without importing `socket` and `threading`: those take longer than to connect.

The only file that imports `_socket` and `_thread`; where an interpreter lacks them, or a name of them, the public modules do.

On the fast path.
"""

from __future__ import annotations

from vsphere_session.errors import UnreachableError

try:
    from _socket import AF_INET, AF_INET6, IPPROTO_TCP, SOCK_STREAM, TCP_NODELAY, getaddrinfo, inet_pton, socket
except ImportError:
    from socket import (  # type: ignore[assignment]  # mypy knows the values of `_socket` only
        AF_INET,
        AF_INET6,
        IPPROTO_TCP,
        SOCK_STREAM,
        TCP_NODELAY,
        getaddrinfo,
        inet_pton,
        socket,
    )
try:
    from _thread import allocate_lock, start_new_thread
except ImportError:
    from threading import Lock as allocate_lock  # noqa: N813  # the name that `_thread` has for it
    from threading import Thread

    def start_new_thread(work: Callable[[], None], arguments: tuple[()]) -> None:  # type: ignore[no-redef]  # mypy knows one with `_thread` only
        """As `_thread` does: nobody waits for it."""
        Thread(target=work, args=arguments, daemon=True).start()


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.clock import Deadline
    from vsphere_session.endpoint import Endpoint

    Address = tuple[int, tuple[object, ...]]

__all__ = ["IPPROTO_TCP", "SOCK_STREAM", "TCP_NODELAY", "Socket", "ascii_host", "look_up"]


class Socket(socket):
    """A socket that TLS can refer to."""


def look_up(endpoint: Endpoint, deadline: Deadline) -> list[Address]:
    """The endpoint's addresses. A name is looked up in a thread of its own: the system's resolver knows no time-out.

    Raises UnreachableError.
    """
    name = ascii_host(endpoint.host)
    for family, rest in ((AF_INET, ()), (AF_INET6, (0, 0))):
        try:
            inet_pton(family, name)
        except OSError:
            continue
        return [(family, (name, endpoint.port, *rest))]
    result: list[list[Address] | OSError] = []
    answered = allocate_lock()
    answered.acquire()

    def ask() -> None:
        try:
            found = getaddrinfo(name.encode(), endpoint.port, type=SOCK_STREAM)  # bytes: a text would import a codec
            result.append([(family, address) for family, _, _, _, address in found])
        except OSError as error:
            result.append(error)
        finally:
            answered.release()

    start_new_thread(ask, ())
    answered.acquire(timeout=deadline.for_network(f"the look-up of {endpoint.host}"))
    if not result:
        deadline.for_network(f"the look-up of {endpoint.host}")
        raise UnreachableError(
            f"the look-up of {endpoint.host} did not answer within {deadline.seconds:g} s; check the name and the name servers"
        )
    if not isinstance(result[0], list):
        raise UnreachableError(f"the host name {endpoint.host} cannot be found; check the url and the name servers")
    return result[0]


def ascii_host(host: str) -> str:
    """A host's name as it is looked up and sent. The codec for other alphabets takes 3 ms to import."""
    return host if host.isascii() else host.encode("idna").decode("ascii")
