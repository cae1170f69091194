"""One fault, in the words of a command line, and the command that lets a program meet it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import peers

_SPELLING = re.compile(r"(?P<call>[a-z][a-z0-9_]*):(?:(?P<error>E[A-Z0-9]+):?)?(?P<when>[1-9][0-9]*(?:\+[0-9]*)?)?")


@dataclass(frozen=True)
class Fault:
    """What happens to calls of one name.

    call   the system call
    when   which of them, as strace counts: `3` the third, `3+` the third and all that follow
    error  the error that takes the call's place; empty: SIGKILL before the call
    """

    call: str
    when: str = "1"
    error: str = ""

    @classmethod
    def kill(cls, text: str) -> Fault:
        """From `rename:2`. Raises ValueError."""
        found = _SPELLING.fullmatch(text)
        if found is None or found["error"] or not found["when"]:
            raise ValueError(f"{text} is no CALL:N, as in rename:2")
        return cls(found["call"], found["when"])

    @classmethod
    def failure(cls, text: str) -> Fault:
        """From `write:ENOSPC`, every one, or `write:ENOSPC:2`, the second. Raises ValueError."""
        found = _SPELLING.fullmatch(text)
        if found is None or not found["error"]:
            raise ValueError(f"{text} is no CALL:ERROR or CALL:ERROR:N, as in write:ENOSPC:2")
        return cls(found["call"], found["when"] or "1+", found["error"])

    @property
    def expression(self) -> str:
        """What strace calls it."""
        return f"inject={self.call}:{f'error={self.error}' if self.error else 'signal=KILL'}:when={self.when}"

    def __str__(self) -> str:
        return f"--error {self.call}:{self.error}:{self.when}" if self.error else f"--kill {self.call}:{self.when}"


def under_strace(
    program: Sequence[str],
    *,
    faults: Iterable[Fault] = (),
    log: Path | None = None,
    calls: Iterable[str] = (),
    below: Iterable[Path] = (),
) -> list[str]:
    """The command that runs `program` so that it meets the faults.

    log    the file for its calls: all of them, or those named in `calls`; with none, nothing is written down
    below  only calls on these paths count, in every sense
    """
    faults = list(faults)
    names = {*calls, *(fault.call for fault in faults)} if faults or calls else {"all"}
    command = [*peers.strace(), "-f", "-qqq", "--signal=none", "-y", "-s", "60", "-o", str(log or "/dev/null")]
    command += ["-e", f"trace={','.join('?' + name if name != 'all' else name for name in sorted(names))}"]
    for path in below:
        command += ["-P", str(path)]
    for fault in faults:
        command += ["-e", fault.expression]
    return [*command, "--", *program]
