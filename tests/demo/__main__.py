"""The main job in front of your eyes, against a simulated vCenter: two calls, one login, nothing left behind."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from simulated_vcenter import SimulatedVCenter
from support import afresh
from support.program import PASSWORD, USER, Helper


def main() -> None:
    """Run the demonstration."""
    with SimulatedVCenter() as vcenter, tempfile.TemporaryDirectory() as home:
        helper = Helper(Path(home))
        where = {"url": vcenter.authority, "username": USER, "ca_file": str(vcenter.ca_file)}
        say(f"A simulated vCenter listens on {vcenter.authority}. It has {vcenter.session_count} sessions.")
        show(helper, "get", where | {"password": PASSWORD}, "The first call logs in, once for SOAP and once for REST:")
        say(f"The vCenter has {vcenter.session_count} sessions.")
        show(
            helper, "get", where, "The second call needs no password: the sessions come from the cache that govc reads:"
        )
        say(f"The vCenter still has {vcenter.session_count} sessions, from {len(vcenter.logins)} logins.")
        show(
            helper, "get", where | {"password": PASSWORD, "pasword": "x"}, "A mistake is one line that says what to do:"
        )
        show(helper, "erase", where, "Erase ends the sessions on the server and removes their files:")
        say(f"The vCenter has {vcenter.session_count} sessions.")


def say(text: str) -> None:
    """A sentence for the reader."""
    sys.stdout.write(f"\n{text}\n")


def show(helper: Helper, verb: str, fields: dict[str, str], text: str) -> None:
    """One call as a person would type it, and what came of it. The password is not shown."""
    say(text)
    shown = {name: "********" if name == "password" else value for name, value in fields.items()}
    sys.stdout.write(f"  $ echo '{json.dumps(shown)}' | vsphere-session {verb}\n")
    reply = helper.call(verb, fields)
    lines = json.dumps(reply.fields, indent=2).splitlines()
    sys.stdout.write("".join(f"  {line}\n" for line in lines) + f"  (exit status {reply.status})\n")


if __name__ == "__main__":
    if afresh.must_restart():
        afresh.restart()
    afresh.reset_process()
    afresh.reset_environment()
    main()
