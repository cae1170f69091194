"""A fleet as one runner knows it: the engine, the keys, the namespace, and what is to be done where the engine is away."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from vsphere_session.digest import sha256_hex
from vsphere_session.errors import StorageError
from vsphere_session.fleet.engine import DownError
from vsphere_session.storage.files import write_private
from vsphere_session.storage.reading import Reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.clock import Clock, Deadline
    from vsphere_session.fleet.engine import Engine
    from vsphere_session.fleet.keys import Keys

ENGINE_DOWN = ("refuse", "login")
DOWN_SECONDS = 10.0
"""For so long no other call of this machine asks an engine that did not answer one."""


class Fleet:
    """What is configured of it, and nothing opened yet.

    connect       makes the engine for a call with this deadline
    keys          the keys that seal and open what is in it
    namespace     the first part of each name: the group of runners that trust each other
    host          of the engine, for people
    engine_down   `refuse`: no login is made where the engine does not answer; `login`: one for each runner
    login_spread  seconds over which those logins are spread
    verify_pulled the server is asked whose a session is before its first use on a machine: a runner with the key could have put
                  another user's there
    sessions      how many of each kind the machines share, for one endpoint and user; each machine uses one of them
    machine       its name, which chooses; the host's own by default
    """

    def __init__(
        self,
        connect: Callable[[Deadline], Engine],
        keys: Callable[[Deadline], Keys],
        *,
        namespace: str,
        host: str,
        engine_down: str = "refuse",
        login_spread: float = 30.0,
        verify_pulled: bool = False,
        sessions: int = 1,
        machine: str = "",
    ) -> None:
        self._connect = connect
        self._keys = keys
        self.namespace = namespace
        self.host = host
        self.engine_down = engine_down
        self.login_spread = login_spread
        self.verify_pulled = verify_pulled
        self.sessions = sessions
        self._machine = machine

    def open(self, deadline: Deadline, state: str, clock: Clock) -> Connected:
        """The engine, for one call. Raises DownError where another call of this machine has just found it away."""
        down = os.path.join(state, "fleet", f"down-{sha256_hex(self.host.encode())[:20]}")
        _check_lately_down(down, clock)
        keys = self._keys(deadline)
        return Connected(self, self._connect(deadline), keys, deadline, clock=clock, down=down)

    def name(self, text: str, number: int | None = None) -> str:
        """The name of the document of what `text` says; in a cluster its parts are in one slot.

        `number`: that of the sessions which these machines share, where there are several.
        """
        digest = sha256_hex(text.encode("utf-8", "surrogatepass"))
        several = number is not None and self.sessions > 1
        return f"{self.namespace}:{{{digest}{f'.{number}' if several else ''}}}"

    @property
    def number(self) -> int:
        """Which of the `sessions` this machine uses, from 0: the same in each of its calls."""
        machine = self._machine or socket.gethostname()
        return int(sha256_hex(machine.encode("utf-8", "surrogatepass"))[:16], 16) % self.sessions


class Connected:
    """A fleet whose engine is asked by one call."""

    def __init__(
        self, fleet: Fleet, engine: Engine, keys: Keys, deadline: Deadline, *, clock: Clock, down: str
    ) -> None:
        self.fleet = fleet
        self.engine = engine
        self.keys = keys
        self.deadline = deadline
        self.clock = clock
        self._down = down

    def note_down(self) -> None:
        """The engine has not answered: other calls of this machine need not wait for it, too."""
        try:
            write_private(self._down, f"{self.clock.now()!r}\n".encode())
        except StorageError:
            pass  # then they wait

    def close(self) -> None:
        """Give the connection back."""
        self.engine.close()


def _check_lately_down(path: str, clock: Clock) -> None:
    try:
        since = float(Reader().unnoted(path) or b"x")
    except (ValueError, StorageError):
        return
    if 0 <= clock.now() - since < DOWN_SECONDS:
        raise DownError("it did not answer a moment ago")


def runner(caller: str) -> str:
    """What this runner is called in the documents, where people read it."""
    return f"{socket.gethostname()}/{caller or 'vsphere-session'} {os.getpid()}"[:100]
