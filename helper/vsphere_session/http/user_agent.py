"""How the helper names itself to servers: administrators find who leaks sessions by it (`govc session.ls`).

On the fast path.
"""

from __future__ import annotations

import os

from vsphere_session.version import PROGRAM, __version__


def user_agent(caller: str = "") -> str:
    """`vsphere-session/VERSION (CALLER)`; the caller is the parent process where nobody named one."""
    words = "".join(c for c in (caller or parent_name()) if c.isascii() and (c.isalnum() or c in "._-+/ "))[:64].strip()
    return f"{PROGRAM}/{__version__}" + (f" ({words})" if words else "")


def parent_name() -> str:
    """The name of the process that started this program, empty where the system does not tell.

    The single file is two processes, of which the outer one has the caller as its parent.
    """
    pid = os.getppid()
    for _ in range(2):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                text = file.read(512)
        except OSError:
            return ""
        # the name stands in brackets and may itself hold brackets and spaces
        name = text[text.find("(") + 1 : text.rfind(")")]
        if not PROGRAM.startswith(name):
            return name
        pid = int(text[text.rfind(")") + 1 :].split()[1])
    return ""
