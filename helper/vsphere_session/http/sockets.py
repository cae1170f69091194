"""Sockets and the look-up of names, without importing `socket` and `threading`: those take longer than to connect.

The only file that imports `_socket` and `_thread`; where an interpreter lacks them, or a name of them, the public modules do.

On the fast path.
"""

from __future__ import annotations

import os

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

__all__ = ["Socket", "ascii_host", "broken", "dial", "look_up", "normal_host", "packed_address"]


class Socket(socket):
    """A socket that TLS can refer to."""


def dial(target: Endpoint, deadline: Deadline) -> Socket:
    """A TCP connection to the first of the target's addresses that takes one. Raises UnreachableError."""
    addresses = look_up(target, deadline)
    last: OSError = OSError("no address")
    for number, (family, address) in enumerate(addresses):
        left = deadline.for_network(target.place)
        connection = Socket(family, SOCK_STREAM)
        try:
            connection.settimeout(left / (len(addresses) - number))
            connection.connect(address)
            connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        except OSError as error:
            connection.close()
            last = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise broken(target.place, last, deadline)


def broken(place: str, error: OSError, deadline: Deadline) -> UnreachableError:
    """The error for a connection to `place` that failed like this."""
    if isinstance(error, TimeoutError):
        return UnreachableError(
            f"{place} did not answer within {deadline.seconds:g} s; try again, or allow more with --timeout"
        )
    of_the_system = error.errno and not hasattr(error, "library")  # which TLS's own errors have
    reason = os.strerror(error.errno).lower() if of_the_system else type(error).__name__  # type: ignore[arg-type]  # it is one
    return UnreachableError(
        f"the connection to {place} failed ({reason}); check the url and that the server is up, then try again"
    )


def packed_address(name: str) -> bytes | None:
    """The four or sixteen bytes of an address; None for any other name."""
    for family in (AF_INET, AF_INET6):
        try:
            return inet_pton(family, name.partition("%")[0])
        except OSError:
            continue
    return None


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
            # In lower case, but for an interface's name: musl looks for a name in /etc/hosts as it is spelled.
            asked = (name if "%" in name else name.lower()).encode()  # bytes: a text would import a codec
            found = getaddrinfo(asked, endpoint.port, type=SOCK_STREAM)
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


def normal_host(host: str) -> str:
    """One spelling for a host: ASCII, lower case, without the dot at its end; an IPv6 address without its zone, in full."""
    if ":" in host:
        try:
            return inet_pton(AF_INET6, host.partition("%")[0]).hex(":", 2)
        except OSError:
            return host.lower()
    return ascii_host(host).lower().removesuffix(".")
