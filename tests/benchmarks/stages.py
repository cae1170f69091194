"""Where the time of a call goes: its system calls tell when the next stage begins.

strace stops only at those (by a filter in the kernel), and what it adds is taken out again: the stages of a traced call
are shown as shares of what the same call takes without it.
"""

from __future__ import annotations

import re
import statistics
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.programs import Bench, Helper
from benchmarks.timing import Command, medians, seconds
from peers import PeerMissingError, strace

Bar = tuple[str, list[tuple[str, float]]]
"""What is done, and its stages with their milliseconds, in their order."""

TRACED = "execve,open,openat,poll,lseek,connect,write,exit_group"
EVENT = re.compile(r"\d+ +(?P<time>\d+\.\d+) (?P<call>.*)")

START, MAP, CALL, ANSWER = "exec", "map and check the file", "read the call", "compare files, give the answer"
PYTHON, IMPORTS, REQUEST, FILES = "start Python", "import our modules", "request, settings", "cache files, answer"
NETWORK, SERVER, NOTE = "import TLS and XML", "ask the server", "note what it said, answer"
REMEMBER, END = "remember the answer", "exit"

MARKS: list[tuple[str, re.Pattern[str], tuple[str, ...]]] = [
    (MAP, re.compile(r'open(?:at)?\(.*"/proc/self/exe"'), (START,)),
    (CALL, re.compile(r'open(?:at)?\(.*/answers\.key"'), (MAP,)),
    (PYTHON, re.compile(r'open(?:at)?\(.*/answers/[\w.]+", .* = -1 ENOENT'), (CALL,)),
    (ANSWER, re.compile(r'open(?:at)?\(.*/answers/\w+", .* = \d'), (CALL,)),
    (IMPORTS, re.compile(r"lseek\(2, "), (PYTHON, IMPORTS)),
    (REQUEST, re.compile(r'open(?:at)?\(.*/config\.toml"'), (PYTHON, IMPORTS)),
    (FILES, re.compile(r'open(?:at)?\(.*/(rest_)?sessions/\w+", O_RDONLY'), (REQUEST,)),
    (NETWORK, re.compile(r'open(?:at)?\(.*/records/\w+", O_RDONLY'), (FILES,)),
    (SERVER, re.compile(r"connect\(\d+, \{sa_family=AF_INET"), (FILES, NETWORK, NOTE)),
    (NOTE, re.compile(r'open(?:at)?\(.*/(locks|records|confirmed)/[.\w]+", '), (SERVER,)),
    (REMEMBER, re.compile(r"write\(1, "), (FILES, NETWORK)),
    (END, re.compile(r"exit_group\("), (ANSWER, REMEMBER, FILES, NOTE, SERVER)),
]
"""A stage, the system call with which it begins, and the stages that it may come after."""


def bars(bench: Bench, rounds: int) -> list[Bar]:
    """The three kinds of warm calls of the single file, with govc beside them; nothing where there is no strace."""
    remembered, python = bench.helpers["remembered"], bench.helpers["Python"]
    calls = {
        "`get`, answer remembered": (remembered, remembered.get()),
        "`get` by Python": (python, python.get()),
        "`get` that asks the server about both": (python, python.get(verify="always")),
    }
    try:
        strace()
    except PeerMissingError:
        return []
    measures: dict[str, Callable[[], float]] = {
        name: partial(_seconds, helper, command) for name, (helper, command) in calls.items()
    }
    found = medians(measures | {"one": bench.govc_one, "both": bench.govc_both}, rounds, bench.refresh())
    one, both = found.pop("one") * 1000, found.pop("both") * 1000
    result: list[Bar] = [
        ("govc's two calls", [("`session.login -l`", one), ("`session.login -l -r`", max(0.0, both - one))])
    ]
    bench.refresh()()
    for name, (helper, command) in calls.items():
        result.append((name, _shares(helper, command, bench.directory / "trace", found[name] * 1000)))
    return result


def _seconds(helper: Helper, command: Command) -> float:
    if helper.forgets:
        helper.forget()
    return seconds(command)


def _shares(helper: Helper, command: Command, log: Path, total: float) -> list[tuple[str, float]]:
    """The stages of a call that takes `total` milliseconds."""
    runs = [_traced(helper, command, log) for _ in range(15)]
    medians_of = {stage: statistics.median(run.get(stage, 0.0) for run in runs) for stage in runs[0]}
    scale = total / sum(medians_of.values())
    return [(stage, value * scale) for stage, value in medians_of.items()]


def _traced(helper: Helper, command: Command, log: Path) -> dict[str, float]:
    argv, stdin, environment = command
    if helper.forgets:
        helper.forget()
    options = ["-f", "--seccomp-bpf", "-q", "-ttt", "-e", f"trace={TRACED}", "-e", "signal=none", "-o", str(log)]
    subprocess.run(
        [*strace(), *options, *argv], input=stdin, stdout=subprocess.DEVNULL, env=dict(environment), check=True
    )
    return stages(log.read_text(encoding="utf-8"))


def stages(log: str) -> dict[str, float]:
    """Seconds by stage, in the order in which they began, of what strace has written."""
    found: dict[str, float] = {START: 0.0}
    stage, before = START, 0.0
    for line in log.splitlines():
        event = EVENT.match(line)
        if event is None:
            continue
        now = float(event["time"])
        if before:
            found[stage] = found.get(stage, 0.0) + now - before
        before = now
        stage = next((name for name, mark, after in MARKS if stage in after and mark.match(event["call"])), stage)
    if SERVER not in found and NETWORK in found:  # after the record, nothing but another file was read
        found[FILES] += found.pop(NETWORK)
    return found
