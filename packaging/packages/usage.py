"""What the program says of itself, for the manual and for those that install it: `--help`, its names, its statuses."""

from __future__ import annotations

import sys

from common import ROOT

sys.path[:0] = [str(ROOT / "helper"), str(ROOT / "protocol")]  # this very tree's, whatever else is installed
from credential_protocol.dialects import DIALECTS  # noqa: E402  # when it can be found
from credential_protocol.messages import KINDS  # noqa: E402
from vsphere_session import errors  # noqa: E402
from vsphere_session.cli.arguments import USAGE  # noqa: E402
from vsphere_session.commands.completion_scripts import SCRIPTS  # noqa: E402
from vsphere_session.commands.program import COMMANDS, PROGRAM_OF_COMMANDS  # noqa: E402
from vsphere_session.commands.usage import Usage  # noqa: E402
from vsphere_session.version import PROGRAM, __version__  # noqa: E402

__all__ = ["COMMANDS", "HELP", "NAMES", "PROGRAM", "PROGRAM_OF_COMMANDS", "SCRIPTS", "VERSION", "statuses"]
VERSION = __version__
NAMES = [row.program for row in DIALECTS.values() if row.program not in ("", PROGRAM)]
"""The further names under which the program speaks a caller's protocol."""
HELP = Usage(USAGE, PROGRAM)


def statuses() -> dict[str, str]:
    """Each exit status of a failure: its kind's name, and what the class of that error says of itself."""
    said = {
        kind.kind: (kind.__doc__ or "").strip()
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.SessionError) and kind is not errors.SessionError
    }
    return {str(status): f"{kind}: {said.get(kind, 'a bug of this program.')}" for kind, status in KINDS.items()}
