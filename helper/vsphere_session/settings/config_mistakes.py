"""What a mistake in the configuration file is told with: its line, and the key that was meant. Only a mistake pays for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credential_protocol.native import nearest
from vsphere_session.settings import login_fields

if TYPE_CHECKING:
    from collections.abc import Sequence


def line_of(text: str, key: str, table: str) -> str:
    """`, line 3` for the place of a key; `table` is in the line that its table begins with, and empty for the general ones.

    Empty where it is written in a way that is not looked for, such as dotted.
    """
    inside = not table
    for number, line in enumerate(text.split("\n"), 1):
        is_table = line.strip().startswith("[")
        name = line.strip(" \t[").partition("." if is_table else "=")[0].strip(" \t]\"'")
        if name == key and (inside if not is_table else not table):
            return f", line {number}"
        if is_table:
            inside = bool(table) and table in line
    return ""


def unknown(key: str, known: Sequence[str]) -> str:
    """What to say of a key that is none of the `known` ones."""
    if key in login_fields.SECRETS:
        return f"{key} is a secret, and does not belong into the configuration; name a file or a command that has it"
    if "password" in key.lower():
        return "passwords do not belong into the configuration; store it once: vsphere-session store"
    return f'"{key}" is not known; did you mean "{nearest(key, known)}"?'
