"""Processes that let scenes meet faults, several at a time."""

from __future__ import annotations

import multiprocessing
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from promises.killing import Target, targets_of
from promises.rows import Progress
from promises.scenes import SCENES, WARM, Scene, Stage
from support.program import program

WORKERS = 2
_MOST_IN_A_JOB = 20
BINARY = Path(__file__).resolve().parents[2] / "dist" / "vsphere-session"

Item = TypeVar("Item")
Result = TypeVar("Result")
Step = Callable[[Scene, Sequence[Item], Stage], Iterator[Result]]


class Workshop:
    """Processes that each have a stage of their own for a while, all below one directory.

    thorough  over TLS, as the single binary; the short form does without TLS
    """

    def __init__(self, directory: Path, program: str, pool: ProcessPoolExecutor, *, thorough: bool) -> None:
        self._directory = directory
        self._program = program
        self._pool = pool
        self._thorough = thorough
        self._stages = 0

    def targets(self, scene: Scene) -> list[Target]:
        """The system calls of a scene."""
        with Stage(self._place(), self._program, thorough=self._thorough) as stage:
            return targets_of(scene, stage)

    def each(self, step: Step[Item, Result], scene: Scene, items: Sequence[Item], progress: Progress) -> list[Result]:
        """What comes of a step for each of these items, in no order."""
        count = max(WORKERS, len(items) // _MOST_IN_A_JOB)
        jobs = [
            self._pool.submit(
                _work, step, scene.name, items[start::count], self._place(), self._program, self._thorough
            )
            for start in range(count)
        ]
        results: list[Result] = []
        try:
            for job in jobs:
                some = job.result()
                progress(len(some))
                results += some
        finally:
            for job in jobs:
                job.cancel()
        return results

    def _place(self) -> Path:
        self._stages += 1
        place = self._directory / str(self._stages)
        place.mkdir()
        return place


def _work(
    step: Step[Item, Result], name: str, items: Sequence[Item], place: Path, program: str, thorough: bool
) -> list[Result]:
    scene = next(scene for scene in (*SCENES, WARM) if scene.name == name)
    with Stage(place, program, thorough=thorough) as stage:
        return list(step(scene, items, stage))


@contextmanager
def workshop(*, thorough: bool) -> Iterator[Workshop]:
    """The thorough one takes the single binary, which makes its calls without those of imports; AssertionError without it."""
    with (
        tempfile.TemporaryDirectory(prefix="whole-files-") as directory,
        ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool,
    ):
        (under_test,) = program()
        if thorough:
            assert BINARY.is_file(), "the single binary is missing: run `python3 tests/run.py build` first"
            under_test = str(Path(directory) / "vsphere-session")
            shutil.copy(BINARY, under_test)  # lest a build replaces it meanwhile
        yield Workshop(Path(directory), under_test, pool, thorough=thorough)
