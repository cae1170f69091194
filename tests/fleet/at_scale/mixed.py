"""Scenes of fleets whose runners are not all alike: other keys, another version of the program; and a day by chance."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from fleet.at_scale.crowd import Crowd, Going, together
from fleet.at_scale.figures import Measured, Row
from fleet.at_scale.runner import ScaledRunner
from fleet.at_scale.stage import Stage, stage
from promises.rows import seed
from vsphere_session.fleet.keys import new_key

_AFTER_TRUST_SECONDS = 61.0
_ROUNDS = 60


def rotated(engine: str, size: int) -> Iterator[Row]:
    """A new key comes last, then first, then alone; at each step half of the runners are not there yet."""
    old, new = new_key("old"), new_key("new")
    steps = [old, f"{old}\n{new}", f"{new}\n{old}", new]
    with stage(engine) as here:
        together(here.runners(2, key=old)).all_shared()
        measured, crowd = Measured(here), Crowd()
        for before, after in pairwise(steps):
            half = max(5, size // 20)
            going = Going(here.runners(half, key=before) + here.runners(half, key=after), ScaledRunner.get)
            crowd += going.join()
            crowd.all_good()
            together(here.runners(1, key=after), ScaledRunner.reauth).all_good()
        together(here.runners(2, key=new)).all_shared()
        assert measured.logins() == 2 * (len(steps) - 1), "those of reauth alone"
        yield measured.row("16 another key in three steps, a new session at each", crowd)


def another_key(engine: str, size: int) -> Iterator[Row]:
    """Half of the fleet has another key: it does not log in against the rest, and says what is wrong."""
    with stage(engine) as here:
        together(here.runners(1)).all_shared()
        measured, half = Measured(here), size // 10
        crowd = together(here.runners(half) + here.runners(half, key=new_key("strange")))
        assert crowd.errors == {"unsupported": half}, crowd.errors
        assert len(crowd.ids) == 1
        assert measured.logins() == 0
        yield measured.row("16 half of them have another key", crowd)


def newer(engine: str, size: int) -> Iterator[Row]:
    """A document of a newer version of the program is left alone, whoever comes."""
    with stage(engine) as here:
        together(here.runners(1)).all_shared()
        ours = here.documents()
        here.put({name: data.replace(b'"v":1', b'"v":2', 1) for name, data in ours.items()})
        there, measured = here.documents(), Measured(here)
        crowd = together(here.runners(size // 10))
        assert crowd.errors == {"unsupported": len(crowd.answers)}, crowd.errors
        assert here.documents() == there
        here.put(ours)
        assert measured.logins() == 0
        yield measured.row("18 a runner of a newer version was there", crowd)


def by_chance(engine: str, size: int) -> Iterator[Row]:
    """Runners come and go, and all sorts of things happen; its seed is told, and may be given."""
    chance = random.Random(seed())
    with stage(engine) as here:
        runners, measured, crowd = here.runners(max(10, size // 40)), Measured(here), Crowd()
        happened = Counter[str]()
        for _ in range(_ROUNDS if size >= 500 else _ROUNDS // 6):
            what = chance.choice(["later", "restart", "flush", "end one", "reauth", "erase", "new homes", "nothing"])
            happened[what] += 1
            runners = _after(what, here, runners)
            chosen = chance.sample(runners, k=chance.randint(1, len(runners)))
            crowd += _round(what, chosen)
        crowd.all_good()
        here.later(_AFTER_TRUST_SECONDS)
        here.let_go(runners).all_shared()
        assert measured.logins() <= 2 + 2 * sum(
            happened[what] for what in ("restart", "flush", "end one", "reauth", "erase")
        )
        forgotten = 10 * happened["flush"]
        yield measured.row(
            f"19 {sum(happened.values())} rounds by chance, seed {seed()}",
            crowd,
            explained=forgotten,
            note="retired, and the engine forgot them",
        )


def _round(what: str, runners: list[ScaledRunner]) -> Crowd:
    """All of them `get`, but for the first, who may want another session or end it."""
    of_first = {"reauth": ScaledRunner.reauth, "erase": ScaledRunner.erase}.get(what, ScaledRunner.get)
    return together(runners, lambda runner: of_first(runner) if runner is runners[0] else runner.get())


def _after(what: str, here: Stage, runners: list[ScaledRunner]) -> list[ScaledRunner]:
    """The runners, when that has happened."""
    match what:
        case "later":
            here.later(_AFTER_TRUST_SECONDS)
        case "restart":
            here.vcenter.end_all()
            here.later(_AFTER_TRUST_SECONDS)
        case "end one":
            sessions = here.vcenter.sessions
            if sessions:
                here.vcenter.end(sessions[-1].id)
            here.later(_AFTER_TRUST_SECONDS)
        case "flush":
            with here.server.administrator() as client:
                client.flushall()
        case "new homes":
            return here.runners(len(runners))
    return runners
