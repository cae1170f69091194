"""What making and ending a session has to ask where others may use it, too."""

from __future__ import annotations

from typing import Protocol

from vsphere_session.cache.clients import WireClient


class Share(Protocol):
    """Who shares sessions with others, beside the files."""

    def made(self, client: WireClient) -> None:
        """The server has just answered a login: keep the session where a call that is killed now does not lose it."""

    def commit(self, client: WireClient) -> None:
        """Make it everybody's. Raises OvertakenError where somebody else's is it already, StorageError."""

    def has(self, client: WireClient) -> bool:
        """Whether it is everybody's."""

    def ended(self, client: WireClient) -> None:
        """It has been ended, and is to be known nowhere."""

    def spares(self, session_id: str, *, left_aside: bool = False) -> bool:
        """Whether others may use it, so that it is not this call's to end; `left_aside`: a call that was killed has left it."""


class OvertakenError(Exception):
    """Another runner has logged in meanwhile: its session is the one to use."""
