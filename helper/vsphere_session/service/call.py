"""What surrounds a request: environment, clock, configuration and options come in through a `Host`."""

from __future__ import annotations

from vsphere_session.clock import TIMEOUT, Clock, Deadline
from vsphere_session.fastpath.launcher import HANDED
from vsphere_session.storage.paths import Paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from vsphere_session.cache.clients import WireClient
    from vsphere_session.cache.session import Session
    from vsphere_session.settings.config_file import Configuration


class Host:
    """What surrounds a request.

    connecting    is called before anything is sent to the server
    unbroken      wraps what must not be interrupted (see Session)
    tell          is told what happens, a line at a time
    secret_store  the store for new logins, where a command line names one
    keep          how many seconds a login is kept for a host that is no vSphere; None for ever
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        config: Configuration,
        *,
        clock: Clock | None = None,
        timeout: float = TIMEOUT,
        secret_store: str = "",
        keep: float | None = None,
        caller: str = "",
        unbroken: Callable[[], AbstractContextManager[object]] | None = None,
        connecting: Callable[[], None] | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.environ = environ
        self.config = config
        self.clock = clock or Clock()
        self.timeout = timeout
        self.secret_store = secret_store
        self.keep = keep
        self.caller = caller
        self.unbroken = unbroken
        self.connecting = connecting
        self.tell = tell
        self._untold: list[tuple[Session, WireClient]] = []
        self.deadline: Deadline | None = None
        """When the call ends that has begun already; None where each request is a call of its own."""

        self._unasked: tuple[dict[str, str], float, float] | None = None
        self._state = ""

    @property
    def state(self) -> str:
        """The helper's own directory, the same for every request. Raises StorageError where there is no home directory."""
        self._state = self._state or Paths(self.environ).state
        return self._state

    def found(self, sessions: dict[str, str], since: float, until: float) -> None:
        """Note that the answer is made of these sessions, each with its file, and holds from and until these Unix seconds."""
        self._unasked = sessions, since, until

    def forget_what_holds(self) -> None:
        """Another request begins."""
        self._unasked = None

    @property
    def what_holds(self) -> tuple[float, float] | None:
        """From and until when the answer holds, in Unix seconds; None where the server or a login decided it."""
        return self._unasked[1:] if self._unasked is not None else None

    def remember(self, answer: bytes) -> None:
        """Let the launcher give this answer to the same call, for as long as nobody would be asked about it."""
        if HANDED.answer and self._unasked is not None and self.tell is None:
            from vsphere_session.fastpath.remembered import remember  # noqa: PLC0415  # only where there is a launcher

            sessions, since, until = self._unasked
            remember(answer, sessions, since, until)

    def until(self) -> Deadline:
        """The deadline of the request that is answered now."""
        return self.deadline or Deadline(self.timeout, self.clock)

    def owe(self, session: Session, client: WireClient) -> None:
        """Note that a session will be in no file: `give_back` ends it, unless its caller is `told` of it before."""
        self._untold.append((session, client))

    def told(self) -> None:
        """The caller has its answer, and owns what is in no file."""
        self._untold.clear()

    @property
    def owed(self) -> int:
        """How many sessions `give_back` would end."""
        return len(self._untold)

    def give_back(self, but: int = 0) -> None:
        """End the sessions that are in no file and that no caller was told of, but for the first so many."""
        while len(self._untold) > but:
            session, client = self._untold[-1]
            with session.unbroken():  # or a second signal would keep it alive
                session.undo(client)
                self._untold.pop()
