"""Refusals that a whole fleet shares: a wrong password is tried once for all its runners.

This machine's own stay the inner ring. Where the engine is away they are all there is; then no login is made, or each
runner makes its own, as `engine_down` says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vsphere_session.errors import LoginRefusedError, UnsupportedError
from vsphere_session.fleet import account as accounts
from vsphere_session.fleet.engine import EngineError
from vsphere_session.fleet.fields import BrokenError, NewerError
from vsphere_session.fleet.fleet import runner
from vsphere_session.fleet.place import Place, new_token
from vsphere_session.login.refusals import Refusals

if TYPE_CHECKING:
    from collections.abc import Callable

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
            marks = self._marks_of(shared, kind, secret)
            self._change(lambda account, now: accounts.refuse(account, now, marks, window))

    def settle(self, kind: str, secret: str) -> None:
        """The server has just accepted it."""
        super().settle(kind, secret)
        shared = self._shared
        if shared is not None and shared.place.document.marks:
            marks = [mark for each in {_SOAP, kind} for mark in self._marks_of(shared, each, secret)]
            self._change(lambda account, _: accounts.accept(account, marks))

    def forget(self) -> None:
        """Whatever was refused may be tried at once, by every runner."""
        super().forget()
        try:
            self._open(self._until())
        except EngineError:
            return
        self._change(lambda account, _: accounts.forget(account))
        self._close()

    def document_name(self, fleet: Fleet) -> str:
        """The name of the account's document, by what this machine knows of the server."""
        return fleet.name(f"account\0{self._name()}\0{self._account}")

    def _take(self, shared: _Shared, kind: str, secret: str) -> bool:
        """Take the fleet's turn; False while another runner has it. Raises LoginRefusedError."""
        marks = [mark for each in dict.fromkeys((_SOAP, kind)) for mark in self._marks_of(shared, each, secret)]
        token, taken = new_token(), None

        def event(account: Account, now: float) -> Account | None:
            nonlocal taken
            refused = accounts.refused(account, now, marks, self._window)
            if refused is not None:
                raise LoginRefusedError(
                    f"{self._place} refused this very login of {self._username} to a runner of this fleet {max(1, round(now - refused[1]))} s "
                    f"ago and was not asked again for {round(refused[0] - now)} s more, since failed tries lock accounts. Another password "
                    'is tried at once; to have this one tried, store it (vsphere-session store), or send erase with "scope": "password"'
                )
            if account.turn is not None and account.turn.token == token:
                taken = account.turn
                return account
            found = accounts.take_turn(account, now, owner=runner(self._caller), token=token)
            taken = found[1] if found is not None else None
            return found[0] if found is not None else None

        shared.place.look()
        shared.place.change(event)
        self._shared_turn = taken
        return taken is not None

    def _marks_of(self, shared: _Shared, kind: str, secret: str) -> list[str]:
        said = "\0".join((kind, self._name(), self._account, secret))
        return shared.connected.keys.mark(shared.place.name, said)

    def _change(self, event: Callable[[Account, float], Account | None]) -> None:
        if self._shared is None:
            return
        try:
            self._shared.place.change(event)
        except EngineError:
            pass  # this machine knows it

    def _open(self, deadline: Deadline) -> _Shared:
        fleet = self._fleet()
        name = self.document_name(fleet)
        if self._shared is None or self._shared.place.name != name:
            self._close()
            connected = fleet.open(deadline, self._state, self._clock)
            place = Place(connected.engine, name, _read, accounts.written, clock=self._clock, deadline=deadline)
            self._shared = _Shared(connected, place)
        return self._shared

    def _close(self) -> None:
        shared, self._shared = self._shared, None
        if shared is not None:
            shared.connected.close()


class _Shared(NamedTuple):
    """The account's document, and the engine that it is in."""

    connected: Connected
    place: Place[Account]


def _read(data: bytes) -> Account:
    try:
        return accounts.read(data)
    except NewerError:
        raise UnsupportedError(
            "the fleet's document of this account is of a newer version of this program; update this runner, nothing was changed"
        ) from None
    except BrokenError:
        return accounts.read(b"")
