"""One lock per session, held by one process and released by the kernel when that process dies, however it dies.

A file of its own that is never deleted (kubelogin#1144: locking the cache file itself breaks; msal-extensions: a
deleted lock file is two locks). Not taken on a warm hit. It names its holder's pid for those who wait.

On the fast path.
"""

from __future__ import annotations

import errno
import os

from vsphere_session.errors import BusyError, StorageError
from vsphere_session.storage.files import check_ours, make_private_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from vsphere_session.clock import Clock, Deadline

FIRST_WAIT = 0.005
_LONGEST_WAIT = 0.05
"""Seconds between two looks at a lock that is held."""

if os.name == "posix":

    def try_lock(fd: int, *, shared: bool = False) -> bool:
        """Lock what `fd` is, or lock it in the other way; False where somebody else's lock is in the way."""
        try:
            from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock  # noqa: PLC0415  # a warm answer takes no lock
        except ImportError:  # every system has it, and no file more can be opened
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE)) from None
        try:
            flock(fd, (LOCK_SH if shared else LOCK_EX) | LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                return False
            raise
        return True

else:  # pragma: no cover - Windows
    import msvcrt

    def try_lock(fd: int, *, shared: bool = False) -> bool:  # noqa: ARG001  # Windows' byte locks are exclusive
        """The same."""
        # one byte far behind the pid, so that others can still read who holds it
        os.lseek(fd, 1 << 20, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True


class Lock:
    """The lock on `path`. `acquire` waits, `try_acquire` does not; as a context manager it releases at the end."""

    def __init__(self, path: str, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._fd: int | None = None

    def try_acquire(self) -> bool:
        """Take the lock if it is free. Raises StorageError where it cannot be had at all."""
        return self._try(shared=False)

    def _try(self, *, shared: bool) -> bool:
        fd = self._open()
        try:
            locked = try_lock(fd, shared=shared)
            if locked:
                self._sign(fd)
        except OSError as error:
            os.close(fd)
            advice = "set XDG_STATE_HOME to a file system with locks and free space"
            if error.errno == errno.EMFILE:
                advice = "allow more (ulimit -n)"
            raise StorageError(f"cannot lock {self.path}: {os.strerror(error.errno or 0)}; {advice}") from None
        if not locked:
            os.close(fd)
            return False
        self._fd = fd
        return True

    def acquire(self, deadline: Deadline, meanwhile: Callable[[], bool] | None = None) -> bool:
        """Wait for the lock; False, without it, as soon as `meanwhile` says that it is not needed any more.

        Raises BusyError with the holder's pid when the deadline is over.
        """
        wait = FIRST_WAIT
        while not self.try_acquire():
            if meanwhile is not None and meanwhile():
                return False
            wait = self.wait(wait, deadline)
        return True

    def wait(self, seconds: float, deadline: Deadline) -> float:
        """Wait so long for whoever holds it, and return how long to wait the next time. Raises BusyError as `acquire` does."""
        left = deadline.remaining()
        if left <= 0:
            raise BusyError(
                f"another process{self._holder()} has held the lock that this call needs for {deadline.seconds:g} s; "
                "try again, or allow more with --timeout"
            )
        self._clock.sleep(min(seconds, left))
        deadline.waited += min(seconds, left)
        return min(seconds * 1.5, _LONGEST_WAIT)

    @property
    def held(self) -> bool:
        """Whether it is held through this object."""
        return self._fd is not None

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.release()

    def _open(self) -> int:
        make_private_directory(os.path.dirname(self.path))
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
        try:
            fd = os.open(self.path, flags, 0o600)
            try:
                check_ours(self.path, os.fstat(fd))
                if os.name == "posix":
                    os.fchmod(fd, 0o600)  # a umask such as 0777 takes away our own right to open it again
            except BaseException:
                os.close(fd)
                raise
            return fd
        except OSError as error:
            raise StorageError(
                f"cannot open the lock {self.path}: {os.strerror(error.errno or 0)}; check who owns it, or set XDG_STATE_HOME to a directory of yours"
            ) from None

    def _sign(self, fd: int) -> None:
        """Say who holds it."""
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0) if hasattr(os, "pwrite") else None

    def _holder(self) -> str:
        try:
            with open(self.path, "rb") as file:
                pid = file.readline(20).strip().decode("ascii", "replace")
        except OSError:
            return ""
        return f" (pid {pid})" if pid.isdigit() else ""
