"""The clock: how long a command takes, many at once, what memory it needs, and programs taking turns."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

Command = tuple[list[str], bytes, Mapping[str, str]]
"""argv with an absolute program, stdin, environment."""

STALE = 30.0
"""Seconds after which the sessions are confirmed anew: half of the trust window."""


def start(command: Command) -> int:
    """Start a command with its input in a pipe and nobody reading its output; the process's id."""
    argv, stdin, environment = command
    reader, writer = os.pipe()
    try:
        os.write(writer, stdin)  # a pipe has room for all of it
        os.close(writer)
        actions = [(os.POSIX_SPAWN_DUP2, reader, 0), (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
        return os.posix_spawn(argv[0], argv, environment, file_actions=actions)
    finally:
        os.close(reader)


def end(command: Command, process: int) -> None:
    """Wait for it. It must succeed."""
    _, status = os.waitpid(process, 0)
    if status:
        raise RuntimeError(f"{' '.join(command[0])} ended with {os.waitstatus_to_exitcode(status)}")


def seconds(*commands: Command) -> float:
    """How long commands take, one after the other."""
    started = time.perf_counter()
    for command in commands:
        end(command, start(command))
    return time.perf_counter() - started


def at_once(command: Command, times: int) -> float:
    """Start a command so many times at once; the seconds until the last has ended."""
    started = time.perf_counter()
    processes = [start(command) for _ in range(times)]
    for process in processes:
        end(command, process)
    return time.perf_counter() - started


def peak(command: Command, launcher: Path) -> int:
    """The largest resident set of a command in bytes. `launcher` is the small program of `floor`, which starts it.

    A process begins with the memory of the one that started it in the books.
    """
    argv, stdin, environment = command
    done = subprocess.run(
        [str(launcher), *argv],
        input=stdin,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=dict(environment),
        check=True,
    )
    return int(done.stderr) * 1024


Measures = Mapping[str, Callable[[], float]]


def medians(measures: Measures, rounds: int, refresh: Callable[[], None] = lambda: None) -> dict[str, float]:
    """The median of each, all of them taking turns so that the machine's mood hits them alike."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    fresh = 0.0
    for _ in range(rounds):
        if time.monotonic() - fresh > STALE:
            refresh()
            fresh = time.monotonic()
        for name, measure in measures.items():
            found[name].append(measure())
    return {name: statistics.median(values) for name, values in found.items()}
