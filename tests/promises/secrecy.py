"""Promise 6: a password and session ids are found where the contract puts them, and nowhere else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hostile.canary import shows_secret
from hostile.surroundings import within
from promises import closed_doors, govc_open_doors, other_peoples_logs
from promises.canaries import CORE, PASSWORD, SHAPES, Canaries
from promises.crowd import BINARY, SINGLE_FILE, kinds
from promises.features import Call, calls
from promises.rows import Progress, Row, Size
from simulated_vcenter import SimulatedVCenter, faults
from support.program import USER, Helper, Reply, program, request

BUG = """
from vsphere_session.cli import main as entry
from vsphere_session.service import verbs as service
def get(request, host):
    password = request.attributes["password"]
    raise RuntimeError(password)
service.VERBS["get"] = get
entry.main()
"""


class Scene:
    """A home, a directory for temporary files and one for runtime files, all of which are searched; a vCenter."""

    def __init__(self, place: Path, vcenter: SimulatedVCenter) -> None:
        self.place = place
        self.vcenter = vcenter
        self.held: set[str] = set()
        """What has been found where it belongs: a search that finds nothing anywhere would prove nothing."""
        self.canaries = Canaries(lambda: {session.id for session in [*vcenter.logins, *vcenter.sessions]})
        for name in ("home", "tmp", "run", "here"):
            (place / name).mkdir(mode=0o700)
        self.helper = Helper(
            place / "home",
            {"TMPDIR": str(place / "tmp"), "XDG_RUNTIME_DIR": str(place / "run"), "PATH": os.environ["PATH"]},
        )
        config = place / "home" / ".config" / "vsphere-session" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text(
            f'secret_store = "file"\nurl = "{vcenter.authority}"\nca_file = "{vcenter.ca_file}"\n'
            f'[endpoint."{vcenter.authority}"]\nusername = "{USER}"\n',
            encoding="utf-8",
        )

    @property
    def allowed(self) -> dict[Path, str]:
        """Where the contract puts what."""
        home = self.place / "home"
        govmomi = {home / ".govmomi" / name: "session" for name in ("sessions", "rest_sessions")}
        return govmomi | {home / ".local" / "state" / "vsphere-session" / "secrets.json": "password"}

    def run(self, call: Call) -> Reply:
        """One call; what may go wrong on the server's side goes wrong for it alone."""
        if call.fault is not None:
            self.vcenter.faults.add(*call.fault)
        try:
            reply = self.helper.run(*call.arguments, stdin=call.stdin, timeout=60.0, **call.environment)
        finally:
            self.vcenter.faults.clear()
        assert reply.status == call.status, f"{call}: {reply}"
        return reply

    def look(self, call: object, stdout: bytes, stderr: bytes, shows: frozenset[str] = frozenset()) -> None:
        """Search the streams of a call, and every file there is now."""
        found = self.canaries.found(stdout)
        assert found == shows, f"{call}: stdout shows {found or 'nothing'}, and should show {set(shows) or 'nothing'}"
        shown = self.canaries.found(stderr)
        assert not shown, f"{call}: stderr shows a {shown}"
        assert not shows_secret(stderr.decode("utf-8", "replace"), CORE), f"{call}: stderr shows a part of the password"
        for path, found in self.canaries.in_files(self.place):
            known = {what for place, what in self.allowed.items() if place == path or place in path.parents}
            assert found <= known, f"{call}: {path} holds a {found - known}"
            self.held |= known


@contextmanager
def scene() -> Iterator[Scene]:
    """A scene whose vCenter knows the canary password; at its end no session is left on the server."""
    with tempfile.TemporaryDirectory() as place, SimulatedVCenter({USER: PASSWORD}) as vcenter:
        it = Scene(Path(place), vcenter)
        yield it
        assert {session.id for session in vcenter.sessions} == it.helper.sessions_in_files
        it.helper.ok("erase", request(vcenter))
        assert vcenter.session_count == 0


def rows(size: Size, progress: Progress) -> Iterator[Row]:
    """The rows of this promise; a step is one call, or one thing in the way."""
    yield _every_feature(size, progress)
    yield _processes(progress)
    yield other_peoples_logs.row(size, progress)
    yield from closed_doors.rows(size, progress)
    if size is Size.LONG:
        yield govc_open_doors.row()


def _every_feature(size: Size, progress: Progress) -> Row:
    searched, done = 0, 0
    programs = [program(), *([[str(SINGLE_FILE)]] if size is Size.LONG and BINARY in kinds(size) else [])]
    for command in programs:
        with scene() as it:
            it.helper.program = command
            for call in calls(it.vcenter):
                reply = it.run(call)
                it.look(call, reply.stdout, reply.stderr.encode(), call.shows)
                done += 1
                progress(1)
            done += _passed_through(it, progress) + _busy_and_bug(it, progress)
            assert it.held == {"session", "password"}, f"the search has found only {it.held} where all of it belongs"
        searched += it.canaries.bytes_searched
    return Row(
        f"{done} calls of all features with `-vv` (verbs, dialects, exec, export, configure, every error kind, a bug's traceback), "
        "a canary as password and every session id",
        "found in 0 places but the contract's: stdout of the call that asks for it, the session files, the secret store "
        f"({searched / 1000:.0f} kB of streams and files searched, in {len(SHAPES)} encodings)",
    )


def _passed_through(it: Scene, progress: Progress) -> int:
    """A session that is in no file, and its end."""
    fields = request(it.vcenter, password=PASSWORD, passthrough=True)
    reply = it.helper.call("get", fields, "-vv")
    it.look("get with passthrough", reply.stdout, reply.stderr.encode(), frozenset({"session"}))
    ids = {name: value for name, value in reply.fields.items() if name.endswith("_session_id")}
    assert len(ids) == 2, reply
    reply = it.helper.call("erase", request(it.vcenter, **ids), "-vv")
    assert reply.fields["erased"] == "soap,rest", reply
    it.look("erase with session ids", reply.stdout, reply.stderr.encode())
    progress(2)
    return 2


def _busy_and_bug(it: Scene, progress: Progress) -> int:
    fields = json.dumps(request(it.vcenter, password=PASSWORD)).encode()
    hanging = it.helper.start("-vv", "get")
    assert hanging.stdin is not None
    fault = it.vcenter.faults.add("=Login", faults.stall(), times=1)
    hanging.stdin.write(fields)
    hanging.stdin.close()
    hanging.stdin = None  # or communicate would flush it
    fault.reached.wait(30.0)
    reply = it.helper.run("-vv", "--timeout", "0.3", "get", stdin=fields)
    assert reply.status == 8, f"a second caller while the first hangs: {reply}"
    it.look("busy", reply.stdout, reply.stderr.encode())
    hanging.send_signal(signal.SIGKILL)
    hanging.communicate()
    it.look("killed while it waited for an answer", b"", b"")
    broken = Helper(it.helper.home, it.helper.environment)
    broken.program = [sys.executable, "-c", BUG]
    reply = broken.run("-vv", "get", stdin=fields)
    assert (reply.status, "in get" in reply.stderr) == (70, True), reply
    it.look("a bug", reply.stdout, reply.stderr.encode())
    progress(3)
    return 3


# ---- processes


def _processes(progress: Progress) -> Row:
    """A call that hangs in a login is looked at from outside, and then ends with SIGABRT and SIGQUIT."""
    seen = 0
    with scene() as it:
        for number in (signal.SIGQUIT, signal.SIGABRT, signal.SIGSEGV):
            cores = f"os.chdir({str(it.place / 'here')!r}); resource.setrlimit(resource.RLIMIT_CORE, (-1, -1))"
            it.helper.environment["PYTHONFAULTHANDLER"] = "1"
            process = within(it.helper, cores).start("-vv", "get")
            fault = it.vcenter.faults.add("=Login", faults.stall(), times=1)
            out, err = _hang_and_end(it, process, fault.reached.wait, number)
            it.look(f"a hanging get ended with {number.name}", out, err)
            assert list((it.place / "here").iterdir()) == [], f"{number.name} has left a core file"
            seen += 1
            progress(1)
    return Row(
        "a login that hangs, seen by `ps` and in /proc, then ended by SIGQUIT, SIGABRT and SIGSEGV with core files allowed and "
        "Python's faulthandler on",
        f"in no process's arguments or environment, in no traceback; 0 core files of {seen}",
    )


def _hang_and_end(
    it: Scene, process: subprocess.Popen[bytes], reached: object, number: signal.Signals
) -> tuple[bytes, bytes]:
    assert process.stdin is not None
    process.stdin.write(json.dumps(request(it.vcenter, password=PASSWORD)).encode())
    process.stdin.flush()
    process.stdin.close()
    process.stdin = None
    assert callable(reached)
    assert reached(30.0), "the login was never asked for"
    for entry in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ", "comm"):
            try:
                data = (entry / name).read_bytes()
            except OSError:  # another user's, or gone meanwhile
                continue
            if name == "environ" and str(it.place).encode() not in data:
                continue  # of no call of this scene: whoever else runs these tests now puts the same password there
            found = it.canaries.found(data)
            assert not found, f"{entry / name} shows a {found}"
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == -number, process.returncode
    return out, err
