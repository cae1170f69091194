"""How the helper names itself to servers: administrators find who leaks sessions by it (`govc session.ls`)."""

from __future__ import annotations

import os

from vsphere_session.version import __version__


def user_agent(caller: str = "") -> str:
    """`vsphere-session/VERSION (CALLER)`; the caller is the parent process where nobody named one."""
    words = "".join(c for c in (caller or parent_name()) if c.isascii() and (c.isalnum() or c in "._-+/ "))[:64].strip()
    return f"vsphere-session/{__version__}" + (f" ({words})" if words else "")


def parent_name() -> str:
    """The name of the process that started this one, empty where the system does not tell."""
    try:
        with open(f"/proc/{os.getppid()}/comm", encoding="utf-8", errors="replace") as file:
            return file.read(64).strip()
    except OSError:
        return ""
