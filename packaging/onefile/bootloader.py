"""PyInstaller's bootloader runs before any of our code; what it says of the temporary directory names no way out.

Its messages are rewritten in the finished file, each in the room that it has. They are all that a user sees, with exit
status 255 and nothing on stdout, where /tmp is full, not writable, or mounted noexec.
"""

from __future__ import annotations

from pathlib import Path

from common import BuildError

MESSAGES = {
    "Could not create temporary directory!": "no writable temp folder; set TMPDIR",
    "Failed to extract entry: %s.": "cannot unpack %s; set TMPDIR",
    "Failed to load Python shared library '%s': %s": "cannot run %s (%s); set TMPDIR elsewhere",
}


def reword(file: Path) -> None:
    """Put our messages into a single file. Raise BuildError if the bootloader is not the one whose messages we know."""
    data = file.read_bytes()
    for old, new in MESSAGES.items():
        before, after = f"{old}\n\0".encode(), f"{new}\n\0".encode()
        if data.count(before) != 1 or len(after) > len(before):
            raise BuildError(f'the bootloader does not say "{old}" (any more): mend MESSAGES in {__file__}')
        data = data.replace(before, after.ljust(len(before), b"\0"))
    file.write_bytes(data)
