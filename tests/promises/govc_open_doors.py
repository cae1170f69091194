"""The same of govc: a looser mode, and a link in the place of a session's file."""

from __future__ import annotations

import stat
import tempfile
from pathlib import Path

from peers import Govc
from promises.rows import Row
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER


def row() -> Row:
    """What it does with both, beside what the tests of this promise hold the helper to."""
    with tempfile.TemporaryDirectory() as place, SimulatedVCenter() as vcenter:
        govc = Govc(Path(place), vcenter.url, USER, PASSWORD, ca_file=Path(vcenter.ca_file))
        govc.ok("session.login")
        (file,) = govc.soap_files()
        file.chmod(0o666)
        vcenter.end_all()
        govc.ok("session.login")
        mode = stat.S_IMODE(file.stat().st_mode)
        elsewhere = Path(place) / "elsewhere"
        file.unlink()
        elsewhere.write_bytes(b"")
        file.symlink_to(elsewhere)
        vcenter.end_all()
        elsewhere.unlink()
        govc.run("session.login")
        followed = elsewhere.exists() and bool(elsewhere.read_bytes())
        vcenter.end_all()
    return Row(
        "a session's file of mode 0666, and a link in its place, when a new session is saved",
        "0600; refused, nothing is written through the link",
        f"{mode:04o}; {'written through the link' if followed else 'not written'}",
    )
