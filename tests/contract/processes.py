"""The program as a process that a test watches while it runs, and the cache that it leaves."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from support import Helper, Reply


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


def family(pid: int) -> list[int]:
    """The process and its children: the single-file program runs in a child of its bootloader."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(descendant for child in children for descendant in family(int(child)))]


def interrupt(process: subprocess.Popen[bytes], number: int) -> None:
    """Signal the program itself, so that it has the signal now; a bootloader would pass it on when its turn comes."""
    os.kill(family(process.pid)[-1], number)


def snapshot(home: Path) -> dict[str, bytes]:
    """Every cached session as it lies on the disk."""
    files = [path for path in home.glob(".govmomi/*/*") if path.is_file()]
    return {str(path): path.read_bytes() + str(path.stat().st_mtime_ns).encode() for path in files}
