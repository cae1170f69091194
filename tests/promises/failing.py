"""An error in place of a system call that changes a file or a lock, and what is true afterwards."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from faults import Fault, under_strace
from promises.aftermath import Before, check_debris, check_files, is_lock, is_remembered, lost, next_callers, next_login
from promises.scenes import OLD_PASSWORD, OTHER_PASSWORD, Scene, Stage
from support.program import PASSWORD

ERRORS = ("ENOSPC", "EIO", "EROFS", "EMFILE", "EDQUOT")
NO_LOCKS = ("ENOLCK", "EOPNOTSUPP", "ENOSYS")
_STORAGE = 9


@dataclass(frozen=True)
class Failed:
    """What one error did: the call failed with `storage`, or else it succeeded."""

    storage: bool


def fail_each(scene: Scene, faults: Sequence[Fault], stage: Stage) -> Iterator[Failed]:
    """Let the scene meet each of these errors. Raises AssertionError."""
    for fault in faults:
        try:
            yield _fail(fault, scene, stage)
        except AssertionError as error:
            raise AssertionError(f"{scene.name}, {fault}: {error}") from error


def _fail(fault: Fault, scene: Scene, stage: Stage) -> Failed:
    request = scene.prepare(stage)
    before = Before.of(stage)
    helper = stage.helper()
    command = under_strace([*helper.program, *scene.arguments], faults=[fault])
    done = subprocess.run(command, input=request, capture_output=True, env=helper.environment, check=False)
    stage.vcenter.settle()
    _check_answer(done)
    check_files(stage, before)
    orphans = lost(stage)
    assert not orphans, f"{len(orphans)} sessions are in no cache file"
    if fault.error in NO_LOCKS:
        changed = {path for path, content in stage.content().items() if before.files.get(path) != content}
        assert all(is_lock(path) or is_remembered(path) for path in changed), (
            f"without the lock these changed: {changed}"
        )
    next_callers(stage, scene, outside=False)
    next_login(stage)
    check_debris(stage, scene)
    assert not lost(stage), "the next login leaves a session in no cache file"
    return Failed(done.returncode == _STORAGE)


def _check_answer(done: subprocess.CompletedProcess[bytes]) -> None:
    """A whole answer and nothing else, or the kind `storage` in one line; no secret in what a log may keep."""
    assert done.stdout.count(b"\n") == 1, done.stdout
    assert done.stdout.endswith(b"\n"), done.stdout
    answer = json.loads(done.stdout)
    if done.returncode == 0:
        assert "error" not in answer, done
        assert done.stderr == b"", done
        return
    assert (done.returncode, answer.get("error")) == (_STORAGE, "storage"), done
    assert done.stderr == f"vsphere-session: {answer['message']}\n".encode(), done
    for secret in (PASSWORD, OLD_PASSWORD, OTHER_PASSWORD):
        assert secret.encode() not in done.stderr, "a password is in the message"
