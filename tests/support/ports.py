"""Ports at which nobody but this test listens, now or later.

Whoever listens at port 0 is given one of the system's range. A number that was free in it a moment ago may be another
test's by now, and what answers there is not what the test means.
"""

from __future__ import annotations

import contextlib
import errno
import random
import socket
from collections.abc import Iterator

_NEVER_GIVEN = range(20000, 32768)  # below the range of Linux, macOS and Windows


def free_port() -> int:
    """One to listen at, on each address of this machine, and to come back to."""
    while True:
        port = random.SystemRandom().choice(_NEVER_GIVEN)
        if _is_free("127.0.0.1", port) and _is_free("::1", port):
            return port


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """One of 127.0.0.1 that refuses connections for as long as the context lasts."""
    with _held("127.0.0.1", free_port()) as held:
        yield int(held.getsockname()[1])


def _is_free(address: str, port: int) -> bool:
    try:
        _held(address, port).close()
    except OSError as error:
        return error.errno != errno.EADDRINUSE  # this machine may be without IPv6
    return True


def _held(address: str, port: int) -> socket.socket:
    """Bound, and not listened at."""
    held = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        held.bind((address, port))
    except OSError:
        held.close()
        raise
    return held
