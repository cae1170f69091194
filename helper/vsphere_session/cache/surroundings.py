"""What surrounds a call, as one value that nobody changes. On the fast path."""

from __future__ import annotations

import sys

from vsphere_session.clock import TIMEOUT, Clock, Deadline
from vsphere_session.storage.paths import Paths
from vsphere_session.storage.reading import Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from typing import Final


class Unguarded:
    """Guards nothing. `contextlib.nullcontext` costs an import that a warm answer can do without."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_error: object) -> None:
        return None


def _log(line: str) -> None:
    """To the logger `vsphere_session`, if anybody has imported `logging`: else nobody listens, and the import is dear."""
    logging = sys.modules.get("logging")
    if logging is not None:
        logging.getLogger("vsphere_session").debug(line)


class Surroundings:
    """What a session needs to know beside its own terms.

    environ     variables: HOME, GOVMOMI_HOME, proxies, …
    clock       time, for tests
    timeout     seconds that a request may take where no `deadline` is running already
    caller      named to the server in the User-Agent
    reader      reads files, and notes which
    unbroken    wraps what must not be interrupted: from the request of a login until its session is in a file
    connecting  called before anything is sent to the server
    tell        called with what happens, a line at a time, without secrets; `verbose` if there is somebody to tell, else
                those lines are `logging`'s, under `vsphere_session`
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        clock: Clock | None = None,
        timeout: float = TIMEOUT,
        deadline: Deadline | None = None,
        caller: str = "",
        reader: Reader | None = None,
        unbroken: Callable[[], AbstractContextManager[object]] = Unguarded,
        connecting: Callable[[], None] = lambda: None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.environ: Final = environ
        self.clock: Final = clock or Clock()
        self.timeout: Final = timeout
        self.deadline: Final = deadline
        self.caller: Final = caller
        self.reader: Final = reader or Reader()
        self.unbroken: Final = unbroken
        self.connecting: Final = connecting
        self.verbose: Final = tell is not None
        self.tell: Final = tell or _log
        self._paths: Paths | None = None

    @property
    def paths(self) -> Paths:
        """The directories of this user. Raises StorageError where there is no home directory."""
        if self._paths is None:
            self._paths = Paths(self.environ)
        return self._paths

    def begun(self) -> Surroundings:
        """The same with the deadline of a call that begins now, unless one is running."""
        return self if self.deadline is not None else self._with(self.reader)

    def again(self, deadline: Deadline | None = None) -> Surroundings:
        """The same for a further call, which begins now, or has this deadline, and depends on what itself reads."""
        return self._with(Reader(), deadline)

    def _with(self, reader: Reader, deadline: Deadline | None = None) -> Surroundings:
        return Surroundings(
            self.environ,
            clock=self.clock,
            timeout=self.timeout if deadline is None else deadline.seconds,
            deadline=deadline or Deadline(self.timeout, self.clock),
            caller=self.caller,
            reader=reader,
            unbroken=self.unbroken,
            connecting=self.connecting,
            tell=self.tell if self.verbose else None,
        )

    def until(self) -> Deadline:
        """The deadline of the call under way, or a new one."""
        return self.deadline or Deadline(self.timeout, self.clock)
