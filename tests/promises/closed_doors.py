"""Promise 6, on the disk: whatever stands in a file's place, and whatever modes surround it, nobody else gets to read it."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from credential_protocol.messages import Failure
from hostile.broken_files import NOT_A_FILE, give_away, put_in_place
from hostile.inside import Inside
from hostile.surroundings import within
from promises import first_bytes
from promises.rows import Progress, Row, Size
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, Helper, request

UMASKS = {Size.SHORT: (0o000, 0o777), Size.LONG: (0o000, 0o022, 0o077, 0o777)}
LOOSER = {Size.SHORT: (0o644, 0o777), Size.LONG: (0o640, 0o644, 0o666, 0o604, 0o777, 0o4755)}
OPERATIONS: dict[str, Callable[[Inside], Failure]] = {
    "get": lambda inside: inside.failure("get", api="soap"),
    "a new login": lambda inside: inside.failure("get", api="soap", reauth=True),
}


def rows(size: Size, progress: Progress) -> Iterator[Row]:
    """The rows; a step is one thing in the way, or one call under a umask."""
    umasks, looser = UMASKS[size], LOOSER[size]
    created = sum(_under_umask(umask, progress) for umask in umasks)
    repaired = _looser_modes(looser, progress)
    yield Row(
        f"umask {', '.join(f'{umask:03o}' for umask in umasks)}; modes {', '.join(f'{mode:o}' for mode in looser)} on files and "
        "directories",
        f"{first_bytes.row_part(progress)}; {created} files and directories are 0600 and 0700; {repaired} of {repaired} looser modes "
        "repaired by a mere get",
    )
    refused = _in_the_way(list(OPERATIONS)[: 1 if size is Size.SHORT else None], progress)
    yield Row(
        f"in a session file's place: {', '.join(NOT_A_FILE)}, somebody else's file, somebody else's directory; a hard link",
        f"{refused} of {refused} refused before any login, the thing itself left as it was; of a hard link the other name keeps its "
        "bytes",
    )


@contextmanager
def desk() -> Iterator[tuple[Inside, SimulatedVCenter]]:
    """A home and a server; at the end the sessions on it are ended, and those in files were all there were."""
    with tempfile.TemporaryDirectory() as place, SimulatedVCenter() as vcenter:
        inside = Inside(Path(place), vcenter)
        yield inside, vcenter
        assert {session.id for session in vcenter.sessions} <= Helper(Path(place)).sessions_in_files, (
            "a session is in no file"
        )
        vcenter.end_all()


def _under_umask(umask: int, progress: Progress) -> int:
    """How many files and directories the program has made under this umask, all of them private."""
    with tempfile.TemporaryDirectory() as place, SimulatedVCenter() as vcenter:
        home = Path(place)
        helper = within(Helper(home), f"os.umask({umask})")
        helper.ok("store", request(vcenter, password=PASSWORD), "--secret-store", "file")
        for _ in range(2):
            helper.ok("get", request(vcenter))
        made = list(home.rglob("*"))
        for path in made:
            mode, wanted = stat.S_IMODE(path.lstat().st_mode), 0o700 if path.is_dir() else 0o600
            inside = {".govmomi", "vsphere-session"} & {path.name, *(parent.name for parent in path.parents)}
            assert mode == wanted or not inside, f"umask {umask:03o}: {path} is {mode:o}"
        helper.ok("erase", request(vcenter))
        assert vcenter.session_count == 0
    progress(1)
    return len(made)


def _looser_modes(looser: Sequence[int], progress: Progress) -> int:
    """How many modes were repaired."""
    done = 0
    with desk() as (inside, _):
        inside.get()
        for directory in ("sessions", "rest_sessions"):
            place = inside.home / ".govmomi" / directory
            (file,) = place.iterdir()
            for path, wanted in ((file, 0o600), (place, 0o700)):
                for mode in looser:
                    path.chmod(mode)
                    assert inside.get()["source"] == "cache", f"{path} with mode {mode:o}"
                    found = stat.S_IMODE(path.stat().st_mode)
                    assert found == wanted, f"{path} had mode {mode:o} and has {found:o} after a get"
                    done += 1
                    progress(1)
    return done


def _in_the_way(operations: Sequence[str], progress: Progress) -> int:
    """How many calls were refused."""
    done = 0
    strangers: dict[str, Callable[[Path, pytest.MonkeyPatch], None]] = {
        **{name: lambda path, _, make=make: put_in_place(path, make) for name, make in NOT_A_FILE.items()},  # type: ignore[misc]
        "somebody else's file": give_away,
        "somebody else's directory": lambda path, patch: give_away(path.parent, patch),
    }
    for name, put in strangers.items():
        for operation in operations:
            with desk() as (inside, vcenter), pytest.MonkeyPatch.context() as patch:
                inside.get(api="soap")
                (file,) = (inside.home / ".govmomi" / "sessions").iterdir()
                put(file, patch)
                before, attempts = _all_there_is(inside.home), vcenter.login_attempts
                failure = OPERATIONS[operation](inside)
                assert failure.kind == "storage", f"{name}, {operation}: {failure.kind}, {failure.message}"
                assert vcenter.login_attempts == attempts, f"{name}, {operation}: there was a login"
                assert _all_there_is(inside.home) == before, f"{name}, {operation}: something has changed"
                done += 1
                vcenter.end_all()
                progress(1)
    _hard_link()
    progress(1)
    return done


def _all_there_is(home: Path) -> dict[str, tuple[int, int]]:
    """Every name in govmomi's directory and beside it, with mode and size."""
    return {
        str(path): (path.lstat().st_mode, path.lstat().st_size)
        for path in [*(home / ".govmomi").rglob("*"), *home.glob("elsewhere")]
    }


def _hard_link() -> None:
    with desk() as (inside, _):
        first = inside.get(api="soap")["soap_session_id"]
        (file,) = (inside.home / ".govmomi" / "sessions").iterdir()
        other = inside.home / "other name"
        os.link(file, other)
        second = inside.get(api="soap", reauth=True)["soap_session_id"]
        assert second in file.read_text(encoding="utf-8")
        assert first in other.read_text(encoding="utf-8"), "the new session was written through a hard link"
        assert second not in other.read_text(encoding="utf-8"), "the new session was written through a hard link"
