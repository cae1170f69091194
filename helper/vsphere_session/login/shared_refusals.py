"""Refusals that a whole fleet shares: a wrong password is tried once for all its runners.

This machine's own stay the inner ring. Where the engine is away they are all there is; then no login is made, or each
runner makes its own, as `engine_down` says.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from vsphere_session.errors import LoginRefusedError
from vsphere_session.fleet import account as accounts
from vsphere_session.fleet.engine import EngineError
from vsphere_session.fleet.fleet import runner
from vsphere_session.fleet.place import Place
from vsphere_session.login.refusals import Refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vsphere_session.clock import Clock, Deadline
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.fleet.account import Account
    from vsphere_session.fleet.contents import Lease
    from vsphere_session.fleet.fleet import Connected, Fleet
    from vsphere_session.storage.reading import Reader

_SOAP = "soap"


class SharedRefusals(Refusals):
    """What a server has refused to one account, as this machine and its fleet know it. `until`: the deadline of the call."""

    def __init__(
        self,
        state: str,
        endpoint: Endpoint,
        *,
        window: float,
        clock: Clock,
        reader: Reader | None = None,
        fleet: Callable[[], Fleet],
        until: Callable[[], Deadline],
        caller: str,
    ) -> None:
        super().__init__(state, endpoint, window=window, clock=clock, reader=reader)
        self._state = state
        self._fleet = fleet
        self._until = until
        self._caller = caller
        self._shared: _Shared | None = None
        self._shared_turn: Lease | None = None

    def look(self, kind: str, secret: str) -> None:
        """As `Refusals.look`, and in the fleet by the name that this machine has for the server, without asking who it is."""
        super().look(kind, secret)
        try:
            with self._beside(self._normal_place) as shared:
                if shared is not None:
                    marks = self._all_marks(shared, self._normal_place, kind, secret)
                    self._check_shared(shared.place.look(), shared.place.now, marks)
        except EngineError:
            pass

    def take_turn(self, kind: str, secret: str, deadline: Deadline, began: float | None = None) -> bool:
        """The turn on this machine, and then the fleet's. Raises as `Refusals.take_turn`."""
        waited = super().take_turn(kind, secret, deadline, began)
        if not self._window:
            return waited
        try:
            shared = self._open(deadline)
            place = shared.place
            while not self._take(shared, kind, secret):
                waited = True
                place.wait(accounts.turn_left(place.document, place.now))
        except EngineError:
            self._close()
        except BaseException:
            self.end_turn(accepted=False)
            raise
        return waited

    def end_turn(self, *, accepted: bool, unanswered: bool = False) -> None:
        """Let others go on, here and elsewhere. What was left without an answer keeps the fleet's turn until that ends."""
        turn, self._shared_turn = self._shared_turn, None
        if turn is not None and not unanswered:
            self._change(lambda account, _: accounts.end_turn(account, turn))
        self._close()
        super().end_turn(accepted=accepted, unanswered=unanswered)

    def remember(self, kind: str, secret: str) -> None:
        """The server has just refused this credential: no runner tries it."""
        super().remember(kind, secret)
        shared, window = self._shared, self._window
        if shared is not None:
            marks = self._marks_of(shared, self._name(), kind, secret)
            self._change(lambda account, now: accounts.refuse(account, now, marks, window))
            if self._name() != self._normal_place:
                self._remember_by_place(shared.place.name, kind, secret)

    def settle(self, kind: str, secret: str) -> None:
        """The server has just accepted it."""
        super().settle(kind, secret)
        shared = self._shared
        if shared is not None and shared.place.document.marks:
            marks = self._all_marks(shared, self._name(), kind, secret)
            self._change(lambda account, _: accounts.accept(account, marks))

    def forget(self) -> None:
        """Whatever was refused may be tried at once, by every runner."""
        super().forget()
        try:
            with self._beside(self._normal_place) as shared:
                if shared is not None:
                    also = shared.place.look().also
                    shared.place.change(lambda account, _: accounts.forget(account))
                    fleet = shared.connected.fleet
                    for name in {also, self.document_name(fleet)} - {"", shared.place.name}:
                        self._of_name(name, shared.connected).change(lambda account, _: accounts.forget(account))
        except EngineError:
            pass  # this machine has forgotten it

    def document_name(self, fleet: Fleet) -> str:
        """The name of the account's document, by what this machine knows of the server."""
        return self._document_of(self._name(), fleet)

    def _take(self, shared: _Shared, kind: str, secret: str) -> bool:
        """Take the fleet's turn; False while another runner has it. Raises LoginRefusedError."""
        marks = self._all_marks(shared, self._name(), kind, secret)

        def taking(account: Account, now: float, token: str) -> tuple[Account, Lease] | None:
            self._check_shared(account, now, marks)
            return accounts.take_turn(account, now, owner=runner(self._caller), token=token)

        shared.place.look()
        self._shared_turn = shared.place.take(taking, lambda account: account.turn)
        return self._shared_turn is not None

    def _check_shared(self, account: Account, now: float, marks: list[str]) -> None:
        refused = accounts.refused(account, now, marks, self._window)
        if refused is not None:
            until, at = refused
            raise LoginRefusedError(
                f"{self._place} refused this very login of {self._username} to a runner of this fleet {max(1, round(now - at))} s ago and is "
                f"not asked again for {round(until - now)} s, since failed tries lock accounts. Another password is tried at once; to have "
                'this one tried, store it (vsphere-session store), or send erase with "scope": "password"'
            )

    def _remember_by_place(self, also: str, kind: str, secret: str) -> None:
        """So that whoever waits finds it without asking the server who it is."""
        window = self._window

        def event(account: Account, now: float) -> Account:
            return replace(accounts.refuse(account, now, marks, window), also=also)

        try:
            with self._beside(self._normal_place) as shared:
                if shared is not None:
                    marks = self._marks_of(shared, self._normal_place, kind, secret)
                    shared.place.change(event)
        except EngineError:
            pass  # whoever knows the server finds it

    def _all_marks(self, shared: _Shared, server: str, kind: str, secret: str) -> list[str]:
        """A refusal by SOAP counts for REST, too."""
        return [mark for each in dict.fromkeys((_SOAP, kind)) for mark in self._marks_of(shared, server, each, secret)]

    def _marks_of(self, shared: _Shared, server: str, kind: str, secret: str) -> list[str]:
        said = "\0".join((kind, server, self._account, secret))
        return shared.connected.keys.mark(shared.place.name, said)

    def _change(self, event: Callable[[Account, float], Account | None]) -> None:
        if self._shared is None:
            return
        try:
            self._shared.place.change(event)
        except EngineError:
            pass  # this machine knows it

    def _open(self, deadline: Deadline) -> _Shared:
        """The document by what the server calls itself, if that is known; for as long as the turn is held."""
        fleet = self._fleet()
        name = self.document_name(fleet)
        if self._shared is None or self._shared.place.name != name:
            self._close()
            connected = fleet.open(deadline, self._state, self._clock)
            self._shared = _Shared(connected, self._of_name(name, connected))
        return self._shared

    @contextmanager
    def _beside(self, server: str) -> Iterator[_Shared | None]:
        """The document by this name of the server, on a connection of its own; None where nothing is remembered."""
        if not self._window:
            yield None
            return
        fleet = self._fleet()
        connected = fleet.open(self._until(), self._state, self._clock)
        try:
            yield _Shared(connected, self._of_name(self._document_of(server, fleet), connected))
        finally:
            connected.close()

    def _document_of(self, server: str, fleet: Fleet) -> str:
        return fleet.name(f"account\0{server}\0{self._account}")

    def _of_name(self, name: str, connected: Connected) -> Place[Account]:
        what, clock, deadline = "the fleet's document of this account", self._clock, connected.deadline
        return Place(connected.engine, name, accounts.read, accounts.written, what=what, clock=clock, deadline=deadline)

    def _close(self) -> None:
        shared, self._shared = self._shared, None
        if shared is not None:
            shared.connected.close()


class _Shared(NamedTuple):
    """The account's document, and the engine that it is in."""

    connected: Connected
    place: Place[Account]
