"""Many requests on one pipe, each asked when the one before is answered."""

from __future__ import annotations

import json
import subprocess
import time

from benchmarks.timing import Command

REQUESTS = 1000


def per_request(command: Command) -> float:
    """The seconds that one of 1,000 requests takes. `command` is a single `get`, whose request is asked again and again."""
    (program, _), stdin, environment = command
    line = json.dumps({"action": "get"} | json.loads(stdin)).encode() + b"\n"
    pipe = subprocess.PIPE
    with subprocess.Popen([program], stdin=pipe, stdout=pipe, bufsize=0, env=dict(environment)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        first = _ask(process, line)  # is not counted: it waits for the program to start
        started = time.perf_counter()
        for _ in range(REQUESTS):
            if _ask(process, line) != first:
                raise RuntimeError("the same request has another answer")
        elapsed = time.perf_counter() - started
        process.stdin.close()
    if process.returncode or b'"source": "cache"' not in first:
        raise RuntimeError(f"no warm answer: status {process.returncode}")
    return elapsed / REQUESTS


def _ask(process: subprocess.Popen[bytes], line: bytes) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line)
    answer = process.stdout.read(65536)
    while answer and not answer.endswith(b"\n"):
        answer += process.stdout.read(65536)
    return answer
