"""A lock that one process holds alone, or many beside each other, with a line of text for those who wait."""

from __future__ import annotations

import os

from vsphere_session.storage.lock import Lock, try_lock

_PID_BYTES = 20
_MOST_BYTES = 2048


class SharedLock(Lock):
    """As Lock, and besides: `try_share`, and a note that whoever holds it alone leaves for the others.

    The note outlives its writer, however that ends. On Windows nobody holds it beside another, and there are no notes.
    """

    def try_share(self) -> bool:
        """Take the lock unless somebody holds it alone. Raises StorageError where it cannot be had at all."""
        return self._try(shared=True)

    def share(self) -> bool:
        """Let others hold beside what was held alone; False where it is lost, since somebody else came in between."""
        if self._fd is None or not try_lock(self._fd, shared=True):
            self.release()
            return False
        return True

    def note(self) -> str:
        """What was noted last; empty where nothing can be read."""
        try:
            with open(self.path, "rb") as file:
                return file.read(_MOST_BYTES)[_PID_BYTES:].decode("ascii", "replace")
        except OSError:
            return ""

    def leave(self, note: str) -> None:
        """Note this for the others; on a full disk they do without."""
        if self._fd is None or not hasattr(os, "pwrite"):
            return
        try:
            os.ftruncate(self._fd, _PID_BYTES)
            os.pwrite(self._fd, note.encode("ascii"), _PID_BYTES)
        except OSError:
            pass

    def _sign(self, fd: int) -> None:
        if hasattr(os, "pwrite"):  # without a cut: the note stays
            os.pwrite(fd, f"{os.getpid()}".ljust(_PID_BYTES - 1).encode() + b"\n", 0)
