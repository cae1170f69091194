"""The programs that tests start and that no peer brings along."""

from __future__ import annotations

import shutil

PROGRAMS = {"curl": "curl", "docker": "docker.io", "git": "git", "make": "make", "perl": "perl"}
"""Each with the package of Debian and Ubuntu."""


def missing() -> str:
    """A line that names those that are not on PATH, and how to have them; nothing where all are."""
    lacking = [name for name in PROGRAMS if not shutil.which(name)]
    packages = " ".join(PROGRAMS[name] for name in lacking)
    return (
        f"what starts {', '.join(lacking)} fails, since this machine has none (install {packages})" if lacking else ""
    )
