"""One command as it was typed: the options that all of them have, where it shows things, and how it asks the service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from vsphere_session.commands.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vsphere_session.login.ground import Person
    from vsphere_session.service.call import Call


@dataclass(frozen=True)
class Common:
    """What every command can be told. Empty, None and 0: nothing is said.

    config        another configuration file
    timeout       seconds for the whole command
    secret_store  the store for new logins
    verbose       how many -v
    url, username the endpoint and its user
    no_browser    whether there is none on this machine
    """

    config: str = ""
    timeout: float | None = None
    secret_store: str = ""
    verbose: int = 0
    url: str = ""
    username: str = ""
    no_browser: bool = False


class MakeCall(Protocol):
    """Makes the call that surrounds a request. Raises InvalidRequestError, StorageError for a bad configuration."""

    def __call__(self, common: Common, person: Person | None) -> Call:
        """See above."""


class Invocation:
    """What a command stands on.

    environ  variables of the process
    screen   what it shows
    common   the options that all commands have
    build    what the program was built from
    usage    its help
    connecting  called before anything is sent to a server outside of `call`
    """

    def __init__(
        self,
        make_call: MakeCall,
        environ: Mapping[str, str],
        common: Common,
        build: str,
        usage: str = "",
        *,
        connecting: Callable[[], None] = lambda: None,
    ) -> None:
        self.environ = environ
        self.screen = Screen(environ)
        self.common = common
        self.build = build
        self.usage = usage
        self.connecting = connecting
        self._make_call = make_call

    def call(self, person: Person | None = None) -> Call:
        """The call in which the service is asked; each has the whole time-out. Raises InvalidRequestError, StorageError."""
        return self._make_call(self.common, person)
