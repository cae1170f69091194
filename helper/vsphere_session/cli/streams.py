"""The process's own streams: the only place that reads stdin and writes to stdout and stderr. On the fast path."""

from __future__ import annotations

import errno
import os

from credential_protocol.jsontext import MAX_BYTES
from credential_protocol.messages import Failure, Output
from vsphere_session.cli.signals import Alarm
from vsphere_session.errors import InvalidRequestError, StorageError
from vsphere_session.version import PROGRAM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.clock import Deadline
    from vsphere_session.fastpath.launcher import Handed

_BROKEN_PIPE_STATUS = 141
_IN_A_HURRY = 0.05
"""Seconds: with no more left than these, a busy machine may have kept us from reading, and not the caller."""


def reserve_standard_streams() -> list[int]:
    """Open /dev/null where a standard stream is closed, or the next file to be opened, a session's, would become it.

    Returns the numbers of those that were closed.
    """
    closed = []
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            closed.append(number)
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
    return closed


def read_stdin(deadline: Deadline, hint: str, handed: Handed | None = None) -> bytes:
    """All of stdin, up to a little more than a request may have, of which some may have been `handed` over.

    Raises InvalidRequestError; `hint` is for a terminal.
    """
    if handed is not None and handed.at_end:
        return handed.stdin
    if os.isatty(0):
        raise InvalidRequestError(f"stdin is a terminal; {hint}")
    late = InvalidRequestError(f"the request did not end within {deadline.seconds:g} s; close stdin after it")
    parts = [handed.stdin if handed is not None else b""]
    if deadline.remaining() < _IN_A_HURRY and _drained(parts):
        return b"".join(parts)
    total = sum(map(len, parts))
    with Alarm(max(deadline.remaining(), 0.001), late):
        while total <= MAX_BYTES:
            try:
                part = os.read(0, 65536)
            except BlockingIOError:
                _wait(0)
                continue
            except OSError as error:
                raise unreadable(error) from None
            if not part:
                break
            parts.append(part)
            total += len(part)
    return b"".join(parts)


def _drained(parts: list[bytes]) -> bool:
    """Take what lies on stdin already, and say whether that is all: a caller who was in time is answered, and told what took so long."""
    import select  # noqa: PLC0415  # rare

    while os.name == "posix" and select.select([0], [], [], 0)[0] and sum(map(len, parts)) <= MAX_BYTES:
        try:
            part = os.read(0, 65536)
        except OSError as error:
            raise unreadable(error) from None
        if not part:
            return True
        parts.append(part)
    return False


def _wait(number: int) -> None:
    """Wait until a stream that the caller has made non-blocking can go on."""
    import select  # noqa: PLC0415  # rare

    select.select([number] if number == 0 else [], [number] if number else [], [])


def unreadable(error: OSError) -> InvalidRequestError:
    """Why stdin cannot be read."""
    return InvalidRequestError(f"stdin cannot be read ({os.strerror(error.errno or errno.EBADF)}); pipe JSON in")


def write(output: Output) -> int:
    """Write both streams and return the exit status; nothing is on stdout before all of it is ready."""
    try:
        view = memoryview(output.stdout)
        while view:
            try:
                view = view[os.write(1, view) :]
            except BlockingIOError:
                _wait(1)
    except OSError as error:
        if output.status:  # an error that nobody can read on stdout keeps its status, and its line on stderr
            say_line(output.stderr)
            return output.status
        if error.errno == errno.EPIPE:
            return _BROKEN_PIPE_STATUS
        failure = StorageError(
            f"the answer cannot be written to stdout ({os.strerror(error.errno or 0)}); check where it goes"
        )
        say(failure.message)
        return failure.status
    if output.stderr:
        say_line(output.stderr)
    return output.status


def say(line: str) -> None:
    """A line of the program's on stderr."""
    say_line(f"{PROGRAM}: {line}")


def say_line(line: str) -> None:
    """A line on stderr; nobody reading it is no reason to fail."""
    try:
        os.write(2, line.encode("utf-8", "replace") + b"\n")
    except OSError:
        pass


def bug(error: Exception) -> Failure:
    """A bug as one line. The exception's own text stays out of it: nobody knows what is in there."""
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):  # anywhere, also in an import
        return StorageError("too many files are open; allow more (ulimit -n), then try again")
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace is not None else ""
    return Failure(
        f"a bug: {type(error).__name__}{place}; please report it with what -vv shows and {PROGRAM} --version"
    )


def show_trace(error: Exception, verbose: int) -> None:
    """Where a bug is, with `-vv`; not what it says."""
    if verbose > 1:
        import traceback  # noqa: PLC0415  # only for a bug

        for part in traceback.format_tb(error.__traceback__):
            say_line(part.rstrip("\n"))
