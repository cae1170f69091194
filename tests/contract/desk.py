"""The three verbs inside this process, where a test has to hold the clock in its hand."""

from __future__ import annotations

import os
import time
from pathlib import Path

from credential_protocol.messages import Request
from simulated_vcenter import SimulatedVCenter
from support.program import request
from vsphere_session import clock
from vsphere_session.cache.surroundings import Surroundings
from vsphere_session.service.call import Call
from vsphere_session.service.verbs import VERBS
from vsphere_session.settings.config_file import Configuration
from vsphere_session.settings.request import FIELDS

START = 1_800_000_000.0
"""2027-01-15T08:00:00Z"""


class SharedClock(clock.Clock):
    """Tells the simulated vCenter's time, so that client and server agree on it; waiting takes real time."""

    def __init__(self, vcenter: SimulatedVCenter) -> None:
        self._vcenter = vcenter

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._vcenter.clock.now()

    def monotonic(self) -> float:
        """Seconds from some start."""
        return time.monotonic()


class Desk:
    """Where requests are handed in. `general` are settings of the configuration file."""

    def __init__(self, home: Path, vcenter: SimulatedVCenter, **general: str) -> None:
        self.vcenter = vcenter
        self.general = general
        self.clock: clock.Clock = SharedClock(vcenter)
        self._environment = {"HOME": str(home), "PATH": os.defpath}

    def ask(self, verb: str, **fields: object) -> dict[str, str]:
        """The reply to a request for the vCenter; a Failure where there is none."""
        given = {name: str(value) for name, value in request(self.vcenter, **fields).items()}
        url = given.pop("url")
        assert set(given) <= set(FIELDS[verb])
        around = Surroundings(self._environment, clock=self.clock)
        call = Call(around, Configuration("config.toml", self.general, {}))
        answer = VERBS[verb](Request(verb, url, given), call)
        return answer.fields

    def requests_during(self, verb: str, **fields: object) -> int:
        """How many requests the vCenter saw because of this one."""
        before = len(self.vcenter.requests)
        self.ask(verb, **fields)
        return len(self.vcenter.requests) - before
