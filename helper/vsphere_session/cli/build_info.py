"""What this program was built from, for `--version` and bug reports."""

from __future__ import annotations

import os
import sys

from vsphere_session.version import __version__


def description() -> str:
    """`0.1.0 (commit …, Python 3.11.7, PyInstaller 6.22.3, linux x86_64)`; a wheel knows no commit."""
    try:
        # written by the build of the single binary
        from vsphere_session_build import SOURCE  # type: ignore[import-not-found]  # noqa: PLC0415
    except ImportError:
        SOURCE = "wheel"  # noqa: N806  # stands for the imported constant
    major, minor, micro = sys.version_info[:3]
    machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "")
    return f"{__version__} ({SOURCE}, Python {major}.{minor}.{micro}, {sys.platform} {machine})"
