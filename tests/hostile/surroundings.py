"""The program under test in surroundings that are not as they should be.

What has to be done in its own process first (a umask, a limit, a closed stream) is done by a small process that then
becomes the program.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.program import Helper

ORDINARY = """
if os.geteuid() == 0 and sys.platform == "linux":
    import ctypes
    for capability in (1, 2, 3):  # to override modes on access, on search, and the owner's rights
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
"""
"""Makes root obey the modes of files, as everybody else does."""


def within(helper: Helper, setup: str) -> Helper:
    """The same program in the same home, started after `setup` (Python, with os, sys and resource)."""
    other = Helper(helper.home, helper.environment)
    launcher = f"import os, resource, sys\n{setup}\nos.execv(sys.argv[1], sys.argv[1:])\n"
    other.program = [sys.executable, "-I", "-S", "-c", launcher, *helper.program]
    return other


def limited(helper: Helper, name: str, value: int) -> Helper:
    """The same program under a limit of the system, such as RLIMIT_NOFILE."""
    return within(helper, f"resource.setrlimit(resource.{name}, ({value}, {value}))")


@contextmanager
def mounted(place: Path, command: str) -> Iterator[Path | None]:
    """`place` after the shell command `command`, which mounts something there that only this test sees.

    None where this machine lets nobody mount: neither root nor, in a user namespace, anybody else.
    """
    place.mkdir(exist_ok=True)
    own = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    script = f'place="$1"; {command} && echo ready && exec cat'
    try:
        holder = subprocess.Popen(
            [*own, "sh", "-c", script, "sh", str(place)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        yield None
        return
    with holder:
        assert holder.stdout is not None
        ready = holder.stdout.readline() == b"ready\n"
        yield Path(f"/proc/{holder.pid}/root{place}") if ready else None
        assert holder.stdin is not None
        holder.stdin.close()
