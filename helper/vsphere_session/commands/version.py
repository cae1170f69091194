"""Stub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.commands.options import command, host_argument, json_option

if TYPE_CHECKING:
    from vsphere_session.commands.invocation import Invocation


@command("Stub of version.", "vsphere-session version")
@host_argument
@json_option
def version_command(invocation: Invocation, *, host: str | None, as_json: bool) -> None:
    """See above."""
    invocation.screen.line("stub")
