"""The program as a process that a test watches while it runs, and the cache that it leaves."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from simulated_vcenter.faults import Fault
from support.program import Helper, Reply


@contextmanager
def running(
    helper: Helper, verb: str, fields: Mapping[str, object], *options: str, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """One call under way: its request is written, stdin is closed. It does not outlive the block."""
    with helper.start(*options, verb, **environment) as process:
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(dict(fields)).encode())
            process.stdin.close()
            process.stdin = None  # for `communicate`
            yield process
        finally:
            process.kill()


def finished(process: subprocess.Popen[bytes]) -> Reply:
    """What it did, as soon as it has ended."""
    stdout, stderr = process.communicate(timeout=60)
    return Reply(subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr))


LOCK_WAIT = "hrtimer_nanosleep"
"""Where the kernel has a process that waits for a lock or its turn: nothing else in the program sleeps."""
PATIENCE_SECONDS = 60.0


def all_wait(processes: Sequence[subprocess.Popen[bytes]], *, but: int = 0) -> None:
    """Return when all but so many have been seen waiting for another's login: who waits longer than that is patient."""
    pause, idle = threading.Event(), list(processes)
    for _ in range(int(PATIENCE_SECONDS / 0.01)):
        idle = [process for process in idle if not _waits(process)]
        if len(idle) <= but:
            return
        pause.wait(0.01)
    raise AssertionError(f"{len(idle)} of {len(processes)} do not wait for the login under way")


def _waits(process: subprocess.Popen[bytes]) -> bool:
    try:
        return Path(f"/proc/{process.pid}/wchan").read_text(encoding="ascii") == LOCK_WAIT
    except OSError:  # it has ended
        return False


def killed_in(helper: Helper, fault: Fault, fields: Mapping[str, object]) -> None:
    """A `get` that has come as far as this fault of the server, and gets SIGKILL there."""
    with running(helper, "get", fields) as process:
        assert fault.reached.wait(30)
        process.kill()
        finished(process)


def snapshot(home: Path) -> dict[str, bytes]:
    """Every cached session as it lies on the disk."""
    files = [path for path in home.glob(".govmomi/*/*") if path.is_file()]
    return {str(path): path.read_bytes() + str(path.stat().st_mtime_ns).encode() for path in files}
