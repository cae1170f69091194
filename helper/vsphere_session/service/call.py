"""The call, as one value that nobody changes: what surrounds a request. And what it leaves behind. On the fast path."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from typing import Final

    from vsphere_session.cache.clients import WireClient
    from vsphere_session.cache.session import Session
    from vsphere_session.cache.surroundings import Surroundings
    from vsphere_session.clock import Deadline
    from vsphere_session.login.ground import Person
    from vsphere_session.secrets.logins import Logins
    from vsphere_session.settings.config_file import Configuration

    Holds = tuple[Mapping[str, str], float, float]


class Call:
    """What surrounds a request.

    around        clock, deadline, environment and the like
    config        what the configuration file says
    secret_store  the store for new logins, where a command line names one
    keep          how many seconds a login is kept for a host that is no vSphere; None for ever
    remember      whether an answer may be given again without being worked out
    person        who can be asked; None for a program that calls
    outcome       what the call leaves behind beside its answer
    """

    def __init__(
        self,
        around: Surroundings,
        config: Configuration,
        *,
        secret_store: str = "",
        keep: float | None = None,
        remember: bool = True,
        person: Person | None = None,
    ) -> None:
        self.around: Final = around
        self.config: Final = config
        self.secret_store: Final = secret_store
        self.keep: Final = keep
        self.remember: Final = remember
        self.person: Final = person
        self.outcome: Final = Outcome(around.unbroken)

    def again(self, deadline: Deadline | None = None) -> Call:
        """A further call in the same surroundings, which begins now, or has this deadline."""
        return Call(
            self.around.again(deadline),
            self.config,
            secret_store=self.secret_store,
            keep=self.keep,
            remember=self.remember,
            person=self.person,
        )

    def logins(self, configured: str, around: Surroundings) -> Logins:
        """The stored logins; `configured` is the store that the configuration names for new ones, or empty."""
        from vsphere_session.secrets.logins import Logins  # noqa: PLC0415  # a cached session needs none

        choice = self.secret_store or configured
        return Logins(around.paths.state, choice, around.clock, around.until(), around.reader)


class Outcome:
    """Sessions that are in no file, until their caller knows of them; and how long the answer holds.

    holds  the cache file of each session id that may be in the answer, and from and until when (Unix seconds) the same
           question has the same answer as long as no file changes; None where the server or a login decided it
    """

    def __init__(self, unbroken: Callable[[], AbstractContextManager[object]]) -> None:
        self._unbroken = unbroken
        self._owed: list[tuple[Session, WireClient]] = []
        self.holds: Holds | None = None

    def note(self, files: Mapping[str, str], since: float, until: float) -> None:
        """Note how long the answer holds."""
        self.holds = files, since, until

    def owe(self, session: Session, client: WireClient) -> None:
        """Note that a session will be in no file: `give_back` ends it, unless its caller is `told` of it before."""
        self._owed.append((session, client))

    def told(self) -> None:
        """The caller has its answer, and owns what is in no file."""
        self._owed.clear()

    def give_back(self) -> None:
        """End the sessions that are in no file and that no caller was told of."""
        while self._owed:
            session, client = self._owed[-1]
            with self._unbroken():  # or a second signal would keep it alive
                session.undo(client)
                self._owed.pop()
