"""SIGKILL before one system call of a scene, and what is true afterwards."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from faults import CHANGES, Call, Fault, read_calls, under_strace
from promises.aftermath import Before, check_debris, check_files, lost, next_callers, next_login
from promises.scenes import Scene, Stage

SIGKILL = -9
_NAMES_OF_A_CALL = re.compile(r"\.\d+\.[0-9a-f]{8}(?=\.)|(?<=/answers/)[0-9a-f]{40}|\.\d+$")


@dataclass(frozen=True)
class Target:
    """A call to kill before.

    changes  whether it changes a file or a lock
    news     whether anything outside the program may have changed since the target before
    """

    call: Call
    changes: bool
    news: bool


@dataclass(frozen=True)
class Killed:
    """What one kill did.

    at_change  whether it fell before a call that changes a file or a lock
    lost       how many sessions no cache file knew afterwards
    ended      how many of them the next login has ended
    followed   whether the next callers were run; else they were after another kill that left the same state
    """

    at_change: bool
    lost: int
    ended: int
    followed: bool = True


def targets_of(scene: Scene, stage: Stage) -> list[Target]:
    """The system calls of a scene that is left alone, from the first that touches the home or the network on."""
    request = scene.prepare(stage)
    status, calls = traced(scene, stage, request)
    assert status == 0, f"{scene.name}: status {status} without any fault"
    first = next(index for index, call in enumerate(calls) if call.touches(stage.home) or call.on_network)
    targets, news = [], True
    for call in calls[first:]:
        changes = call.changes(stage.home)
        targets.append(Target(call, changes, news))
        news = (news and not changes) or (changes and _makes_a_difference(call)) or call.on_network
    return targets


def _makes_a_difference(call: Call) -> bool:
    """Whether the next caller can see that this change was made: not a mode that was right, nor who holds a lock."""
    return (
        call.name not in ("fsync", "fchmod", "chmod", "flock")
        and "ENOENT" not in call.text
        and "/locks/" not in call.text
    )


def traced(
    scene: Scene, stage: Stage, request: bytes, fault: Fault | None = None, calls: Sequence[str] = ()
) -> tuple[int, list[Call]]:
    """Run the scene's program to its end; the exit status, and the calls that were written down."""
    helper = stage.helper()
    command = under_strace(
        [*helper.program, *scene.arguments], faults=[fault] if fault else [], log=stage.log, calls=calls
    )
    done = subprocess.run(command, input=request, capture_output=True, env=helper.environment, check=False)
    stage.vcenter.settle()
    return done.returncode, read_calls(stage.log)


def kill_each(scene: Scene, targets: Sequence[Target], stage: Stage) -> Iterator[Killed]:
    """Kill before each of these calls; of a call that did not come this time nothing is told.

    The number of calls that wait or that ask for memory is not always the same. What the next callers meet is tried once
    for each state in which the files and the server can be. Raises AssertionError.
    """
    killing = _Killing(scene, stage)
    for target in targets:
        killed = killing.before(target)
        if killed is not None:
            yield killed


class _Killing:
    """One kill after the other on one stage, which is set again only where the one before has changed something."""

    def __init__(self, scene: Scene, stage: Stage) -> None:
        self._scene = scene
        self._stage = stage
        self._seen: dict[object, Killed] = {}
        self._set: tuple[bytes, Before] | None = None

    def before(self, target: Target) -> Killed | None:
        """Kill before this call, and check what it left."""
        scene, stage = self._scene, self._stage
        fault = Fault(target.call.name, str(target.call.number))
        request, before = self._set or self._prepare()
        self._set = None
        status, calls = traced(scene, stage, request, fault, (*CHANGES, "sendto"))
        if status == 0 and not target.changes:
            return None
        try:
            assert status == SIGKILL, f"the call did not come: status {status}"
            check_files(stage, before)
            state = target.changes, _state(stage, before)
            if state in self._seen:
                self._set = (request, before) if before.is_still(stage) else None
                return replace(self._seen[state], followed=False)
            self._seen[state] = _aftermath(target, scene, stage, calls)
            return self._seen[state]
        except AssertionError as error:
            last = "\n  ".join(str(call) for call in calls[-5:])
            raise AssertionError(f"{scene.name}, {fault}: {error}\n  the last calls:\n  {last}") from error

    def _prepare(self) -> tuple[bytes, Before]:
        request = self._scene.prepare(self._stage)
        return request, Before.of(self._stage)


def _aftermath(target: Target, scene: Scene, stage: Stage, calls: Sequence[Call]) -> Killed:
    without = lost(stage)
    written = {one for one in without if any(one.encode() in content for content in stage.content().values())}
    assert len(without) <= 1, f"{len(without)} sessions are in no cache file"
    assert without <= written or _between_answer_and_file(calls, stage), "a session was lost outside the window"
    next_callers(stage, scene, outside=target.changes and stage.thorough)
    next_login(stage)
    left = lost(stage)
    assert not left & written, "the next login leaves a session whose id is in a file"
    check_debris(stage, scene)
    return Killed(target.changes, len(without), len(without - left))


def _between_answer_and_file(calls: Sequence[Call], stage: Stage) -> bool:
    """Whether the server was spoken to since the last write into a cache directory; the last call was not carried out."""
    cache = stage.home / ".govmomi"
    for call in reversed(calls[:-1]):
        if call.on_network:
            return True
        if call.name == "write" and call.touches(cache):
            return False
    return False


def _state(stage: Stage, before: Before) -> object:
    """All that the next callers can tell apart: which files are old, new and left behind, and how many sessions live."""
    files = tuple(
        (re.sub(_NAMES_OF_A_CALL, "", path), len(content), before.files.get(path) == content)
        for path, content in stage.content().items()
        if "/locks/" not in path
    )
    old = sum(session.id in before.ids for session in stage.vcenter.sessions)
    return tuple(sorted(files)), stage.vcenter.session_count, old, len(stage.vcenter.logins) - before.logins
