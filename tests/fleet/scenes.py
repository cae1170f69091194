"""What the model is searched with: who runs, what is there at the start, and what may fail."""

from __future__ import annotations

from dataclasses import dataclass

from fleet.made import NOW, committed, digest
from fleet.model import Faults, Searched, State, search
from fleet.runner import WINDOW, Runner, bare
from vsphere_session.fleet import document as documents
from vsphere_session.fleet.document import Document

OLD, LOCAL = "old", "local"


@dataclass(frozen=True)
class Scene:
    """A beginning.

    jobs    of the runners
    faults  what may happen to them
    entry   the session that is handed out at the start: none, `trusted`, `over` (to be asked about), `dead` (as well)
    local   whether the first runner has a session that no document has
    began   whether each `reauth` has looked before the first step
    """

    jobs: tuple[str, ...]
    faults: Faults
    entry: str = ""
    local: bool = False
    began: bool = False

    def __str__(self) -> str:
        """For a test's name."""
        faults = "".join(f" {name}={number}" for name, number in self.faults._asdict().items() if number)
        return f"{'+'.join(self.jobs)} {self.entry or 'nothing'}{' local' if self.local else ''}{faults}"

    def search(self, *, conditional: bool = True, most_states: int = 1_000_000) -> Searched:
        """Visit all that can come of it."""
        return search(self._first(), conditional=conditional, most_states=most_states)

    def _first(self) -> State:
        confirmed = NOW if self.entry == "trusted" else NOW - 2 * WINDOW
        document = documents.written(bare(committed(Document(), OLD, confirmed))) if self.entry else b""
        of_its_own = frozenset({digest(LOCAL)} if self.local else ())
        alive = of_its_own | ({digest(OLD)} if self.entry in ("trusted", "over") else frozenset())
        runners = tuple(
            Runner(
                str(number),
                job,
                local=digest(LOCAL) if self.local and not number else "",
                avoid=digest(OLD) if self.began and job == "reauth" else "",
            )
            for number, job in enumerate(self.jobs)
        )
        return State(document, alive, runners, self.faults, explained=of_its_own)


_ONE_OF_EACH = Faults(deaths=1, expiries=1, lost=1)
_AND_A_RESET = Faults(deaths=1, expiries=1, lost=1, resets=1)
_DEATH_AND_PAUSE = Faults(deaths=1, expiries=1)
PLAIN = (Scene(("get",) * 2, Faults()), Scene(("get",) * 3, Faults()), Scene(("get",) * 3, Faults(), "dead"))
SMALL = (
    *PLAIN,
    Scene(("get",) * 2, _ONE_OF_EACH),
    Scene(("get",) * 2, _ONE_OF_EACH, "over"),
    Scene(("get",) * 2, _ONE_OF_EACH, "dead"),
    Scene(("get",) * 2, Faults(expiries=1, lost=1, resets=1)),
    Scene(("get",) * 2, _AND_A_RESET, local=True),
    Scene(("get", "reauth"), Faults(deaths=1, expiries=2, lost=1), "over"),
    Scene(("get", "erase"), Faults(deaths=1, expiries=2, lost=1), "over"),
    Scene(("reauth", "erase"), _ONE_OF_EACH, "trusted"),
    Scene(("get",) * 3, _DEATH_AND_PAUSE),
    Scene(("get", "reauth", "erase"), Faults(expiries=1), "over"),
    Scene(("reauth",) * 3, Faults(expiries=1), "trusted"),
)
"""Some seconds: on every run of the tests."""
LARGE = (
    Scene(("get",) * 2, Faults(deaths=2, expiries=2, lost=1, resets=1)),
    Scene(("get", "erase"), _AND_A_RESET, "over"),
    Scene(("get", "reauth"), _AND_A_RESET, "over"),
    Scene(("get",) * 3, _ONE_OF_EACH),
    Scene(("get",) * 3, Faults(deaths=1, expiries=1, resets=1)),
    Scene(("get",) * 3, _ONE_OF_EACH, "dead", local=True),
    Scene(("reauth",) * 3, _DEATH_AND_PAUSE, "over"),
    Scene(("get", "reauth", "erase"), _DEATH_AND_PAUSE, "over"),
    Scene(("erase", "erase", "get"), _DEATH_AND_PAUSE, "trusted"),
)
"""Some minutes: for `python3 tests/run.py fleet`."""
EVERY_STATE = 2_000_000
