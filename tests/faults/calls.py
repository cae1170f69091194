"""What strace writes down: the system calls of a program, one after the other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_SOCKET = "<socket:"
CREATES = ("open", "openat", "creat")
_LINE = re.compile(r"(?P<pid>\d+) +(?P<name>[a-z_0-9]+)\((?P<rest>.*)$", re.DOTALL)

CHANGES = (
    *CREATES,
    *("write", "pwrite64", "writev", "ftruncate", "truncate", "fsync", "fdatasync", "fallocate"),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat", "link", "linkat", "symlink", "symlinkat"),
    *("mkdir", "mkdirat", "rmdir", "chmod", "fchmod", "fchmodat", "utimensat", "flock", "fcntl"),
)
"""The calls that can change a file or a lock. Of those that open only some do, of `fcntl` those that lock."""

_NETWORK = ("connect", "sendto", "sendmsg", "recvfrom", "recvmsg")


@dataclass(frozen=True)
class Call:
    """One system call: the `number`-th of this `name` in its process, which is how strace counts `when`."""

    name: str
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.name}:{self.number} {self.text[:160]}"

    def touches(self, directory: Path) -> bool:
        """Whether it names something below `directory`, or has it open (strace -y)."""
        return str(directory) in self.text

    @property
    def on_network(self) -> bool:
        """Whether it speaks to another machine."""
        return self.name in _NETWORK or (self.name in ("read", "write") and _SOCKET in self.text)

    @property
    def can_change(self) -> bool:
        """Whether it can change a file or a lock."""
        if self.name in CREATES:
            return "O_CREAT" in self.text
        if self.name == "fcntl":
            return "F_SETLK" in self.text or "F_OFD_SETLK" in self.text
        return self.name in CHANGES

    def changes(self, directory: Path) -> bool:
        """Whether it can change a file or a lock below `directory`."""
        return self.can_change and self.touches(directory)


def calls_of_threads(log: Path) -> list[tuple[str, Call]]:
    """Every call in the file that `under_strace` let strace write, with the thread that made it."""
    calls: list[tuple[str, Call]] = []
    counts: dict[tuple[str, str], int] = {}
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        found = _LINE.match(line)
        if found is None:  # how it ended, or the end of a call that another thread had interrupted
            continue
        thread, name = found["pid"], found["name"]
        number = counts[thread, name] = counts.get((thread, name), 0) + 1
        calls.append((thread, Call(name, number, f"{name}({found['rest']}")))
    return calls


def read_calls(log: Path) -> list[Call]:
    """The calls of a program's first thread.

    Raises AssertionError where another one, such as those that ask for a name's address, does something that can change
    a file: a kill before it could not be told from one before a call of the first.
    """
    calls: list[Call] = []
    first = None
    for thread, call in calls_of_threads(log):
        first = first or thread
        if thread == first:
            calls.append(call)
        else:
            assert not call.can_change or _SOCKET in call.text or "memfd:" in call.text, call
    return calls
