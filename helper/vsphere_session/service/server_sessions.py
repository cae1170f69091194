"""A server's own list of sessions, by pyVmomi on the cached session; and their end.

Both need the privilege that vSphere calls `Sessions.TerminateSession`, "View and stop sessions" in its client.
"""

from __future__ import annotations

import http.client
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from xml.parsers.expat import ExpatError  # nosec B407  # what pyVmomi's parser raises; nothing is parsed here

from vsphere_session.cache.clients import SoapClient
from vsphere_session.errors import NotFoundError, SessionError, UnreachableError, UnsupportedError
from vsphere_session.vsphere.faults import SoapFaultError, for_fault, not_understood, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from vsphere_session.service.call import Call

_AT_ONCE = 100
"""Keys in one request."""
_WORDS = {"Sessions.TerminateSession": "View and stop sessions"}


@dataclass(frozen=True)
class ServerSession:
    """One session on the server, in its own words.

    key     its name in the list; opens nothing
    since   when it was logged in, Unix seconds by the server's clock
    age     seconds since then
    idle    seconds since it was used
    current whether it is the one with which the server was asked
    """

    key: str
    username: str
    since: float
    age: float
    idle: float
    address: str
    agent: str
    current: bool


class ServerSessions:
    """The list, for a `with` block."""

    def __init__(self, client: SoapClient, call: Call) -> None:
        self._client = client
        self._place = client.transport.endpoint.place
        self._until = call.around.begun().until()
        self._instance: Any = None
        self._patience: float | None = None

    def __enter__(self) -> Self:
        # what pyVmomi asks before it has a session has no other time-out
        self._patience = socket.getdefaulttimeout()
        seconds = max(1.0, self._until.for_network(self._place))
        socket.setdefaulttimeout(seconds)
        try:
            with self._in_our_words():
                from vsphere_session.cache.service_instance import service_instance  # noqa: PLC0415  # takes 180 ms to import

                self._instance = service_instance(self._client.transport, self._client.session_id, timeout=seconds)
        except BaseException:
            socket.setdefaulttimeout(self._patience)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        socket.setdefaulttimeout(self._patience)
        self._instance._stub.DropConnections()  # not Disconnect, which would end the session

    def all(self) -> list[ServerSession]:
        """All of them. Raises UnsupportedError without the privilege, UnreachableError, NotFoundError."""
        from pyVmomi import vim  # noqa: PLC0415  # takes 180 ms to import

        with self._in_our_words():
            clock, manager = self._instance.CurrentTime(), self._manager()
            own = manager.currentSession
            listed = (manager.sessionList or []) if own is not None else []
        if own is None:  # what a vCenter says to nobody
            raise self._ended()
        if not all(isinstance(one, vim.UserSession) for one in (own, *listed)) or not isinstance(clock, datetime):
            raise not_understood(self._place, "a list of sessions")
        return [_read(one, clock.timestamp(), own.key) for one in listed]

    def end(self, keys: Sequence[str]) -> None:
        """End these, none of which may be the current one; those that are gone already are ended. Raises as `all` does."""
        for start in range(0, len(keys), _AT_ONCE):
            some = list(keys[start : start + _AT_ONCE])
            if not self._terminate(some):
                for key in some:  # at the first that is gone the server may have stopped
                    self._terminate([key])

    def _terminate(self, keys: list[str]) -> bool:
        from pyVmomi import vim  # noqa: PLC0415  # takes 180 ms to import

        with self._in_our_words():
            try:
                self._manager().TerminateSession(keys)
            except vim.fault.NotFound:
                return False
        return True

    def _manager(self) -> Any:
        content = self._instance.content
        if content is None:
            raise not_understood(self._place, "a ServiceContent")
        return content.sessionManager

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        """What pyVmomi raises becomes one of our errors."""
        from pyVmomi import vim, vmodl  # noqa: PLC0415  # takes 180 ms to import

        try:
            yield
        except SessionError:
            raise
        except vim.fault.NotAuthenticated:  # pyVmomi takes it to be a NoPermission
            raise self._ended() from None
        except vim.fault.NoPermission as fault:
            privilege = shown(fault.privilegeId or "")
            words = f' ("{_WORDS[privilege]}" in the vSphere Client)' if privilege in _WORDS else ""
            raise UnsupportedError(
                f"{self._client.username or 'this user'} lacks the privilege {privilege}{words} on {self._place}; have it granted on the "
                "vCenter itself, or ask as another user"
            ) from None
        except vmodl.MethodFault as fault:
            name = type(fault).__name__.rpartition(".")[2]
            raise for_fault(SoapFaultError(name, getattr(fault, "msg", None) or ""), self._place) from None
        except (OSError, http.client.HTTPException) as error:
            why = "timed out" if isinstance(error, TimeoutError) else shown(str(error))
            raise UnreachableError(f"{self._place} could not be asked for its sessions ({why}); try again") from None
        except Exception as error:
            if type(error) is not Exception and not isinstance(error, ExpatError):  # pyVmomi raises bare ones
                raise
            raise not_understood(self._place, "a list of sessions") from None

    def _ended(self) -> NotFoundError:
        return NotFoundError(f"the session has ended on {self._place} meanwhile; try again")


def _read(one: Any, now: float, current: str) -> ServerSession:
    since, active = one.loginTime.timestamp(), one.lastActiveTime.timestamp()
    texts = one.ipAddress or "", one.userAgent or ""
    return ServerSession(
        one.key, one.userName or "", since, max(0.0, now - since), max(0.0, now - active), *texts, one.key == current
    )
