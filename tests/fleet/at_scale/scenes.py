"""All scenes by name, in the order of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from fleet.at_scale import compared, crowds, engines, holders, mixed, networks, processes
from fleet.at_scale.figures import Row
from fleet.at_scale.stage import REDIS, VALKEY


class Scene(NamedTuple):
    """`play` gives the rows of one engine, for so many runners as its largest crowd has. Raises AssertionError.

    engines  in turn; the last one alone in the short form of a scene that takes a lease's time
    """

    play: Callable[[str, int], Iterator[Row]]
    engines: tuple[str, ...] = (REDIS, VALKEY)
    takes_long: bool = False


SCENES = {
    "compared": Scene(compared.compared, (VALKEY,)),
    "ordinary": Scene(crowds.ordinary),
    "processes": Scene(processes.processes, (VALKEY,)),
    "accounts": Scene(crowds.accounts),
    "killed": Scene(holders.killed, takes_long=True),
    "paused": Scene(holders.paused, takes_long=True),
    "passwords": Scene(crowds.passwords),
    "engine-killed": Scene(engines.killed, takes_long=True),
    "engine-stopped": Scene(engines.stopped, takes_long=True),
    "failed-over": Scene(engines.failed_over, (VALKEY,)),
    "cut-off": Scene(networks.refused),
    "cut-off-alone": Scene(networks.alone),
    "slow": Scene(networks.slow),
    "clocks": Scene(crowds.clocks),
    "erased": Scene(crowds.erased),
    "reauth": Scene(crowds.another_one),
    "rotated": Scene(mixed.rotated),
    "another-key": Scene(mixed.another_key),
    "emptied": Scene(engines.emptied),
    "full": Scene(engines.full),
    "newer": Scene(mixed.newer),
    "by-chance": Scene(mixed.by_chance),
}
