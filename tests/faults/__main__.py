"""`python3 tests/run.py faults --kill CALL:N | --error CALL:ERROR[:N] -- COMMAND ...`: let it meet faults.

The command runs under strace, which kills it before the N-th call, or lets calls fail. Without a fault it is only
watched: the calls that can change a file are listed on stderr, each with the number that --kill and --error take.
See docs/faults.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from faults.calls import CHANGES, calls_of_threads
from faults.injection import Fault, under_strace


def main() -> int:
    """Return the command's own exit status; 128 and the signal's number where a signal ended it."""
    parser = argparse.ArgumentParser(prog="tests/run.py faults", description=__doc__.partition("\n")[2])
    add = parser.add_argument
    add("--kill", action="append", default=[], type=_kill, metavar="CALL:N", help="SIGKILL before the N-th")
    add("--error", action="append", default=[], type=_failure, metavar="CALL:ERROR[:N]", help="all fail, or the N-th")
    add("command", nargs="+", metavar="COMMAND", help="the program and its arguments, after --")
    options = parser.parse_args()
    faults = [*options.kill, *options.error]
    with tempfile.TemporaryDirectory(prefix="faults-") as directory:
        log = Path(directory) / "calls"
        calls = () if faults else CHANGES
        command = under_strace(options.command, faults=faults, log=log, calls=calls)
        status = subprocess.run(command, check=False).returncode
        report(log, faults)
    return status if status >= 0 else 128 - status


def _kill(text: str) -> Fault:
    try:
        return Fault.kill(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _failure(text: str) -> Fault:
    try:
        return Fault.failure(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def report(log: Path, faults: list[Fault]) -> None:
    """Say on stderr which faults were met, or every call that can change a file."""
    calls = [call for _, call in calls_of_threads(log)]
    if not faults:
        for call in calls:
            if call.can_change:
                sys.stderr.write(f"{call}\n")
        return
    met = [call for call in calls if call.text.endswith(("(INJECTED)", "= ?"))]
    for call in met:
        sys.stderr.write(f"met: {call}\n")
    if not met:
        sys.stderr.write("met no fault: there was no such call\n")


if __name__ == "__main__":
    sys.exit(main())
