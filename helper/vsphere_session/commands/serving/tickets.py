"""Tickets of the cached session, which is kept good so that nobody waits for a login."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from credential_protocol.messages import Request
from vsphere_session.clock import Deadline
from vsphere_session.errors import BusyError
from vsphere_session.service.verbs import get

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credential_protocol.messages import Answer
    from vsphere_session.service.call import Call


class Tickets:
    """One user's at one vCenter, which is asked by one thread at a time: all of them want the same session."""

    def __init__(self, target: str, fields: Mapping[str, str], call: Call) -> None:
        """`target` and `fields` are those of a `get`, `call` is what surrounds each of them."""
        self._target = target
        self._fields = dict(fields)
        self._call = call
        self._asking = Lock()

    def warm(self) -> str:
        """See that the session is good, or make a new one; `login` or `cache`. Raises as `get` does."""
        until = Deadline(self._call.around.timeout, self._call.around.clock)
        return self._ask({"api": "soap"}, until).fields["source"]

    def ticket(self, until: Deadline) -> str:
        """A new one. Raises as `get` does."""
        return self._ask({"output": "clone_ticket"}, until).fields["clone_ticket"]

    def _ask(self, more: Mapping[str, str], until: Deadline) -> Answer:
        if not self._asking.acquire(timeout=max(until.remaining(), 0.0)):
            raise BusyError("vCenter is being asked already, and has not answered in time; try again")
        try:
            call = self._call.again(until)
            try:
                return get(Request("get", self._target, self._fields | dict(more)), call)
            finally:
                call.outcome.give_back()
        finally:
            self._asking.release()
