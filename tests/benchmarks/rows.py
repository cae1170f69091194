"""What is measured: a row for each question, with the target that was set for it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.conversation import per_request
from benchmarks.crowd import MANY, Crowd
from benchmarks.programs import BINARY, Bench
from benchmarks.timing import Command, at_once, medians, peak, seconds
from peers import build

AT_ONCE = 50
ONE, BOTH = "`session.login -l`", "`session.login -l`, then `-l -r`"
WAYS = ("remembered", "Python", "wheel")
HEAD = ("single file, answer remembered", "single file, by Python", "wheel's script", "govc")
FOR_README = ("warm", "asking", "cold", "at once", "memory")
"""The rows that matter to who decides whether to use it."""


@dataclass(frozen=True)
class Row:
    """A line of the table: what is measured, what was aimed at, and what each way of running the helper took.

    `about` says of a row for README which one it is.
    """

    name: str
    goal: str
    cells: tuple[str, str, str, str]
    about: str = ""


def full_table(found: list[Row]) -> str:
    """All rows with their targets, in Markdown."""
    return _table(["", "target (hope)", *HEAD], [[row.name, row.goal, *row.cells] for row in found])


def short_table(found: list[Row]) -> str:
    """The rows that matter, without targets."""
    return _table(["", *HEAD], [[row.name, *row.cells] for row in found if row.about in FOR_README])


def _table(head: list[str], lines: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in [head, ["---"] * len(head), *lines])


def rows(bench: Bench, rounds: int, launcher: Path) -> list[Row]:
    """Measure everything."""
    few = max(3, rounds // 10)
    bench.prepare()
    return [
        *warm(bench, rounds),
        *(dialect(bench, name, shown, rounds) for name, shown in DIALECTS.items()),
        asking(bench, rounds),
        cold(bench, rounds),
        first_run(bench, few),
        many_at_once(bench, few),
        memory(bench, launcher),
        size(),
        among_many(bench, rounds),
        conversation(bench, few),
        importing(rounds),
    ]


def row(name: str, goal: str, cells: dict[str, str], govc: str = "", about: str = "") -> Row:
    """A line of the table. `cells` is by way of running the helper; a way is left out where it makes no sense."""
    remembered, python, wheel = (cells.get(way, "–") for way in WAYS)
    return Row(name, goal, (remembered, python, wheel, govc or "–"), about)


def beside(found: dict[str, float], govc: float) -> dict[str, str]:
    """Each as a multiple of what govc took."""
    return {way: f"{value / govc:.2f} ×" for way, value in found.items()}


def milliseconds(seconds: float) -> str:
    """As it is shown."""
    return f"{seconds * 1000:.3g} ms"


# ---- one call


def warm(bench: Bench, rounds: int) -> list[Row]:
    """Nobody asks the server, except govc."""
    ways = {way: helper.warm() for way, helper in bench.helpers.items()}
    found = medians({**ways, "one": bench.govc_one, "both": bench.govc_both}, rounds, bench.refresh())
    one, both = found.pop("one"), found.pop("both")
    return [
        row(
            "warm `get`, both sessions",
            "≤ 0.04 × remembered, ≤ 0.55 × by Python (≤ 0.4 ×)",
            beside(found, both),
            f"{milliseconds(both)}: {BOTH}",
            about="warm",
        ),
        row(
            "the same, beside one of govc's two calls",
            "≤ 0.3 × by an agent (≤ 1.0 × without)",
            beside(found, one),
            f"{milliseconds(one)}: {ONE}",
        ),
    ]


DIALECTS = {"git": "by git's protocol", "docker": "by docker's protocol", "field": "with `--field`"}


def dialect(bench: Bench, name: str, shown: str, rounds: int) -> Row:
    """The same by another protocol."""
    ways = {way: helper.warm(name) for way, helper in bench.helpers.items()}
    found = medians({**ways, "both": bench.govc_both}, rounds, bench.refresh(name))
    both = found.pop("both")
    return row(f"warm `get` {shown}", "as the first", beside(found, both), f"{milliseconds(both)}: {BOTH}")


def asking(bench: Bench, rounds: int) -> Row:
    """Both ask the server, about SOAP and REST."""
    ways = {way: bench.helpers[way].warm(verify="always") for way in ("Python", "wheel")}
    found = medians({**ways, "both": bench.govc_both}, rounds)
    both = found.pop("both")
    name = "warm `get` that asks the server about both"
    return row(name, "≤ 1.0 × (≤ 0.8 ×)", beside(found, both), f"{milliseconds(both)}: {BOTH}", about="asking")


def cold(bench: Bench, rounds: int) -> Row:
    """Nothing is cached."""
    programs = {way: bench.helpers[way].program for way in ("Python", "wheel")}
    ways = {way: lambda program=program: bench.cold(program) for way, program in programs.items()}
    found = medians({**ways, "both": bench.govc_cold}, rounds)
    both = found.pop("both")
    govc = f"{milliseconds(both)}: the same two, nothing cached"
    return row("cold `get`, both logins", "≤ 1.3 × (≤ 1.0 ×)", beside(found, both), govc, about="cold")


def first_run(bench: Bench, rounds: int) -> Row:
    """Nothing is set up, so this is a cold `get` with a file that was never mapped."""
    found = medians({"Python": bench.first_run}, rounds)
    cells = {way: milliseconds(value) for way, value in found.items()}
    return row("first run ever of the file, both logins", "≤ 1.5 s (≤ 0.5 s)", cells)


# ---- more than one call


def many_at_once(bench: Bench, rounds: int) -> Row:
    """Many starts at the same time."""
    ways = {way: lambda call=call: at_once(call, AT_ONCE) for way, call in unforgettable(bench).items()}
    govc = bench.govc("session.login", "-l")
    found = medians({**ways, "one": lambda: at_once(govc, AT_ONCE)}, rounds, bench.refresh())
    one = found.pop("one")
    shown = f"{milliseconds(one)}: {AT_ONCE} {ONE}"
    name = f"{AT_ONCE} warm `get` at once, until the last ends"
    return row(name, "≤ 1.0 × (≤ 0.7 ×)", beside(found, one), shown, about="at once")


def unforgettable(bench: Bench) -> dict[str, Command]:
    """A warm `get` each way. With this field, which changes nothing else here, no answer is remembered."""
    fields = {"Python": {"verify": "never"}}
    return {way: helper.get(**fields.get(way, {})) for way, helper in bench.helpers.items()}


def conversation(bench: Bench, rounds: int) -> Row:
    """One process for many requests."""
    ways = {way: bench.helpers[way] for way in ("Python", "wheel")}
    measures = {way: lambda helper=helper: per_request(helper.get()) for way, helper in ways.items()}
    cells = {way: milliseconds(value) for way, value in medians(measures, rounds, bench.refresh()).items()}
    return row("a request of 1,000 warm ones on one pipe", "≤ 0.05 ms (≤ 0.03 ms)", cells)


def among_many(bench: Bench, rounds: int) -> Row:
    """Warm, with so many sessions and endpoints, beside one of each."""
    found = Crowd(bench).measure(rounds)
    cells = {way: f"{many / one:.2f} ×" for way, (one, many) in found.items()}
    name = f"warm `get`, {MANY:,} sessions cached and {MANY:,} endpoints configured, beside one"
    return row(name, "≤ 2 × (≤ 1.1 ×)", cells)


def importing(rounds: int) -> Row:
    """What a Python program pays for the import, and for the first name, beyond a program that does nothing."""
    programs = {"": "pass", "package": "import vsphere_session", "name": "from vsphere_session import Session"}
    measures = {
        name: lambda code=code: seconds(([sys.executable, "-c", code], b"", os.environ))
        for name, code in programs.items()
    }
    found = medians(measures, rounds)
    package, name = (milliseconds(max(found[each] - found[""], 0.0)) for each in ("package", "name"))
    return row(
        "`import vsphere_session` in a Python program; its `Session`", "≤ 30 ms", {"wheel": f"{package}; {name}"}
    )


# ---- size


def memory(bench: Bench, launcher: Path) -> Row:
    """The largest resident set of a warm get."""
    bench.refresh()()
    govc = max(peak(bench.govc("session.login", "-l"), launcher) for _ in range(3))
    found = {way: float(max(peak(call, launcher) for _ in range(3))) for way, call in unforgettable(bench).items()}
    shown = f"{govc / 1e6:.1f} MB: {ONE}"
    return row("peak memory of a warm `get`", "≤ 1.0 × (≤ 0.5 ×)", beside(found, govc), shown, about="memory")


def size() -> Row:
    """The size of the files."""
    ours, govc = BINARY.stat().st_size, build().govc.stat().st_size
    cells = {"Python": f"{ours / 1e6:.1f} MB"}
    return row("size of the file", "≤ 12.5 MB (≤ 10 MB)", cells, f"{govc / 1e6:.1f} MB: the tests' own build")
