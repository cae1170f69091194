"""The same for many servers at once: none waits for another one that does not answer."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_AT_ONCE = 16

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(
    work: Callable[[Item], Result], items: Sequence[Item], done: Callable[[], None]
) -> Iterator[tuple[int, Result]]:
    """What `work` makes of each, with its number, as it comes; `done` is called then. What it raises is raised here.

    Who does not wait for the end, such as somebody who presses Control-C, waits for nothing.
    """
    left, results = list(enumerate(items)), SimpleQueue[tuple[int, Result | None, BaseException | None]]()

    def worker() -> None:
        while True:
            try:
                number, item = left.pop(0)
            except IndexError:
                return
            try:
                results.put((number, work(item), None))
            except BaseException as error:  # noqa: BLE001  # for whoever has asked
                results.put((number, None, error))

    for _ in range(min(_AT_ONCE, len(items))):
        threading.Thread(target=worker, daemon=True).start()
    for _ in items:
        number, result, error = results.get()
        if error is not None:
            raise error
        done()
        yield number, result  # type: ignore[misc]  # there is one where there is no error
