"""What goes wrong in a step: one fault of the simulated vCenter, and which sessions may be lost by it, at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from promises.ledger import REFUSED_LOGOUT, UNANSWERED
from simulated_vcenter import Fault, SimulatedVCenter, faults

SHORT_SECONDS = 0.5
"""The timeout of a call that meets a server which does not answer."""
_ASKING = ["RetrieveServiceContent", "RetrievePropertiesEx", "GET /api/session"]
_LOGGING_IN = ["=Login", "POST /api/session"]
_LOGGING_OUT = ["Logout", "DELETE /api/session"]
_TEXT_OF_LIMIT = b"com.vmware.vapi.endpoint.failedToLoginMaxUserSessionCountReached"


@dataclass(frozen=True)
class Mishap:
    """`times` None is for the whole step; `timeout` in seconds, None for plenty."""

    name: str
    where: str
    fault: Callable[[], Fault]
    times: int | None = 1
    timeout: float | None = None
    allowed: Mapping[str, int] = field(default_factory=dict)

    def befall(self, vcenter: SimulatedVCenter) -> None:
        """Let it happen to the next who comes there."""
        vcenter.faults.add(self.where, self.fault(), times=self.times)

    def __str__(self) -> str:
        return f"{self.name} at {self.where}"


def _each(name: str, where: list[str], fault: Callable[[], Fault], **more: object) -> list[Mishap]:
    return [Mishap(name, place, fault, **more) for place in where]  # type: ignore[arg-type]  # see the fields


def _everywhere(name: str, fault: Callable[[], Fault]) -> list[Mishap]:
    return [
        *_each(name, [*_ASKING, *_LOGGING_IN], fault),
        *_each(name, _LOGGING_OUT, fault, allowed={REFUSED_LOGOUT: 1}),
    ]


MISHAPS: list[Mishap] = [
    *_everywhere("500", lambda: faults.status(500)),
    *_everywhere("503", lambda: faults.status(503)),
    *_everywhere("a reset", faults.reset),
    # on a slow machine the time may be over in the middle of a login, too
    *_each("no answer", [*_ASKING, *_LOGGING_IN], faults.stall, timeout=SHORT_SECONDS, allowed={UNANSWERED: 1}),
    *_each("no answer", _LOGGING_OUT, faults.stall, timeout=SHORT_SECONDS, allowed={UNANSWERED: 1, REFUSED_LOGOUT: 1}),
    *_each("404", ["/api/session"], lambda: faults.status(404)),
    *_each("a web page", _ASKING, faults.html),
    *_each("a refused login", _LOGGING_IN, faults.invalid_login),
    *_each("a denied session", ["RetrievePropertiesEx", "GET /api/session"], faults.not_authenticated),
    *_each("no session left", ["POST /api/session"], lambda: faults.status(503, _TEXT_OF_LIMIT)),
    *_each("half an answer", ["=Login", *_ASKING, *_LOGGING_OUT], faults.close_mid_answer),
    *_each("half an answer", ["POST /api/session"], faults.close_mid_answer, allowed={UNANSWERED: 1}),
    *_each("an answer lost", [*_ASKING, *_LOGGING_OUT], faults.drop_after_work),
    *_each("an answer lost", _LOGGING_IN, faults.drop_after_work, allowed={UNANSWERED: 1}),
    # both sessions of an erase, which says so in its warning
    *_each("503 for everything", ["*"], lambda: faults.status(503), times=None, allowed={REFUSED_LOGOUT: 2}),
    *_each("500 for every logout", _LOGGING_OUT, lambda: faults.status(500), times=None, allowed={REFUSED_LOGOUT: 2}),
]


def draw(rng: Random) -> Mishap:
    """One of them."""
    # a stall costs its timeout, and is no more likely to show anything than the others
    return rng.choices(MISHAPS, [0.3 if mishap.timeout else 1.0 for mishap in MISHAPS])[0]
