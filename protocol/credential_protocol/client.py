"""The caller's half: run a helper, give it a request, read its answer."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence

from credential_protocol.messages import KINDS, Answer, Failure


def call(
    program: Sequence[str],
    verb: str,
    fields: Mapping[str, str | bool | int | None],
    *,
    environ: Mapping[str, str] | None = None,
    timeout: float = 60.0,
) -> Answer:
    """Ask the helper `program` in the native protocol and return its answer.

    Raises Failure with the helper's kind and message; kind `internal` where what it wrote is no answer, and
    `busy` where it took longer than `timeout` seconds.
    """
    done = run([*program, verb], json.dumps(dict(fields)).encode(), environ, timeout)
    return read_answer(done.stdout, done.returncode)


def run(
    command: Sequence[str], stdin: bytes, environ: Mapping[str, str] | None, timeout: float
) -> subprocess.CompletedProcess[bytes]:
    """Run a helper. Raises Failure of kind `busy` where it takes longer than `timeout` seconds."""
    try:
        return subprocess.run(  # noqa: S603  # nosec B603  # running the helper that the caller named is the purpose
            command,
            input=stdin,
            capture_output=True,
            env=None if environ is None else dict(environ),
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Failure(f"the helper did not answer within {timeout:g} s", kind="busy") from None


def read_answer(stdout: bytes, status: int) -> Answer:
    """What a helper wrote as an Answer; raises the Failure that it reports."""
    try:
        reply = json.loads(stdout)
    except ValueError:
        raise Failure(f"the helper wrote no JSON and ended with status {status}") from None
    if not isinstance(reply, dict) or not all(isinstance(value, str) for value in reply.values()):
        raise Failure("the helper's answer is not a JSON object of strings")
    if status == 0 and "error" not in reply:
        return Answer(reply)
    kind = reply.get("error", "internal")
    raise Failure(
        reply.get("message", f"the helper ended with status {status}"), kind=kind if kind in KINDS else "internal"
    )
