"""Many callers at once, of three kinds: threads with a `Session` each, the program, and the single file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from contract.processes import finished
from credential_protocol.messages import Failure
from promises.rows import Size
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, request
from vsphere_session import RestClient, Session, SoapClient, parse_endpoint
from vsphere_session.clock import Clock

SINGLE_FILE = Path(__file__).resolve().parents[2] / "dist" / "vsphere-session"
THREAD, PROCESS, BINARY = "thread", "process", "single file"
PATIENCE_SECONDS = 120.0
LOCK_WAIT = "hrtimer_nanosleep"
"""Where the kernel has a process that waits for the lock: nothing else in the program sleeps."""


class Caller(Protocol):
    """One that wants a session, from the moment it is made."""

    name: str

    def waits(self) -> bool:
        """Whether it is seen, or has been seen, waiting for another's login."""

    def pid(self) -> int:
        """The process that would hold the lock for it."""

    def answer(self) -> dict[str, str]:
        """Its reply's fields, as soon as there is one; with `error` and `message` where it failed."""

    def end(self) -> None:
        """Kill it, if it still runs."""


class ThreadCaller:
    """A thread that uses the public API, with a `Session` of its own."""

    def __init__(
        self, name: str, vcenter: SimulatedVCenter, home: Path, timeout: float, fields: Mapping[str, object]
    ) -> None:
        self.name = name
        self._clock = _WatchedClock()
        url = parse_endpoint(vcenter.url).with_user(USER, str(fields.get("password", PASSWORD)))
        self._session = Session(
            url,
            passthrough=bool(fields.get("passthrough")),
            ca_file=vcenter.ca_file,
            environ={"HOME": str(home)},
            clock=self._clock,
            timeout=timeout,
        )
        self._fields: dict[str, str] = {}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def waits(self) -> bool:
        """Whether it has slept by its clock."""
        return self._clock.slept

    def pid(self) -> int:
        """It is one of this process."""
        return os.getpid()

    def answer(self) -> dict[str, str]:
        """What a reply has of the sessions."""
        self._thread.join(PATIENCE_SECONDS)
        assert self._fields, f"{self.name} never got an answer"
        return self._fields

    def end(self) -> None:
        """Wait for it: a thread cannot be killed."""
        self._thread.join(PATIENCE_SECONDS)

    def _run(self) -> None:
        soap, rest = SoapClient(), RestClient()
        with soap, rest:
            try:
                made = [self._session.login(client) for client in (soap, rest)]
            except Failure as failure:
                self._fields = {"error": failure.kind, "message": failure.message}
            else:
                ids = {"soap_session_id": soap.session_id, "rest_session_id": rest.session_id}
                self._fields = {**ids, "source": "login" if any(made) else "cache"}


class _WatchedClock(Clock):
    """The system's; tells whether anybody has waited by it."""

    slept = False

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self.slept = True
        super().sleep(seconds)


class ProcessCaller:
    """A process: the console script or the single file."""

    def __init__(self, name: str, helper: Helper, fields: Mapping[str, object], timeout: float) -> None:
        self.name = name
        self._seen_waiting = False
        with tempfile.TemporaryFile() as stdin:  # whole when it starts, however long this process waits for its turn
            stdin.write(json.dumps(dict(fields)).encode())
            stdin.seek(0)
            self._process = subprocess.Popen(
                [*helper.program, "--timeout", f"{timeout:g}", "get"],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=helper.environment,
            )

    def waits(self) -> bool:
        """Whether it is, or was, asleep."""
        try:
            where = Path(f"/proc/{self.pid()}/wchan").read_text(encoding="ascii")
        except OSError:  # it has ended
            return self._seen_waiting
        self._seen_waiting = self._seen_waiting or where == LOCK_WAIT
        return self._seen_waiting

    def pid(self) -> int:
        """The program's own."""
        return self._process.pid

    def answer(self) -> dict[str, str]:
        """What it wrote to stdout."""
        return finished(self._process).fields

    def end(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.communicate(timeout=PATIENCE_SECONDS)


def kinds(size: Size) -> list[str]:
    """The kinds of callers there are: the single file may not be built yet when the tests run, else it has to be."""
    built = SINGLE_FILE.is_file() or os.environ.get("VSPHERE_SESSION_PROGRAM")
    assert built or size is Size.SHORT, "the long run needs the single file: run `python3 tests/run.py build` first"
    return [THREAD, PROCESS, BINARY] if built else [THREAD, PROCESS]


def mixed(count: int, of: Sequence[str]) -> list[str]:
    """So many kinds, in turn."""
    return [of[number % len(of)] for number in range(count)]


@contextmanager
def crowd(
    vcenter: SimulatedVCenter, home: Path, of: Sequence[str], *, timeout: float = 90.0, **fields: object
) -> Iterator[list[Caller]]:
    """One caller of each kind named, all under way at once. None outlives the block."""
    callers: list[Caller] = []
    try:
        for number, kind in enumerate(of, 1):
            callers.append(_start(f"caller {number} of {len(of)} ({kind})", kind, vcenter, home, timeout, fields))
        yield callers
    finally:
        for caller in callers:
            caller.end()


def _start(
    name: str, kind: str, vcenter: SimulatedVCenter, home: Path, timeout: float, fields: Mapping[str, object]
) -> Caller:
    if kind == THREAD:
        return ThreadCaller(name, vcenter, home, timeout, fields)
    helper = Helper(home)
    if kind == BINARY:
        helper.program = [os.environ.get("VSPHERE_SESSION_PROGRAM") or str(SINGLE_FILE)]
    return ProcessCaller(name, helper, request(vcenter, **{"password": PASSWORD, **fields}), timeout)


def all_wait(callers: Sequence[Caller], *, but: int = 0) -> None:
    """Return when all but so many have been seen waiting for another's login."""
    pause, idle = threading.Event(), list(callers)
    for _ in range(int(PATIENCE_SECONDS / 0.01)):
        idle = [caller for caller in idle if not caller.waits()]
        if len(idle) <= but:
            return
        pause.wait(0.01)
    raise AssertionError(f"not waiting for the login under way: {', '.join(caller.name for caller in idle)}")


FLOCKS = """
import sys
sys.path[:0] = sys.argv[1].split("|")
from vsphere_session.cli import main as entry
count = [0]
sys.addaudithook(lambda event, args: count.append(1) if event == "fcntl.flock" else None)
status = entry.run(["get"])
sys.stderr.write(f"{status} {sum(count)}")
"""


def flock_calls(helper: Helper, fields: Mapping[str, object]) -> int:
    """How often a `get` that has to succeed calls flock, as Python's own audit tells."""
    roots = "|".join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", FLOCKS, roots],
        input=json.dumps(dict(fields)).encode(),
        capture_output=True,
        env=helper.environment,
        check=True,
    )
    status, count = done.stderr.split()
    assert status == b"0", done
    return int(count)
