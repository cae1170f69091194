"""A plugin of pytest: each `get` that a test makes and that may be given again is asked in all three ways.

From memory, by Python, and with remembering switched off: stdout, stderr, status and what is left of stdin must be the
same. Which calls those are is the program's own word: they are those after which it has remembered an answer, once the
files are no news any more. None of them asks a server, so that no test notices; a call that might ask one is left alone.
Use: `-p support.three_ways` with VSPHERE_SESSION_PROGRAM.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from typing import Any

import pytest

from support.program import Helper, Reply, settle

ASKING = (
    "verify",
    "reauth",
    "passthrough",
    "PERSIST",
    "trust_window",
    "_age",
    "idle_limit",
    "clone_ticket",
    "kubernetes",
    "bazel",
    "encrypted",
)
run = Helper.run
compared: list[str] = []


def run_and_compare(self: Helper, *arguments: str, **named: Any) -> Reply:
    """As Helper.run; the same call again in three ways where it was remembered."""
    before = remembered(self)
    reply = run(self, *arguments, **named)
    if reply.status or "get" not in arguments or asks_a_server(self, arguments, named):
        return reply
    if not remembered(self) - before:
        settle(self, 0.06)
        run(self, *arguments, **named)
    if remembered(self) - before:
        reply_again = run(self, *arguments, **named)
        again = [asked(self, arguments, named, way) for way in ("", "0", "")]
        expected = (0, reply_again.stdout, reply_again.stderr, len(named.get("stdin", b"")))
        assert again == [expected] * 3, (arguments, again, expected)
        compared.append(" ".join(arguments))
    return reply


def asks_a_server(helper: Helper, arguments: tuple[str, ...], named: dict[str, Any]) -> bool:
    """Whether the call, or what surrounds it, has a word for that."""
    texts = [*arguments, *named, *map(str, named.values()), *helper.environment, *helper.environment.values()]
    texts += [path.read_text(errors="replace") for path in helper.home.rglob("*.toml")]
    return any(word in text for word in ASKING for text in texts)


def remembered(helper: Helper) -> set[tuple[str, int]]:
    """The files of remembered answers, as they are now."""
    return {(str(path), path.stat().st_ctime_ns) for path in helper.home.rglob("answers/*")}


def asked(helper: Helper, arguments: tuple[str, ...], named: dict[str, Any], way: str) -> tuple[int, bytes, str, int]:
    """Status, stdout and stderr of one more call, and how much of stdin it has read."""
    environment = {name: text for name, text in named.items() if name not in ("stdin", "timeout")}
    if way:
        environment["VSPHERE_SESSION_REMEMBER"] = way
    with tempfile.TemporaryFile() as stdin:
        stdin.write(named.get("stdin", b""))
        stdin.seek(0)
        done = subprocess.run(
            [*helper.program, *arguments],
            stdin=stdin,
            capture_output=True,
            env=helper.environment | environment,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"), os.lseek(stdin.fileno(), 0, 1)


def pytest_configure() -> None:
    """Put it in place of what the tests call."""
    setattr(Helper, "run", run_and_compare)  # noqa: B010  # mypy allows no other way


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell how many there were: none would prove nothing."""
    worker = getattr(session.config, "workeroutput", None)
    if worker is not None:
        worker["compared"] = len(compared)
    elif not compared:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what a worker has compared."""
    compared.extend([""] * node.workeroutput.get("compared", 0))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """As above."""
    terminalreporter.write_line(f"asked in three ways: {len(compared)} calls")
