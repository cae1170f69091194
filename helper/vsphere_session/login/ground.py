"""What a way to log in stands on: the server, the way to other hosts, time, secrets, and whether a person is there."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from vsphere_session.storage.reading import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from vsphere_session.clock import Clock, Deadline
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.http.transport import Transport
    from vsphere_session.login.values import Values


class Vault(Protocol):
    """What is kept for this endpoint in the secret store beside its passwords, such as a refresh token; by a name."""

    def login(self, username: str) -> str | None:
        """The password that is stored for this name, which may be a client's; None if there is none."""

    def get(self, name: str) -> str | None:
        """The secret; None if there is none."""

    def set(self, name: str, secret: str) -> None:
        """Keep it in place of the one before."""

    def delete(self, name: str) -> bool:
        """Forget it; False if there was none."""

    def alone(self, name: str, deadline: Deadline) -> AbstractContextManager[object]:
        """A context in which no other call uses this secret, for one that can be used once. Raises BusyError."""


class Person(Protocol):
    """Somebody in front of a terminal, for ways to log in that need one."""

    @property
    def has_browser(self) -> bool:
        """Whether there may be a browser on this machine."""

    def show(self, url: str) -> None:
        """Show an address that is to be opened."""

    def open(self, url: str) -> None:
        """Open it in the browser, if that can be. It may come back only when that is closed."""

    def read(self, deadline: Deadline) -> str:
        """Read what is pasted: a line without its end. Raises InteractionRequiredError, BusyError at the end of `deadline`."""


class NoVault:
    """Keeps nothing: for a caller who has brought no secret store."""

    def login(self, _username: str) -> str | None:
        """Nothing."""
        return None

    def get(self, _name: str) -> str | None:
        """Nothing."""
        return None

    def set(self, _name: str, _secret: str) -> None:
        """Forget it at once."""

    def delete(self, _name: str) -> bool:
        """There is nothing to forget."""
        return False

    def alone(self, _name: str, _deadline: Deadline) -> AbstractContextManager[object]:
        """Nobody else can have it."""
        return nullcontext()


@dataclass(frozen=True)
class Ground:
    """What one login stands on.

    account    whose password it takes, where that is not the user whose session it will be
    endpoint   the server, with the user whose session it will be, without a password
    password   looks the user's password up, or None
    vault      keeps other secrets
    clock, until  the time, and the deadline of the call
    environ    variables
    locale     the language of the server's texts; empty for its own
    unbroken   wraps what must not be interrupted
    tell       called with what happens, a line at a time, without secrets
    transport_to  the way to a host; to the server itself by what is said of its trust, to another one by `ca_file` or the platform
    through_tunnel  the way to a part of the server behind a proxy of its own, with its own thumbprint or none
    person     who can be asked; None where nobody is there
    """

    account: str
    endpoint: Endpoint
    password: Callable[[], str | None]
    vault: Vault
    clock: Clock
    until: Callable[[], Deadline]
    environ: Mapping[str, str]
    locale: str
    unbroken: Callable[[], AbstractContextManager[object]]
    tell: Callable[[str], None]
    transport_to: Callable[[Endpoint, str], Transport]
    through_tunnel: Callable[[Endpoint, Endpoint, str], Transport]
    person: Person | None = None

    def read(self, path: str, what: str, limit: int = 1024 * 1024) -> bytes:
        """At most `limit` bytes of a file that the user has named as `what`; of a pipe, what comes in time. Raises StorageError."""
        from vsphere_session.errors import StorageError  # noqa: PLC0415  # beside its use

        try:
            return Reader().named(path, limit, what, self.until().remaining())
        except OSError as error:
            raise StorageError(
                f"cannot read {what} {path}: {os.strerror(error.errno or 0)}; check path and mode"
            ) from None


def elsewhere(ground: Ground, values: Values) -> Callable[[Endpoint], Transport]:
    """The way to hosts that have to do with a login and are not the server, verified by `login_ca_file` (see `transport_to`)."""
    ca_file = values.path("login_ca_file")
    return lambda place: ground.transport_to(place, ca_file)
