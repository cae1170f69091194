"""No secret in a core file, as SIGQUIT or a crash makes one. On the fast path.

At the start the system is told to leave the memory out, which is three system calls. That leaves the registers, and the
last password that was copied is in them: before anything is sent core files are forbidden, for which `resource` has to
be imported, a sixtieth of a warm answer.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.fastpath.launcher import Handed

_FILTER = "/proc/self/coredump_filter"
_NONE = 1  # also where cores are piped to a program: Linux takes no limit for such a one but this
_before: dict[str, bytes | tuple[int, ...]] = {}


def without_memory(handed: Handed | None) -> None:
    """Core files of this process are written without its memory from now on; where that cannot be had, there are none.

    The launcher of the single file has done both before it read anything.
    """
    if handed is not None and handed.core_limit:
        _before["limit"] = handed.core_limit
        if handed.core_filter:
            _before["filter"] = b"0x" + handed.core_filter.strip()
    elif "filter" not in _before and not _set_filter():
        forbid()


def _set_filter() -> bool:
    try:
        fd = os.open(_FILTER, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return False
    try:
        _before["filter"] = b"0x" + os.read(fd, 32).strip()
        os.write(fd, b"0")
    except OSError:
        _before.pop("filter", None)
    finally:
        os.close(fd)
    return "filter" in _before


def forbid() -> None:
    """From now on there is no core file of this process."""
    if "limit" in _before:
        return
    try:
        from resource import RLIMIT_CORE, getrlimit, setrlimit  # noqa: PLC0415  # not for a warm answer

        _before["limit"] = limit = getrlimit(RLIMIT_CORE)
        setrlimit(RLIMIT_CORE, (_NONE if limit[1] else 0, limit[1]))
    except (ImportError, OSError, ValueError):  # no such limit, or none of it may be changed
        _before.pop("limit", None)


def as_before() -> None:
    """Undo both, for the program that comes next."""
    limit, memory = _before.pop("limit", None), _before.pop("filter", None)
    try:
        if isinstance(limit, tuple):
            from resource import RLIMIT_CORE, setrlimit  # noqa: PLC0415

            setrlimit(RLIMIT_CORE, (limit[0], limit[1]))
        if isinstance(memory, bytes):
            with open(_FILTER, "wb", buffering=0) as file:
                file.write(memory)
    except OSError:
        pass
