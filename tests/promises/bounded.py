"""Promise 7: whatever a server or a caller sends, it is read up to a limit, in bounded memory, and never waited for for ever.

Every answer that means harm meets each of the seven things that the helper asks of a server, in one process that goes on
with the next request: memory that is not given back would add up.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hostile.answers import NO_ANSWER, TOO_SLOW, body
from hostile.inside import Inside
from hostile.measured import Measured
from hostile.operations import OPERATIONS, Operation
from hostile.raw_server import RawServer, dribbling, silent
from promises import govc_without_measure, limits_both_sides
from promises.rows import Progress, Row, Size
from simulated_vcenter import Fault, SimulatedVCenter, faults
from simulated_vcenter.exchange import Exchange
from support.program import PASSWORD, Helper, request
from vsphere_session.http import limits

GIGABYTE = 1 << 30
PARSED = limits.MAX_BODY_BYTES - 1000
WITHOUT_MEASURE: dict[str, Callable[[], Fault]] = {
    "a gigabyte": lambda: faults.huge(GIGABYTE),
    "a gigabyte in chunks": lambda: faults.huge(GIGABYTE, chunked=True),
    "chunks without end": lambda: faults.huge(None),
    "a gigabyte of headers": lambda: faults.huge_headers(GIGABYTE),
    "headers of a megabyte each": lambda: faults.huge_headers(GIGABYTE, line_bytes=1 << 20),
    "a gzip bomb": faults.gzip_bomb,
    "an XML entity bomb": faults.entity_bomb,
    "XML that is deep": faults.deep_xml,
    "XML with as many attributes as fit": body(b"<a " + b" ".join(b'x%x=""' % n for n in range(PARSED // 10)) + b"/>"),
    "XML with many elements": NO_ANSWER["XML with many elements"],
    "JSON that is deep": NO_ANSWER["JSON that is 100,000 deep"],
    "JSON with as many lists as fit": body(b"[" + b",".join([b"[[]]"] * (PARSED // 5)), "application/json"),
}
REDIRECTS = (301, 302, 303, 307, 308)
DIALECTS = (
    ("get",), ("store",), (), ("--protocol", "git", "get"), ("--protocol", "docker", "store"),
    ("--protocol", "terraform-cli", "store", "example.com"), ("--protocol", "bazel", "get"),
)  # fmt: skip
LARGEST_MEGABYTES = 100
ENDLESS_MEGABYTES = 64
SHORTEST_SECONDS = "0.4"


def rows(size: Size, progress: Progress) -> Iterator[Row]:
    """The rows of this promise; a step is one call."""
    tried = limits_both_sides.tried(progress)
    yield Row(
        f"{tried} limits, each at its value and one beyond it", f"{tried} of {tried} taken, {tried} of {tried} refused"
    )
    yield _without_measure(size, progress)
    yield _without_end(size, progress)
    yield _redirected(progress)
    yield _endless_requests(progress)


# ---- answers


class Conversation:
    """The program with its memory counted, answering line by line for one server. `peak_megabytes` is known at its end."""

    peak_megabytes = 0.0

    def __init__(self, vcenter: SimulatedVCenter, process: subprocess.Popen[bytes]) -> None:
        self._vcenter = vcenter
        self._process = process

    def ask(self, verb: str, **fields: object) -> dict[str, str]:
        """The reply, or the error."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = json.dumps(request(self._vcenter, action=verb, password=PASSWORD, **fields))
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()
        reply: dict[str, str] = json.loads(self._process.stdout.readline())
        return reply

    def meet(self, operation: Operation, fault: Fault) -> dict[str, str]:
        """What becomes of an operation that meets a fault; afterwards the same process does the same without it."""
        if operation.cached:
            assert self.ask("get", api=operation.kind)["source"] == "login"
        self._vcenter.faults.add("=" + operation.where, fault)
        reply = self.ask(operation.verb, **operation.fields)
        self._vcenter.faults.clear()
        assert "error" not in self.ask("erase"), operation.where
        self._vcenter.end_all()  # what could not be ended because of the fault
        return reply


@contextmanager
def conversing(*options: str) -> Iterator[Conversation]:
    """A server, and the program that speaks with it."""
    with tempfile.TemporaryDirectory() as directory, SimulatedVCenter() as vcenter:
        home = Path(directory) / "home"
        home.mkdir(mode=0o700)
        measured = Measured(home, Path(directory) / "memory.log")
        with measured.start(*options) as process:
            conversation = Conversation(vcenter, process)
            yield conversation
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait() == 0, "the conversation did not end well"
        conversation.peak_megabytes = measured.peak_megabytes


def _counted(fault: Fault, taken: list[int]) -> Fault:
    """The same fault, with the bytes noted that the helper's side has taken off the server's hands."""
    taken.append(0)

    def act(exchange: Exchange) -> None:
        write = exchange.write

        def noted(data: bytes) -> None:
            write(data)
            taken[-1] += len(data)

        exchange.write = noted  # type: ignore[method-assign]
        fault.strike(exchange)

    return Fault(act)


def _without_measure(size: Size, progress: Progress) -> Row:
    names = list(WITHOUT_MEASURE)[:: 1 if size is Size.LONG else 2]
    taken: list[int] = []
    peaks: list[float] = []
    for name in names:
        with conversing() as conversation:
            for operation in OPERATIONS:
                reply = conversation.meet(operation, _counted(WITHOUT_MEASURE[name](), taken))
                ended = reply.get("error") == "unreachable" or "warning" in reply
                assert ended, f"{name} as the answer to {operation.where}: {reply}"
                progress(1)
        peaks.append(conversation.peak_megabytes)
        assert peaks[-1] < LARGEST_MEGABYTES, f"{name}: {peaks[-1]:.0f} MB of memory"
    calls = len(names) * len(OPERATIONS)
    return Row(
        f"{len(names)} answers that mean harm ({', '.join(names)}) to each of {len(OPERATIONS)} requests",
        f"{calls} of {calls} are `unreachable`, or a warning; at most {max(taken) / 1e6:.0f} MB taken of a gigabyte (the system's "
        f"buffers included), peak memory {max(peaks):.0f} MB, and the next request is answered",
        govc_without_measure.memory() if size is Size.LONG else "–",
    )


def _without_end(size: Size, progress: Progress) -> Row:
    operations = OPERATIONS if size is Size.LONG else OPERATIONS[1:2] + OPERATIONS[5:6]
    for name, make in TOO_SLOW.items():
        with conversing("--timeout", SHORTEST_SECONDS) as conversation:
            for operation in operations:
                reply = conversation.meet(operation, make())
                ended = reply.get("error") == "unreachable" or "warning" in reply
                assert ended, f"{name} as the answer to {operation.where}: {reply}"
                progress(1)
    calls = len(TOO_SLOW) * len(operations) + _no_handshake(progress)
    return Row(
        f"no answer, headers or a body byte by byte without end, to {len(operations)} requests; a TLS handshake that never ends",
        f"{calls} of {calls} end at `--timeout`, which each byte does not begin anew",
        govc_without_measure.patience() if size is Size.LONG else "–",
    )


def _no_handshake(progress: Progress) -> int:
    """How many servers were given up that accept a connection, and do not go on or only byte by byte."""
    acts = [silent, dribbling(b"\x16\x03\x03\x40\x00\x02")]
    for act in acts:
        with tempfile.TemporaryDirectory() as home, RawServer(act) as server:
            fields = {"url": server.authority, "username": "u", "password": PASSWORD}
            reply = Helper(Path(home)).call("get", fields, "--timeout", SHORTEST_SECONDS)
            assert reply.kind == "unreachable", reply
            progress(1)
    return len(acts)


def _redirected(progress: Progress) -> Row:
    with tempfile.TemporaryDirectory() as home, SimulatedVCenter() as elsewhere, SimulatedVCenter() as vcenter:
        inside = Inside(Path(home), vcenter)
        for code in REDIRECTS:
            for operation in OPERATIONS:
                operation.prepare(inside)
                vcenter.faults.add("=" + operation.where, faults.redirect(elsewhere.url, code))
                if operation.verb == "erase":
                    assert "redirects" in inside.ask("erase", **operation.fields)["warning"], (code, operation.where)
                else:
                    message = inside.failure("get", **operation.fields).message
                    assert "redirects" in message, f"{code} as the answer to {operation.where}: {message}"
                vcenter.faults.clear()
                inside.ask("erase", scope="session")
                vcenter.end_all()
                progress(1)
        calls = len(REDIRECTS) * len(OPERATIONS)
        assert elsewhere.requests == [], "a redirect was followed"
    return Row(f"redirects ({', '.join(map(str, REDIRECTS))}) as answers", f"{calls} of {calls} refused, 0 followed")


# ---- requests


def _endless_requests(progress: Progress) -> Row:
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory) / "home"
        home.mkdir(mode=0o700)
        measured = Measured(home, Path(directory) / "memory.log")
        stdin = b'{"password": "' + b"x" * (ENDLESS_MEGABYTES << 20)
        for arguments in DIALECTS:
            reply = measured.run(*arguments, stdin=stdin)
            assert b"Traceback" not in reply.stdout + reply.stderr.encode(), f"{arguments}: {reply}"
            said = reply.stdout.decode() + reply.stderr
            assert "longer than" in said or "lines" in said, f"{arguments}: {said[:300]}"
            progress(1)
        peak = measured.peak_megabytes
        assert peak < LARGEST_MEGABYTES, f"{peak:.0f} MB of memory"
    return Row(
        f"a request of {ENDLESS_MEGABYTES} MB without end, in {len(DIALECTS)} ways to ask",
        f"{len(DIALECTS)} of {len(DIALECTS)} refused before the end, peak memory {peak:.0f} MB",
    )
