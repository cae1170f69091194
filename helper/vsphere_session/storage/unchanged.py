"""Looks at files of ours and changes nothing, not even a mode that is too loose: which there are, and what they say."""

from __future__ import annotations

import os
import stat

from vsphere_session.errors import StorageError
from vsphere_session.storage.files import MAX_BYTES, check_ours, read_private


def look_into(path: str) -> tuple[bytes, os.stat_result] | None:
    """The bytes of our own regular file and what the system says of it; None if there is none.

    Raises StorageError for what is no file of ours, is too long, or cannot be read.
    """
    try:
        check_ours(path, os.lstat(path))  # before it is opened: a device may do something then
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(path, error) from None
    told: list[os.stat_result | None] = []
    data = read_private(path, lambda _path, found: told.append(found), repair=False)
    found = told[-1]  # the directory's comes before
    if data is None or found is None:
        return None
    if found.st_size > MAX_BYTES:
        raise StorageError(f"{path} is longer than {MAX_BYTES} bytes: no session's file is; remove it")
    return data, found


def names_in(directory: str) -> list[str]:
    """What is in a directory of ours, sorted; nothing where there is none. Raises StorageError where it is not ours."""
    try:
        found = os.stat(directory)
        if os.name == "posix" and found.st_uid != os.geteuid():
            raise StorageError(f"the directory {directory} belongs to somebody else (uid {found.st_uid})")
        return sorted(os.listdir(directory))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unreadable(directory, error) from None


def others_can_read(found: os.stat_result) -> bool:
    """Whether a file's mode lets others in."""
    return os.name == "posix" and bool(stat.S_IMODE(found.st_mode) & 0o077)


def _unreadable(path: str, error: OSError) -> StorageError:
    return StorageError(f"cannot read {path}: {os.strerror(error.errno or 0)}")
