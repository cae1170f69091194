"""`python3 tests/run.py bench [--rounds N] [--write]`: measure, print the table, and with --write put it into README.md."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.programs import ROOT, Bench, Command, peak, programs, run_at_once, seconds
from peers import VcSim, build

START, END = "<!-- benchmark -->", "<!-- /benchmark -->"
AT_ONCE = 50


def main() -> None:
    """Measure everything in one paired run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30, help="how often each command runs (30)")
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    options = parser.parse_args()
    with VcSim(idle="1h") as vcsim, tempfile.TemporaryDirectory() as directory:
        table = measure(Bench(vcsim, Path(directory)), options.rounds, vcsim.password)
    text = f"{table}\n\n{circumstances(options.rounds)}"
    sys.stdout.write(f"{text}\n")
    if options.write:
        write(text)


def measure(bench: Bench, rounds: int, password: str) -> str:
    """The table: one row a question, one column a program, each as a ratio to govc with govc's own time beside it."""
    found = programs()
    for program in found.values():
        seconds(bench.helper(program, password=password))
    seconds(bench.govc("session.login"))
    seconds(bench.govc("session.login", "-r"))
    rows = [
        timed("warm `get`, within the trust window", bench_warm(bench), found, rounds),
        timed("warm `get` that asks the server about both sessions", bench_verified(bench), found, rounds),
        timed("cold `get`, both logins", bench_cold(bench), found, rounds),
        at_once(bench, found, max(3, rounds // 10)),
        memory(bench, found),
        size(found),
    ]
    head = "| | wheel | binary | govc | what govc does meanwhile |\n|---|---|---|---|---|"
    return "\n".join([head, *rows])


Sides = tuple[Callable[[Path], Callable[[], Command]], list[Callable[[], Command]], str]


def bench_warm(bench: Bench) -> Sides:
    """Nobody asks the server, except govc."""
    return (
        (lambda program: lambda: bench.helper(program)),
        [lambda: bench.govc("session.login", "-l")],
        "`session.login -l`",
    )


def bench_verified(bench: Bench) -> Sides:
    """Both ask the server, about SOAP and REST."""
    return (
        (lambda program: lambda: bench.helper(program, verify="always")),
        [lambda: bench.govc("session.login", "-l"), lambda: bench.govc("session.login", "-l", "-r")],
        "`session.login -l`, then `-l -r`",
    )


def bench_cold(bench: Bench) -> Sides:
    """Nothing is cached."""
    govc = [bench.govc_cold("session.login", "-l"), bench.govc_cold("session.login", "-l", "-r")]
    return bench.helper_cold, govc, "the same two, nothing cached"


def timed(name: str, sides: Sides, found: dict[str, Path], rounds: int) -> str:
    """One row of times, the programs taking turns so that the machine's mood hits them alike."""
    make, govc, what = sides
    columns: dict[str, list[float]] = {"govc": [], **{label: [] for label in found}}
    for _ in range(rounds):
        columns["govc"].append(sum(seconds(command()) for command in govc))
        for label, program in found.items():
            columns[label].append(seconds(make(program)()))
    medians = {label: statistics.median(times) for label, times in columns.items()}
    ratios = [f"{medians[label] / medians['govc']:.2f} ×" for label in found]
    return f"| {name} | {' | '.join(ratios)} | {medians['govc'] * 1000:.1f} ms | {what} |"


def at_once(bench: Bench, found: dict[str, Path], rounds: int) -> str:
    """One row for many starts at once."""
    columns: dict[str, list[float]] = {"govc": [], **{label: [] for label in found}}
    for _ in range(rounds):
        columns["govc"].append(run_at_once(bench.govc("session.login", "-l"), AT_ONCE))
        for label, program in found.items():
            columns[label].append(run_at_once(bench.helper(program), AT_ONCE))
    medians = {label: statistics.median(times) for label, times in columns.items()}
    ratios = [f"{medians[label] / medians['govc']:.2f} ×" for label in found]
    return f"| {AT_ONCE} warm `get` at once | {' | '.join(ratios)} | {medians['govc'] * 1000:.0f} ms | {AT_ONCE} `session.login -l` at once |"


def memory(bench: Bench, found: dict[str, Path]) -> str:
    """One row for the largest resident set of a warm get."""
    peaks = [max(peak(bench.helper(program)) for _ in range(3)) for program in found.values()]
    govc = max(peak(bench.govc("session.login", "-l")) for _ in range(3))
    ratios = [f"{size / govc:.2f} ×" for size in peaks]
    return f"| peak memory of a warm `get` | {' | '.join(ratios)} | {govc / 1e6:.0f} MB | `session.login -l` |"


def size(found: dict[str, Path]) -> str:
    """One row for the size of the files."""
    govc = build().govc.stat().st_size
    return f"| size of the one file | – | {found['binary'].stat().st_size / govc:.2f} × | {govc / 1e6:.1f} MB | the test's own build of govc |"


def circumstances(rounds: int) -> str:
    """What it was measured on."""
    return (
        f"Medians of {rounds} rounds, the programs taking turns, against vcsim (govmomi 0.56) on the loopback interface; "
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}. "
        "Read them as ratios. Measured by `python3 tests/run.py bench`."
    )


def write(text: str) -> None:
    """Put the table between its marks in README.md."""
    path = ROOT / "README.md"
    content = path.read_text(encoding="utf-8")
    before, _, rest = content.partition(START)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{START}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
