"""What no program can beat on this machine: the smallest one, an interpreter, a question to the server."""

from __future__ import annotations

import os
import platform
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPSConnection
from pathlib import Path

from benchmarks.timing import Command, Measures, seconds
from peers import VcSim

NOTHING: Command = ([sys.executable, "-I", "-S", "-c", "pass"], b"", {})


def compiled(directory: Path) -> Path:
    """The smallest program, statically linked."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    command = (
        [compiler]
        if compiler
        else [sys.executable, "-m", "ziglang", "cc", "-target", f"{platform.machine()}-linux-musl"]
    )
    target = directory / "floor"
    source = Path(__file__).with_name("floor.c")
    subprocess.run([*command, "-O2", "-static", "-o", str(target), str(source)], check=True)
    return target


@contextmanager
def floors(program: Path, vcsim: VcSim, directory: Path) -> Iterator[Measures]:
    """What to measure, by name."""
    hello: Command = ([str(program)], b"", {})
    context = ssl.create_default_context(cafile=str(vcsim.ca_file))

    def ask() -> float:
        started = time.perf_counter()
        host, _, port = vcsim.authority.rpartition(":")
        connection = HTTPSConnection(host, int(port), context=context)
        connection.request("GET", "/about")
        connection.getresponse().read()
        elapsed = time.perf_counter() - started
        connection.close()
        return elapsed

    with _git_credential_cache(directory) as git:
        yield {
            "a static C program that says hello": lambda: seconds(hello),
            "`python3 -I -S -c pass`": lambda: seconds(NOTHING),
            "one TLS handshake and one request, by a process that runs already": ask,
            **({"`git credential-cache get`, its daemon running": lambda: seconds(git)} if git else {}),
        }


@contextmanager
def _git_credential_cache(directory: Path) -> Iterator[Command | None]:
    """Git's own cache with one login in it; None where there is no git that has one."""
    git = shutil.which("git")
    if git is None:
        yield None
        return
    socket = directory / "git" / "socket"
    socket.parent.mkdir(mode=0o700)
    environment = {"HOME": str(directory), "PATH": os.environ.get("PATH", os.defpath)}
    asked, login = b"protocol=https\nhost=vc.example.com\n", b"username=me\npassword=secret\n"

    def call(action: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        argv = [git, "credential-cache", "--socket", str(socket), action]
        return subprocess.run(argv, input=stdin, capture_output=True, env=environment, check=False)

    usable = call("store", asked + login).returncode == 0 and b"password=secret" in call("get", asked).stdout
    try:
        argv = [git, "credential-cache", "--socket", str(socket), "get"]
        yield (argv, asked, environment) if usable else None
    finally:
        call("exit")
