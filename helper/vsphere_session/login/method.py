"""What a way to log in is, as a type: in a module of its own, since a login can do without `typing`."""

from __future__ import annotations

from typing import Protocol

from vsphere_session.vsphere.identity import Identity


class Client(Protocol):
    """What is logged in: `SoapClient` and `RestClient` of the cache."""

    @property
    def kind(self) -> str:
        """`soap` or `rest`."""

    def prepare(self) -> None:
        """Ask the server for what a login needs and what makes no session yet."""

    def log_in(self, username: str, password: str) -> Identity | None:
        """Make a new session, and say whose it is."""

    def valid(self) -> bool:
        """Whether there is a session in it; asks nobody."""

    def announce(self) -> None:
        """Say that there is a session now, before the server is asked anything more."""

    def confirm(self) -> Identity | None:
        """Ask the server whose session this is; None if it does not know it any more."""


class LoginMethod(Protocol):
    """One way to log in.

    name    what the helper's own record calls it
    whom    whom it logs in, as far as the caller says
    secret  what the server may refuse, so that it is not tried again at once; None where nothing locks an account
    proves  whether it can log in nobody but `whom`, so that the name that the server has for the session is theirs
    """

    @property
    def name(self) -> str:
        """See above."""

    @property
    def whom(self) -> str:
        """See above."""

    @property
    def secret(self) -> str | None:
        """See above."""

    @property
    def proves(self) -> bool:
        """See above."""

    def prepare(self, client: Client) -> None:
        """Do what makes no session yet, and may be interrupted. Raises as `log_in` does."""

    def log_in(self, client: Client) -> Identity | None:
        """The one request that makes a session. None if the server does not know it, though it has just made it.

        Raises LoginRefusedError, UnreachableError, UntrustedError, SessionLimitError, UnsupportedError.
        """
