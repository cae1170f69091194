"""`fleet`: what there is to do for sessions that many machines share."""

from __future__ import annotations

import click

from vsphere_session.commands.fleet.doctor import doctor_command
from vsphere_session.commands.fleet.key import key_command
from vsphere_session.commands.fleet.status import status_command
from vsphere_session.version import PROGRAM

fleet_command = click.Group(
    "fleet",
    help=f"Sessions that many machines share: status, doctor, key.\n\n\b\nexample:\n  {PROGRAM} fleet status vc.example.com\n"
    f"  {PROGRAM} fleet doctor\n  {PROGRAM} fleet key --new --output fleet-key\n",
    commands=[status_command, doctor_command, key_command],
)
