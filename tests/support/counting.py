"""The count of sessions that every test which logs in inherits: what a server has at its end is in a file.

A server tells of its end by `at_end`, before its sessions are gone with it; the fixture `sessions_counted` listens.
"""

from __future__ import annotations

from pathlib import Path

from peers import VcSim
from simulated_vcenter import SimulatedVCenter
from support.cache_files import ids_in_file


def no_session_is_lost(server: SimulatedVCenter | VcSim, place: Path | None) -> None:
    """Every session on the server (of vcsim: every SOAP session) is in a cache file somewhere below `place`."""
    alive = {each.id for each in server.sessions} if isinstance(server, SimulatedVCenter) else vcsim_ids(server)
    if alive:
        lost = alive - (all_ids(place) if place is not None else set())
        assert not lost, f"{len(lost)} of {len(alive)} sessions on the server are in no file"


def vcsim_ids(server: VcSim) -> set[str]:
    """The ids of vcsim's SOAP sessions: there the key is the id."""
    return {str(session["key"]) for session in server.sessions()}


def all_ids(place: Path) -> set[str]:
    """The ids in every cache file below a directory, whatever the directories in between are called."""
    files = [path for path in place.rglob("*") if path.is_file() and not path.is_symlink()]
    return {session_id for path in files for session_id in ids_in_file(path)}
