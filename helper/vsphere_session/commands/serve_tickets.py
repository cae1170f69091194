"""`serve-tickets`: clone tickets of the cached session for Kubernetes' cloud provider and storage driver for vSphere.

Source of the protocol: cloud-provider-vsphere, `pkg/common/vclib/vc_session_manager.go`. Its client waits for five seconds
and takes status 200 alone.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from vsphere_session.clock import Deadline
from vsphere_session.commands.serving.certificate import Certificate
from vsphere_session.commands.serving.responses import response, ticket_response
from vsphere_session.commands.serving.server import Server
from vsphere_session.commands.serving.tickets import Tickets
from vsphere_session.errors import BusyError, SessionError, SessionLimitError, UnreachableError

if TYPE_CHECKING:
    from vsphere_session.commands.serving.arguments import ServingOptions
    from vsphere_session.commands.serving.bearers import Bearers
    from vsphere_session.commands.serving.requests import Asked
    from vsphere_session.service.call import Call

ANSWER_SECONDS = 4.5
"""A client waits for 5."""
WARM_SECONDS = 60.0
"""Between two looks at the session."""
_PASSES = (UnreachableError, BusyError, SessionLimitError)
"""What may be better in a moment, without anybody's doing."""


def serve(options: ServingOptions, fields: Mapping[str, str], call: Call, ready: Callable[[str], None]) -> int:
    """Serve until SIGTERM or SIGINT; the exit status. `ready` is called with the address as soon as it listens.

    `fields` are those of a `get`. What is configured wrongly is raised before it answers anybody, as `get` does; a vCenter that
    is away is waited for.
    """
    around = call.around
    around.connecting()
    given = dict(fields)
    tickets = Tickets(given.pop("url", ""), given, call)
    certificate = Certificate(options.needed("--certificate"), options.text("--private-key"), around.tell)
    desk = Desk(tickets, options.bearers(around.environ, around.clock), options.path, call)
    server = Server(options.place, certificate, desk.answer, around.clock, around.tell)
    try:
        desk.warm(first=True)
        with _stopped_by_signals() as stop:
            ready(server.address)
            over = threading.Event()
            threading.Thread(target=desk.keep_warm, args=(over,), daemon=True).start()
            server.serve(stop)
            over.set()
    finally:
        server.close()
    around.tell("served to the end")
    return 0


class Desk:
    """Where requests are answered, several at once."""

    def __init__(self, tickets: Tickets, bearers: Bearers, path: str, call: Call) -> None:
        self._tickets, self._bearers, self._path = tickets, bearers, path
        self._clock, self._tell = call.around.clock, call.around.tell

    def answer(self, asked: Asked, client: str) -> bytes:
        """The response; what went wrong is for the log alone."""
        status, said = 500, "a bug"
        try:
            until = Deadline(ANSWER_SECONDS, self._clock)
            status, said = self._refusal(asked, until)
            if status == 200:
                ticket = self._tickets.ticket(until)
                return ticket_response(ticket)
        except _PASSES as error:
            status, said = 503, error.message
        except SessionError as error:
            status, said = 500, error.message
        except Exception as error:  # noqa: BLE001  # one request must not end the others; its text may be anything
            status, said = 500, f"a bug: {type(error).__name__}"
        finally:
            self._tell(f"{client}: {status}, {said}")
        return response(status)

    def warm(self, *, first: bool = False) -> None:
        """See that the session is good. The `first` time what is configured wrongly is raised."""
        try:
            source = self._tickets.warm()
            self._tell("logged in" if source == "login" else "the session is good")
        except SessionError as error:
            if first and not isinstance(error, _PASSES):
                raise
            self._tell(f"the session cannot be had: {error.message}")

    def keep_warm(self, over: threading.Event) -> None:
        """Do so every minute."""
        while not over.wait(WARM_SECONDS):
            try:
                self.warm()
            except Exception as error:  # noqa: BLE001  # the next time may be better
                self._tell(f"a bug: {type(error).__name__}")

    def _refusal(self, asked: Asked, until: Deadline) -> tuple[int, str]:
        """The status, and for the log why, or whose token it is with 200."""
        if asked.method != "GET":
            return 405, "not GET"
        if self._path and asked.path != self._path:
            return 404, "another path"
        if not asked.bearer:
            return 401, "no token"
        whose = self._bearers.accept(asked.bearer, until)
        return (200, f"a ticket for {whose}") if whose else (401, "a token of nobody who may have a ticket")


@contextmanager
def _stopped_by_signals() -> Iterator[socket.socket]:
    """What can be read from as soon as a signal has come. One that the caller ignores stays ignored."""
    reads, writes = socket.socketpair()

    def note(_number: int, _frame: FrameType | None) -> None:
        try:
            writes.send(b"\0")
        except OSError:  # it is full: noted already
            pass

    with reads, writes:
        writes.setblocking(False)
        for number in (signal.SIGTERM, signal.SIGINT):
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, note)
        try:
            yield reads
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
