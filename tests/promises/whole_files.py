"""Promise 2, no torn file: a kill before every system call, an error in place of every change, homes without locks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from faults import Fault
from promises.failing import ERRORS, NO_LOCKS, Failed, fail_each
from promises.govc_files import govc_killed
from promises.killing import Killed, Target, kill_each
from promises.rows import Progress, Row, Size
from promises.scenes import SCENES, WARM, Scene
from promises.workshop import Workshop, workshop

_SHORT_OF_ERRORS = "first login"  # the tests in tests/hostile/test_full_disk.py have the others, inside their process


def rows(size: Size, progress: Progress) -> Iterator[Row]:
    """Every scene, killed and failing at every call; AssertionError names scene and fault where the promise is broken."""
    with workshop(thorough=size is Size.LONG) as shop:
        targets = {scene.name: shop.targets(scene) for scene in SCENES}
        for scene in SCENES if size is Size.LONG else SCENES[:-1]:
            chosen = [target for target in targets[scene.name] if size is Size.LONG or (target.changes and target.news)]
            killed = shop.each(kill_each, scene, chosen, progress)
            yield row_of_kills(scene, killed, len(chosen) - len(killed), govmomi_killed(scene))
        yield row_of_errors(failed_everywhere(shop, targets, size, progress))
        yield row_of_locks(*without_locks(shop, size, progress))


def failed_everywhere(shop: Workshop, targets: dict[str, list[Target]], size: Size, progress: Progress) -> list[Failed]:
    """Every error in place of every call that changes something; the short form takes a different one for each call."""
    failed: list[Failed] = []
    for scene in SCENES:
        changes = [target.call for target in targets[scene.name] if target.changes]
        if size is Size.LONG:
            faults = [Fault(call.name, str(call.number), error) for call in changes for error in ERRORS]
        elif scene.name == _SHORT_OF_ERRORS:
            faults = [
                Fault(call.name, str(call.number), ERRORS[index % len(ERRORS)])
                for index, call in enumerate(changes[::2])
            ]
        else:
            continue
        failed += shop.each(fail_each, scene, faults, progress)
    return failed


def without_locks(shop: Workshop, size: Size, progress: Progress) -> tuple[list[Failed], list[Failed]]:
    """Each scene, and a cached session that is good, where the file system has no locks."""
    faults = [Fault("flock", "1+", error) for error in NO_LOCKS]
    scenes = SCENES if size is Size.LONG else [scene for scene in SCENES if scene.name == _SHORT_OF_ERRORS]
    failed = [one for scene in scenes for one in shop.each(fail_each, scene, faults, progress)]
    return failed, shop.each(fail_each, WARM, faults, progress)


def row_of_kills(scene: Scene, killed: list[Killed], missing: int, govmomi: str) -> Row:
    """The figures of one scene. `missing` calls, for memory or of the network, did not come in the run that was to be killed."""
    changes = sum(one.at_change for one in killed)
    lost, ended = sum(one.lost for one in killed), sum(one.ended for one in killed)
    followed = sum(one.followed for one in killed)
    ours = f"0 of {len(killed):,} left a torn file; 0 of {followed:,} next callers, run in every state that was left, failed"
    if lost:
        ours += f"; {lost} left one session in no cache file, {ended} of them ended by the next login"
    tried = (
        f"{scene.name}: SIGKILL before each of {len(killed):,} system calls, {changes} of which change files or locks"
    )
    if missing:
        tried += f" ({missing} more did not come again)"
    return Row(tried, ours, govmomi)


def govmomi_killed(scene: Scene) -> str:
    """The real govc in the same scene, where it has one."""
    if scene.name not in ("first login", "login in place of dead sessions"):
        return "–"
    with tempfile.TemporaryDirectory(prefix="govc-files-") as directory:
        return govc_killed(Path(directory), dead=scene.name != "first login").text


def row_of_errors(failed: list[Failed]) -> Row:
    """The figures of all scenes."""
    storage = sum(one.storage for one in failed)
    return Row(
        f"{', '.join(ERRORS)}: {len(failed):,} errors in place of the calls that change files or locks",
        f"{storage:,} times `storage`, {len(failed) - storage:,} times success; 0 torn files, 0 sessions lost",
    )


def row_of_locks(failed: list[Failed], warm: list[Failed]) -> Row:
    """The figures of homes on file systems without locks."""
    assert all(one.storage for one in failed), "a call that needs the lock went on without it"
    assert not any(one.storage for one in warm), "a good cached session was not handed out for want of a lock"
    return Row(
        f"a home without locks: flock fails with {', '.join(NO_LOCKS)}",
        f"{len(failed)} of {len(failed)} calls that need the lock: `storage`, nothing changed; "
        f"{len(warm)} of {len(warm)} with a good session in the cache: handed out",
    )
