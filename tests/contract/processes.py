"""The program as a process that a test watches while it runs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

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
