"""A login that shares its sessions with nobody but who reads the files (see `share.py`)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.cache.clients import WireClient


class Unshared:
    """Without a fleet: the files say it all."""

    def made(self, client: WireClient) -> None:
        """It is set aside in a file."""

    def commit(self, client: WireClient) -> None:
        """Nobody to tell."""

    def has(self, client: WireClient) -> bool:  # noqa: ARG002  # the answer for every one
        """It is nobody else's."""
        return False

    def ended(self, client: WireClient) -> None:
        """It is known nowhere else."""

    def spares(self, session_id: str, *, left_aside: bool = False) -> bool:  # noqa: ARG002  # the answer for every one
        """What no file holds is this call's to end."""
        return False


UNSHARED = Unshared()
