"""Files that only their owner may read: 0600 from the first byte in directories 0700, replaced whole or not at all.

Answers rows d to h and k of docs/cache.md: saves in place, modes never repaired, tampered files trusted.

On the fast path.
"""

from __future__ import annotations

import errno
import os
import stat
from time import monotonic

from vsphere_session.errors import StorageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Note = Callable[[str, os.stat_result | None], None]

MAX_BYTES = 1024 * 1024
_VARIABLES = "GOVMOMI_HOME and XDG_STATE_HOME say where; so do VSPHERE_VIM_SESSION_PATH and VSPHERE_REST_SESSION_PATH"
_AS_IT_IS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Windows' C library would otherwise change line ends, and take a byte of a sealed session for the end."""
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | _AS_IT_IS


def read_private(path: str, note: Note | None = None, *, limit: int = MAX_BYTES, repair: bool = True) -> bytes | None:
    """The bytes of our own regular file `path`; None if there is none.

    A file over the limit (1 MiB) comes back empty: it is nothing that this program or govc wrote. Looser modes of file and
    directory are repaired, if `repair`. `note` is told what the system says of both, or None for what is missing. Raises StorageError
    for a directory, FIFO, symbolic link, somebody else's file or directory.
    """
    try:
        fd = os.open(path, os.O_RDONLY | _NO_FOLLOW)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR) and not os.path.lexists(path):
            if note is not None:
                note(path, None)
            return None
        raise _cannot("read", path, error) from None
    try:
        found = os.fstat(fd)
        check_ours(path, found)
        if repair and stat.S_IMODE(found.st_mode) & 0o077 and os.name == "posix":
            os.fchmod(fd, 0o600)
        directory = os.path.dirname(path)
        of_directory = check_directory(directory, repair=repair)
        if note is not None:
            note(directory, of_directory)
            note(path, found)
        if found.st_size > limit:
            return b""
        return os.read(fd, found.st_size + 1)
    except OSError as error:
        raise _cannot("read", path, error) from None
    finally:
        os.close(fd)


def read_named(
    path: str,
    limit: int,
    what: str,
    seconds: float,
    *,
    note: Note | None = None,
    skip: Callable[[os.stat_result], bool] | None = None,
) -> bytes:
    """The first `limit` bytes of a file that the user named; of a pipe, what its writer says within `seconds`.

    `note` is told what the system says of it. `skip` is, too, of a regular file, and may say that nobody needs it read;
    nothing comes back then. Raises OSError, and StorageError that begins with `what` where nobody writes, or nobody comes to an end.
    """
    fd = os.open(path, os.O_RDONLY | _AS_IT_IS)
    try:
        found = os.fstat(fd)
        if note is not None:
            note(path, found)
        regular = stat.S_ISREG(found.st_mode)
        if skip is not None and regular and skip(found):
            return b""
        patient = regular or os.name != "posix"
        until = monotonic() + seconds
        parts: list[bytes] = []
        while limit > 0:
            if not patient:
                _await_writer(fd, until - monotonic(), what, seconds)
            part = os.read(fd, limit)
            if not part:
                break
            parts.append(part)
            limit -= len(part)
        return b"".join(parts)
    finally:
        os.close(fd)


def _await_writer(fd: int, left: float, what: str, seconds: float) -> None:
    """Wait until a pipe has something to read or ends. One that has had no writer yet does neither."""
    from select import select  # noqa: PLC0415  # only for what is no regular file

    if not select([fd], [], [], max(0.0, left))[0]:
        raise StorageError(f"{what} is a pipe or device that has not come to its end within {seconds:g} s; write to it")


def write_private(path: str, data: bytes, *, limit: int = MAX_BYTES, synced: bool = True) -> None:
    """Replace `path` by `data`: whoever reads sees the old file or the new one. Raises StorageError.

    `synced` makes that true after a power cut, too; what is not may be lost or cut short by one, and be missing for a moment.
    """
    if len(data) > limit:
        raise StorageError(f"{path} would be longer than {limit} bytes, and stays as it is; keep less in it")
    check_replaceable(path)
    replace_private(path, write_beside(path, data, ".tmp", synced=synced), synced=synced)


def write_new(path: str, data: bytes) -> None:
    """Make a file that is not there yet, for its owner alone. Raises StorageError, also where there is one."""
    try:
        _write_new(path, data, synced=True)
    except FileExistsError:
        raise StorageError(f"{path} is there already, and stays as it is; name another file") from None
    except OSError as error:
        raise _cannot("write", path, error) from None


def write_beside(path: str, data: bytes, ending: str, *, synced: bool = True) -> str:
    """Write a whole file of ours beside `path`, and return its name: hidden, new, with this ending. Raises StorageError."""
    directory, name = os.path.split(path)
    make_private_directory(directory)
    beside = os.path.join(directory, f".{name}.{os.getpid()}.{os.urandom(4).hex()}{ending}")
    try:
        _write_new(beside, data, synced=synced)
    except BaseException as error:
        remove_quietly(beside)
        if isinstance(error, OSError):
            raise _cannot("write", path, error) from None
        raise
    return beside


def replace_private(path: str, beside: str, *, synced: bool = True) -> None:
    """Replace `path` by a file that was written beside it, in one step. Raises StorageError; that file is gone then.

    One that is not synced takes a name that is free: some file systems (ext4) write a file out when it replaces another.
    """
    try:
        if not synced:
            remove_quietly(path)
        os.replace(beside, path)
    except BaseException as error:
        remove_quietly(beside)
        if isinstance(error, OSError):
            raise _cannot("write", path, error) from None
        raise
    if synced:
        _sync_directory(os.path.dirname(path))


def remove_private(path: str) -> bool:
    """Remove our file `path`; False if there was none. Raises StorageError."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _cannot("remove", path, error) from None
    return True


def remove_leftovers(path: str) -> None:
    """Remove what writers of `path` that were killed left beside it. Call it only under the lock of `path`."""
    for leftover in files_beside(path, ".tmp"):
        remove_quietly(leftover)


def files_beside(path: str, ending: str) -> list[str]:
    """What `write_beside` wrote and nobody has removed; of a writer at work, too, unless `path` is locked."""
    directory, name = os.path.split(path)
    try:
        entries = os.listdir(directory)
    except OSError:
        return []
    return [
        os.path.join(directory, entry)
        for entry in sorted(entries)
        if entry.startswith(f".{name}.") and entry.endswith(ending)
    ]


def make_private_directory(directory: str) -> None:
    """See to it that `directory` exists, is ours and is 0700. Raises StorageError."""
    try:
        _make_directories(directory)
        if stat.S_IMODE(check_directory(directory).st_mode) != 0o700 and os.name == "posix":
            os.chmod(directory, 0o700)
    except OSError as error:
        raise _cannot("create", directory, error) from None


def check_directory(directory: str, *, repair: bool = True) -> os.stat_result:
    """What a directory of ours is; a looser mode is repaired where that can be done, if `repair`. Who owns it can swap our files.

    Raises StorageError for somebody else's, OSError.
    """
    found = os.lstat(directory)
    if stat.S_ISLNK(found.st_mode) and _is_ours(found):  # who owns a link decides where it leads
        found = os.stat(directory)
    if not _is_ours(found):
        raise StorageError(f"the directory {directory} belongs to somebody else; use another ({_VARIABLES})")
    if not stat.S_ISDIR(found.st_mode):  # such as a device, which root would take from everybody
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    mode = stat.S_IMODE(found.st_mode)
    if repair and mode & 0o077 and os.name == "posix":
        try:
            os.chmod(directory, 0o700)
        except OSError:  # on a read-only file system
            pass
    return found


def check_not_shared(directory: str, what: str) -> None:
    """Raise StorageError where a directory that the user named is one such as /tmp, which is not to be made private."""
    try:
        mode = os.stat(directory).st_mode
    except OSError:
        return  # whoever reads or makes it says what is wrong
    if mode & stat.S_ISVTX and mode & 0o022 and os.name == "posix":
        raise StorageError(f"{what}, {directory}, is one that users share; name one of your own")


def _make_directories(directory: str) -> None:
    """As `os.makedirs`, but the parents that are made become private, too (govmomi's `.govmomi`), and none for a bad path."""
    missing: list[str] = []
    while True:
        try:
            os.stat(directory)
            break
        except FileNotFoundError:
            missing.append(directory)
            directory, below = os.path.dirname(directory), directory
            if directory == below:
                break
    for path in reversed(missing):
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            if not os.path.isdir(path):
                raise
        else:
            os.chmod(path, 0o700)  # a umask such as 0777 takes away our own rights


def check_replaceable(path: str) -> None:
    """Raise StorageError unless `path` is free or a file of ours."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _cannot("write", path, error) from None
    check_ours(path, found)


def check_ours(path: str, found: os.stat_result) -> None:
    """Raise StorageError unless `found` is what a regular file of ours is."""
    if not stat.S_ISREG(found.st_mode):
        raise StorageError(f"{path} is {_kind_of(found.st_mode)}, not a file; remove it")
    if not _is_ours(found):
        raise StorageError(
            f"{path} belongs to somebody else (uid {found.st_uid}); remove it, or set GOVMOMI_HOME to a directory of your own"
        )


def _is_ours(found: os.stat_result) -> bool:
    return os.name != "posix" or found.st_uid == os.geteuid()


def _kind_of(mode: int) -> str:
    for test, name in (
        (stat.S_ISDIR, "a directory"),
        (stat.S_ISLNK, "a symbolic link"),
        (stat.S_ISFIFO, "a FIFO"),
        (stat.S_ISSOCK, "a socket"),
    ):
        if test(mode):
            return name
    return "a device"


def _write_new(path: str, data: bytes, *, synced: bool) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, 0o600)
    try:
        if os.name == "posix":
            os.fchmod(fd, 0o600)  # a umask such as 0777 takes away our own right to read it
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        if synced:
            os.fsync(fd)
    except BaseException:
        remove_quietly(path)  # half of it is of no use to anybody
        raise
    finally:
        os.close(fd)


def remove_quietly(path: str) -> None:
    """Remove a file, if that can be done."""
    try:
        os.unlink(path)
    except OSError:
        pass


def _sync_directory(directory: str) -> None:
    """Make the rename itself survive a power cut; where directories cannot be synced the file is whole anyway."""
    try:
        fd = os.open(directory, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(fd)
    except OSError:
        pass
    finally:
        os.close(fd)


def _cannot(verb: str, path: str, error: OSError) -> StorageError:
    if error.errno == errno.ELOOP:
        return StorageError(f"{path} is a symbolic link, not a file; remove it")
    advice = {
        errno.ENOSPC: "free some space",
        errno.EDQUOT: "free some of your quota",
        errno.EROFS: f"it is read-only: use a directory that can be written ({_VARIABLES})",
        errno.EACCES: f"use a directory that you may write ({_VARIABLES})",
        errno.EMFILE: "too many files are open",
        errno.EISDIR: "remove the directory that has this name",
    }.get(error.errno or 0, "check the path")
    return StorageError(f"cannot {verb} {path}: {os.strerror(error.errno or 0)}; {advice}")
