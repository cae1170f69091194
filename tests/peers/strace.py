"""strace, which lets a program meet faults in its system calls."""

import functools
import shutil
import subprocess

from peers.debian import debian
from peers.toolchain import PeerMissingError


@functools.cache
def strace() -> tuple[str, ...]:
    """Return the command line that starts the host's strace, else Debian's, and nothing else of it.

    Raise ``PeerMissingError`` where there is none, or where it may trace nothing.
    """
    found = shutil.which("strace")
    # Debian's gets its libraries by a variable, which is not for the traced program.
    command = (found,) if found else (str(debian()["strace"]), "-E", "LD_LIBRARY_PATH")
    tried = subprocess.run(
        [*command, "-f", "-qqq", "-o", "/dev/null", "-e", "trace=close", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    if tried.returncode != 0:
        raise PeerMissingError(f"{command[0]} can not trace here: {tried.stderr.strip()}")
    return command
