"""Scenes of a day without accidents: many come at once, to whatever is there."""

from __future__ import annotations

from collections.abc import Iterator

from fleet.at_scale.crowd import together
from fleet.at_scale.figures import Measured, Row
from fleet.at_scale.runner import ScaledRunner
from fleet.at_scale.stage import stage, user


def ordinary(engine: str, size: int) -> Iterator[Row]:
    """Nothing there; another runner's session; one that has to be asked about; one that has ended."""
    with stage(engine) as here:
        measured = Measured(here)
        crowd = here.let_go(here.runners(size))
        crowd.all_shared()
        assert measured.logins() == 2
        yield measured.row("1 nothing there, all come at once", crowd)

        measured = Measured(here)
        crowd = together(here.runners(size))
        crowd.all_shared()
        assert measured.logins() == measured.questions() == 0
        yield measured.row("2 all come to what another has made", crowd)

        here.later(61)
        measured = Measured(here)
        crowd = here.let_go(here.runners(size))
        crowd.all_shared()
        assert measured.logins() == 0
        assert measured.questions() == 2, "one of each kind"
        yield measured.row("3 the trust of all is over", crowd)

        here.later(61)
        here.vcenter.end_all()
        measured = Measured(here)
        crowd = here.let_go(here.runners(size))
        crowd.all_shared()
        assert measured.logins() == 2
        yield measured.row("4 the vCenter was started again", crowd)


def passwords(engine: str, size: int) -> Iterator[Row]:
    """A wrong password is tried once for all, and the right one at once."""
    with stage(engine) as here:
        runners, measured = here.runners(size // 5, password="wrong"), Measured(here)
        crowd = here.let_go(runners)
        assert crowd.errors == {"login-refused": len(runners)}, crowd.errors
        assert measured.failed() == 1
        yield measured.row("7 all have the wrong password", crowd)

        measured = Measured(here)
        crowd = here.let_go(here.runners(size // 5))
        crowd.all_shared()
        assert (measured.failed(), measured.logins()) == (0, 2)
        yield measured.row("7 then the right one", crowd)


def clocks(engine: str, size: int) -> Iterator[Row]:
    """What any machine takes the time to be does not count."""
    with stage(engine) as here:
        day, third = 86400.0, size // 15
        runners = here.runners(third) + here.runners(third, ahead=day) + here.runners(third, ahead=-day)
        measured = Measured(here)
        crowd = here.let_go(runners)
        crowd.all_shared()
        assert measured.logins() == 2
        yield measured.row("13 a third a day ahead, a third a day behind", crowd)


def another_one(engine: str, size: int) -> Iterator[Row]:
    """`reauth` of many is one login, and what it replaces lives on for those who use it."""
    with stage(engine) as here:
        runners = here.runners(size // 2)
        old = together(runners).ids
        measured = Measured(here)
        crowd = here.let_go(runners, ScaledRunner.reauth)
        crowd.all_shared()
        assert crowd.ids != old
        assert measured.logins() == 2
        assert here.vcenter.session_count == 4, "the old ones live on"
        yield measured.row("15 all want another one", crowd)


def erased(engine: str, size: int) -> Iterator[Row]:
    """One ends the session while the others begin to use it: it is over for all, and one of them makes the next."""
    with stage(engine) as here:
        runners = here.runners(size // 2)
        together(runners).all_shared()
        here.later(61)
        measured = Measured(here)

        def call(runner: ScaledRunner) -> tuple[str, ...]:
            return runner.erase() if runner is runners[0] else runner.get()

        crowd = together(runners, call)
        crowd.all_good()
        here.later(61)
        after = here.let_go(runners)
        after.all_shared()
        assert after.ids == {
            tuple(session.id for session in sorted(here.vcenter.sessions, key=lambda each: each.kind != "soap"))
        }
        assert measured.logins() <= 4
        yield measured.row("14 one erases it while all ask for it, who come again", crowd + after)


def accounts(engine: str, size: int) -> Iterator[Row]:
    """Twenty users, of whom each has a place of its own."""
    with stage(engine) as here:
        runners = [runner for number in range(20) for runner in here.runners(size // 20, user=user(number))]
        measured = Measured(here)
        crowd = together(runners)
        crowd.all_good()
        assert len(crowd.ids) == 20
        assert measured.logins() == 40
        yield measured.row("1 twenty users, nothing there", crowd)
