"""All scenes by name, in the order of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from fleet.at_scale import crowds
from fleet.at_scale.figures import Row
from fleet.at_scale.stage import REDIS, VALKEY


class Scene(NamedTuple):
    """`play` gives the rows of one engine, for so many runners as its largest crowd has. Raises AssertionError."""

    play: Callable[[str, int], Iterator[Row]]
    engines: tuple[str, ...] = (REDIS, VALKEY)


SCENES = {
    "ordinary": Scene(crowds.ordinary),
    "accounts": Scene(crowds.accounts),
    "passwords": Scene(crowds.passwords),
    "clocks": Scene(crowds.clocks),
    "erased": Scene(crowds.erased),
    "reauth": Scene(crowds.another_one),
}
