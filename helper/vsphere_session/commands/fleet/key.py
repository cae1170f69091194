"""`fleet key`: makes the key that all machines of a fleet need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vsphere_session.clock import rfc3339
from vsphere_session.commands.options import command
from vsphere_session.errors import InvalidRequestError
from vsphere_session.fleet.keys import new_key
from vsphere_session.storage.files import write_new
from vsphere_session.version import PROGRAM

if TYPE_CHECKING:
    from vsphere_session.commands.invocation import Invocation


@command(
    "Make a key with --new: one line, which goes to each machine of the fleet, into the file that key_file names. It is a secret: a "
    "pipe or a file gets it, a screen only with --show-secret. To change the key, put the new line below the old one everywhere, "
    "then above it everywhere, and after a day drop the old one. Its name, --id, is no secret; it is this month where you give none.",
    f"{PROGRAM} fleet key --new --output fleet-key\n{PROGRAM} fleet key --new --id ci-2 >> fleet-key",
    name="key",
)
@click.option("--new", is_flag=True, help="Make one.")
@click.option("--id", "identity", metavar="ID", default="", help="Its name: letters, digits, . _ - (such as 2026-11).")
@click.option("--output", metavar="FILE", type=click.Path(), help="A new file for it, which nobody else can read.")
@click.option("--show-secret", is_flag=True, help="Print it on a screen, too.")
def key_command(invocation: Invocation, *, new: bool, identity: str, output: str | None, show_secret: bool) -> None:
    """See above."""
    if not new:
        raise InvalidRequestError(f"there is no key to show; to make one: {PROGRAM} fleet key --new")
    if invocation.screen.on_terminal and output is None and not show_secret:
        raise InvalidRequestError(
            "the key is a secret, and this is a screen; write it into a new file by --output FILE, or add --show-secret"
        )
    line = f"{new_key(identity or _this_month(invocation))}\n"
    if output is None:
        invocation.screen.raw(line)
        return
    write_new(output, line.encode())
    invocation.screen.tell(f"written: {output}")


def _this_month(invocation: Invocation) -> str:
    return rfc3339(invocation.call().around.clock.now())[:7]
