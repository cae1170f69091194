"""What a way to log in is, and what all of them have in common. One module beside this one for each of them."""

from __future__ import annotations

from abc import ABC, abstractmethod

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Protocol

    from vsphere_session.http.transport import Transport
    from vsphere_session.vsphere.identity import Identity
    from vsphere_session.vsphere.soap import SoapWire

    Made = Callable[[], None]
    SoapLogin = Callable[[SoapWire, Mapping[str, object], Made], Identity]

    class Client(Protocol):
        """What is logged in: `SoapClient` and `RestClient` of the cache."""

        @property
        def kind(self) -> str:
            """`soap` or `rest`."""

        @property
        def transport(self) -> Transport:
            """The way to the server."""

        def prepare(self) -> None:
            """Ask the server for what a login needs and what makes no session yet."""

        def log_in(self, username: str, password: str, locale: str = "") -> Identity | None:
            """Make a new session by user name and password, and say whose it is."""

        def valid(self) -> bool:
            """Whether there is a session in it; asks nobody."""

        def announce(self) -> None:
            """Say that there is a session now, before the server is asked anything more."""

        def confirm(self) -> Identity | None:
            """Ask the server whose session this is; None if it does not know it any more."""

    class SoapClient(Client, Protocol):
        """One that speaks SOAP."""

        def log_in_by(self, request: SoapLogin) -> Identity:
            """Make a new session by this request, and say whose it is.

            It gets the wire, ServiceContent, and what is to be called as soon as the wire has the session's id.
            """

    class RestClient(Client, Protocol):
        """One that speaks REST."""

        def log_in_by(self, authorization: Callable[[str, str], str]) -> Identity | None:
            """Make a new session by a request with such an Authorization, for its method and path, and say whose it is."""


class LoginMethod(ABC):
    """One way to log in.

    name    what the configuration and the helper's own record call it
    whom    whom it logs in, as far as the caller says
    proves  whether it can log in nobody but `whom`, so that the name that the server has for the session is theirs
    kinds   of sessions that it can make; from 8.0.3 on a SOAP session is a REST session, too
    expires until when what it has logged in with allows a session (Unix seconds), None where nothing says so
    ended    sessions that it has made on the way, and ended again
    obtains_by_secret  whether what a server may refuse is sent by `obtain`, and by `log_in` otherwise
    """

    name = ""
    whom = ""
    proves = False
    kinds: tuple[str, ...] = ("soap", "rest")
    expires: float | None = None
    ended: Sequence[str] = ()
    obtains_by_secret = False

    def tries(self, _kind: str) -> tuple[str, str] | None:
        """What the server may refuse, so that it is not tried again at once: for which kind of session, and the secret.

        A refusal for `soap` counts for REST, too. None where nothing is tried (any more).
        """
        return None

    def prepare(self, client: Client) -> None:
        """Ask the server for what a login needs, without any credential. Raises as `log_in` does."""
        client.prepare()

    def obtain(self, client: Client) -> None:  # noqa: B027  # not every way has to
        """Get what it logs in with, once for both kinds: a token, a ticket. It makes no session, and may be interrupted.

        Raises as `log_in` does, NotFoundError, InteractionRequiredError.
        """

    @abstractmethod
    def log_in(self, client: Client) -> Identity | None:
        """The one request that makes a session. None if the server does not know it, though it has just made it.

        Raises LoginRefusedError, UnreachableError, UntrustedError, SessionLimitError, UnsupportedError.
        """

    def disown(self) -> None:  # noqa: B027  # the same
        """It has logged in somebody else than `whom`: forget what would do so again. Raises StorageError."""
