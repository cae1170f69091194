"""The fault switches of one simulated vCenter: what goes wrong, where, and how often."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from simulated_vcenter.exchange import Exchange
from simulated_vcenter.messages import Request
from simulated_vcenter.state import State


@dataclass(frozen=True, eq=False)
class Fault:
    """Something that happens to a request in place of its ordinary answer.

    `reached` is set when a request meets the fault for the first time, so that a test can wait
    for that point; with `work_first` the operation has been carried out by then.
    """

    act: Callable[[Exchange], None]
    work_first: bool = False
    reached: threading.Event = field(default_factory=threading.Event)

    def strike(self, exchange: Exchange) -> None:
        """Let it happen to this exchange."""
        if self.work_first:
            exchange.perform()
        self.reached.set()
        self.act(exchange)


@dataclass(eq=False)
class _Switch:
    where: str
    fault: Fault
    left: int | None

    def meets(self, request: Request) -> bool:
        name = f"{request.method} {request.path}"
        if self.where.startswith("="):
            return self.where[1:] in {request.operation, name}
        return self.where == "*" or self.where in request.operation or self.where in name


class Faults:
    """The switches. Where several would meet a request, the one that was added first does."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._switches: list[_Switch] = []

    def add(self, where: str, fault: Fault, times: int | None = None) -> Fault:
        """Let the fault meet requests, so many times or until `clear`; returns it.

        `where` is a part of the operation's name ("Login", "RetrievePropertiesEx") or of method and
        path ("POST /api/session", "/rest", "/sdk"), "*" for all, or with a "=" in front the whole of one.
        """
        with self._lock:
            self._switches.append(_Switch(where, fault, times))
        return fault

    def clear(self) -> None:
        """Everything works again: no faults, nobody half-dead, no permission missing."""
        with self._lock:
            self._switches.clear()
        self.half_dead = False
        self.missing_permission = False

    def meeting(self, request: Request) -> Fault | None:
        """Return the fault for this request, one of its times used up."""
        with self._lock:
            for switch in self._switches:
                if switch.meets(request):
                    if switch.left is not None:
                        switch.left -= 1
                        if switch.left <= 0:
                            self._switches.remove(switch)
                    return switch.fault
        return None

    @property
    def half_dead(self) -> bool:
        """Whether the SOAP sessions of when this was switched on are half-dead; later ones are well.

        A half-dead session is still in the list and takes up a place, it can log out, and
        RetrieveServiceContent still answers; but every property of the session manager is in the
        missingSet with NotAuthenticated, under status 200, and other operations fault with NotAuthenticated.
        While it is on, a request without a session is answered in the same way. REST does not notice.
        """
        return self._state.half_dead

    @half_dead.setter
    def half_dead(self, on: bool) -> None:
        self._state.half_dead = on
        self._state.sessions.half_kill(on)

    @property
    def missing_permission(self) -> bool:
        """Whether all accounts lack the Sessions privileges.

        Then nobody can read sessionList, and TerminateSession and SessionIsActive fault with NoPermission.
        """
        return self._state.missing_permission

    @missing_permission.setter
    def missing_permission(self, on: bool) -> None:
        self._state.missing_permission = on
