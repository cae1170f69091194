"""The three verbs inside this process, for what takes hundreds of calls or a clock in the test's hand."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from credential_protocol import native
from credential_protocol.messages import Failure
from hostile.canary import shows_secret
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, request
from vsphere_session.cache.surroundings import Surroundings
from vsphere_session.clock import Clock
from vsphere_session.service.call import Call
from vsphere_session.service.verbs import VERBS
from vsphere_session.settings.config_file import Configuration
from vsphere_session.settings.request import FIELDS


class ShiftedClock(Clock):
    """The system's clock, set `shift` seconds forward or, negative, back."""

    shift = 0.0

    def now(self) -> float:
        """Seconds since the epoch, as this machine believes."""
        return super().now() + self.shift


class Inside:
    """Calls for one vCenter from one home. Requests come as bytes, as they do from outside."""

    def __init__(self, home: Path, vcenter: SimulatedVCenter, **environment: str) -> None:
        self.home = home
        self.vcenter = vcenter
        self.clock = ShiftedClock()
        self.timeout = 30.0
        self.secret_store = ""
        self.environment = {"HOME": str(home), "PATH": os.defpath, **environment}

    def ask(self, verb: str, **fields: object) -> dict[str, str]:
        """The reply; a Failure where there is none."""
        around = Surroundings(self.environment, clock=self.clock, timeout=self.timeout)
        call = Call(around, Configuration("config.toml", {}, {}), secret_store=self.secret_store)
        asked = native.parse(json.dumps(request(self.vcenter, **fields)).encode(), verb, FIELDS)
        return VERBS[verb](asked, call).fields

    def get(self, **fields: object) -> dict[str, str]:
        """A session, with the password to log in if there is none."""
        return self.ask("get", password=PASSWORD, **fields)

    def failure(self, verb: str, **fields: object) -> Failure:
        """The failure of a call that must fail; its message shows no password and is one line."""
        with pytest.raises(Failure) as caught:
            self.ask(verb, **{"password": PASSWORD, **fields})
        assert not shows_secret(caught.value.message, PASSWORD)
        assert caught.value.message.isprintable()
        assert len(caught.value.message) < 1000
        return caught.value

    def requests_during(self, verb: str, **fields: object) -> list[str]:
        """The operations that the vCenter saw because of this call."""
        before = len(self.vcenter.requests)
        self.ask(verb, **fields)
        return [seen.operation for seen in self.vcenter.requests[before:]]
