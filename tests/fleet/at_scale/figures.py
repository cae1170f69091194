"""What a scene is measured by, from the engine and from the vCenter: a row of the table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from fleet.at_scale.crowd import Crowd
from fleet.at_scale.stage import Stage
from simulated_vcenter import Request

COMMANDS = ("auth", "time", "xrevrange", "xread", "eval", "xadd", "pexpire")
"""What a runner's account may do; those that a script calls count, too."""
_NO_QUESTIONS = {"Login", "Logout", "RetrieveServiceContent", "POST /api/session", "DELETE /api/session"}
HEAD = (
    "scene", "engine", "runners", "answered", "logins", "refused logins", "most sessions", "sessions nobody knows",
    "questions", "get p50, p99, max", "engine, per get",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A scene as the page shows it.

    logins   of both kinds together: 2 is one of each
    orphans  sessions on the vCenter at the end that no document and no file knows
    note     what explains them, and the errors
    commands, cpu, traffic  of the engine for each call: how many, milliseconds, bytes in both directions
    requests  that the vCenter was sent
    """

    scene: str
    engine: str
    crowd: Crowd
    logins: int
    failed: int
    most: int
    orphans: int
    questions: int
    commands: float
    cpu: float
    traffic: float
    requests: int
    note: str = ""

    def cells(self) -> list[str]:
        """As HEAD names them."""
        times = ", ".join(seconds(self.crowd.part(share)) for share in (0.5, 0.99, 1.0))
        answered = f"{len(self.crowd.good):,}" + "".join(
            f"; {count} `{kind}`" for kind, count in self.crowd.errors.items()
        )
        return [
            self.scene,
            self.engine,
            f"{len(self.crowd.answers):,}",
            answered,
            str(self.logins),
            str(self.failed),
            str(self.most),
            f"{self.orphans}{': ' if self.note else ''}{self.note}",
            str(self.questions),
            times,
            f"{self.commands:.1f} commands, {self.cpu:.2f} ms",
        ]


class Measured:
    """From when it is made until `row`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._before = _counts(stage)

    def questions(self) -> int:
        """What was asked about sessions."""
        return _counts(self._stage)["questions"] - self._before["questions"]

    def logins(self) -> int:
        """How many succeeded."""
        return _counts(self._stage)["logins"] - self._before["logins"]

    def failed(self) -> int:
        """How many did not."""
        after = _counts(self._stage)
        return int(after["attempts"] - self._before["attempts"]) - self.logins()

    def row(self, scene: str, crowd: Crowd, *, explained: int = 0, note: str = "") -> Row:
        """What came of it. Raises AssertionError where a session is lost that nothing explains."""
        stage = self._stage
        after = _counts(stage)
        orphans = len(stage.unknown())

        def each(name: str) -> float:
            return max(0, after[name] - self._before[name]) / len(
                crowd.answers
            )  # an engine that was started again counts anew

        assert orphans <= explained, (
            f"{orphans} sessions on the server that nobody knows, and {explained} are explained"
        )
        return Row(
            scene,
            stage.name,
            crowd,
            self.logins(),
            self.failed(),
            stage.vcenter.most_sessions,
            orphans,
            self.questions(),
            each("commands"),
            each("cpu") / 1000,
            each("traffic"),
            after["requests"] - self._before["requests"],
            note if orphans else "",
        )


def merged(scene: str, rows: list[Row]) -> Row:
    """One row for the same scene played several times."""
    calls = sum(len(row.crowd.answers) for row in rows)
    return Row(
        scene,
        rows[0].engine,
        sum((row.crowd for row in rows), Crowd()),
        sum(row.logins for row in rows),
        sum(row.failed for row in rows),
        max(row.most for row in rows),
        sum(row.orphans for row in rows),
        sum(row.questions for row in rows),
        sum(row.commands * len(row.crowd.answers) for row in rows) / calls,
        sum(row.cpu * len(row.crowd.answers) for row in rows) / calls,
        sum(row.traffic * len(row.crowd.answers) for row in rows) / calls,
        sum(row.requests for row in rows),
        next((row.note for row in rows if row.note), ""),
    )


def seconds(value: float) -> str:
    """As people read it."""
    return f"{value:.1f} s" if value >= 1 else f"{value * 1000:.0f} ms" if value >= 0.01 else f"{value * 1000:.1f} ms"


def table(rows: list[Row]) -> str:
    """In Markdown."""
    return in_table([list(HEAD), *(row.cells() for row in rows)])


def in_table(lines: list[list[str]]) -> str:
    """Cells in Markdown, the first line the head."""
    head, *rest = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([head, f"|{'---|' * len(lines[0])}", *rest])


def _counts(stage: Stage) -> Counter[str]:
    with stage.server.administrator() as client:
        said: dict[str, Any] = {**client.info("cpu"), **client.info("commandstats"), **client.info("stats")}
    requests = stage.vcenter.requests
    return Counter(
        cpu=int((said["used_cpu_user"] + said["used_cpu_sys"]) * 1_000_000),
        commands=sum(int(said.get(f"cmdstat_{name}", {}).get("calls", 0)) for name in COMMANDS),
        traffic=int(said["total_net_input_bytes"]) + int(said["total_net_output_bytes"]),
        requests=len(requests),
        logins=len(stage.vcenter.logins),
        attempts=stage.vcenter.login_attempts,
        questions=sum(_is_question(request) for request in requests),
    )


def _is_question(request: Request) -> bool:
    return request.operation not in _NO_QUESTIONS
